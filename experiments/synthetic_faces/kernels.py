"""Triangles to shaded pixels in compiled loops: normals, visibility, shading."""

import numba
import numpy as np

FAST = {"fastmath": True, "cache": True, "nogil": True}


@numba.njit(**FAST)
def add_shapes(base, shapes, weights):
    """``base`` (V, 3) plus the weighted ``shapes`` (S, V, 3)."""
    out = base.copy()
    flat = out.reshape(-1)
    for s in range(len(weights)):
        weight = weights[s]
        if weight != 0:
            shape = shapes[s].reshape(-1)
            for i in range(len(flat)):
                flat[i] += weight * shape[i]
    return out


@numba.njit(**FAST)
def normals(points, triangles):
    """Unit normals (V, 3), faces weighted by their area."""
    out = np.zeros_like(points)
    for k in range(len(triangles)):
        a, b, c = triangles[k]
        ux, uy, uz = points[b] - points[a]
        vx, vy, vz = points[c] - points[a]
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for i in (a, b, c):
            out[i, 0] += x
            out[i, 1] += y
            out[i, 2] += z
    for i in range(len(out)):
        size = np.sqrt(out[i, 0] ** 2 + out[i, 1] ** 2 + out[i, 2] ** 2) + 1e-12
        for c in range(3):
            out[i, c] /= size
    return out


@numba.njit(**FAST)
def visible(screen, triangles, one_sided, nearer, size):
    """The nearest triangle at each pixel and where in it.

    ``screen`` (V, 3): column, row (y down), depth (larger is nearer). Triangles that
    are ``one_sided`` (M,) are left out from behind; ``nearer`` (M,) is added to depth.
    Returns which (H, W) or -1, shares (H, W, 2) of the second and third corner, depth.
    """
    which = np.full((size, size), -1, np.int32)
    shares = np.zeros((size, size, 2), np.float32)
    depth = np.full((size, size), -1e9, np.float32)
    for k in range(len(triangles)):
        a, b, c = triangles[k]
        x0, y0 = screen[a, 0], screen[a, 1]
        x1, y1 = screen[b, 0] - x0, screen[b, 1] - y0
        x2, y2 = screen[c, 0] - x0, screen[c, 1] - y0
        area = x1 * y2 - x2 * y1
        if abs(area) < 1e-9 or (one_sided[k] and area > 0):
            continue
        left, right = min(0.0, x1, x2) + x0, max(0.0, x1, x2) + x0
        top, bottom = min(0.0, y1, y2) + y0, max(0.0, y1, y2) + y0
        first, last = max(0, int(np.ceil(left - 0.5))), min(size - 1, int(right - 0.5))
        row0, row1 = max(0, int(np.ceil(top - 0.5))), min(size - 1, int(bottom - 0.5))
        z0 = screen[a, 2] + nearer[k]
        z1, z2 = screen[b, 2] - screen[a, 2], screen[c, 2] - screen[a, 2]
        per_area = 1 / area
        for row in range(row0, row1 + 1):
            v = row + 0.5 - y0
            for column in range(first, last + 1):
                u = column + 0.5 - x0
                second = (u * y2 - v * x2) * per_area
                third = (v * x1 - u * y1) * per_area
                if second < -1e-6 or third < -1e-6 or second + third > 1 + 1e-6:
                    continue
                z = z0 + second * z1 + third * z2
                if z > depth[row, column]:
                    depth[row, column] = z
                    which[row, column] = k
                    shares[row, column, 0] = second
                    shares[row, column, 1] = third
    return which, shares, depth
