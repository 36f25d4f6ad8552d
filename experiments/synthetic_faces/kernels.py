"""Triangles to shaded pixels in compiled loops: normals, visibility, shading."""

import numba
import numpy as np

BRIGHTEST = 3.0  # linear light that a picture tells from more
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
    """Unit normals (V, 3) float32, faces weighted by their area."""
    out = np.zeros((len(points), 3), np.float32)
    for k in range(len(triangles)):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        x0, y0, z0 = points[a, 0], points[a, 1], points[a, 2]
        ux, uy, uz = points[b, 0] - x0, points[b, 1] - y0, points[b, 2] - z0
        vx, vy, vz = points[c, 0] - x0, points[c, 1] - y0, points[c, 2] - z0
        x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for i in (a, b, c):
            out[i, 0] += x
            out[i, 1] += y
            out[i, 2] += z
    for i in range(len(out)):
        size = out[i, 0] ** 2 + out[i, 1] ** 2 + out[i, 2] ** 2
        scale = np.float32(1) / (np.sqrt(size) + np.float32(1e-12))
        out[i, 0] *= scale
        out[i, 1] *= scale
        out[i, 2] *= scale
    return out


@numba.njit(**FAST)
def visible(screen, triangles, one_sided, size):
    """The nearest triangle at each pixel and where in it.

    ``screen`` (V, 3) float32: column, row (y down), depth (larger is nearer). Triangles
    that are ``one_sided`` (M,) are left out from behind. Returns which (H, W) or -1,
    shares (H, W, 2) of the second and third corner, depth (H, W).
    """
    which = np.full((size, size), -1, np.int32)
    shares = np.zeros((size, size, 2), np.float32)
    depth = np.full((size, size), -1e9, np.float32)
    half, slack, one = np.float32(0.5), np.float32(-1e-5), np.float32(1)
    for k in range(len(triangles)):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        x0, y0 = screen[a, 0], screen[a, 1]
        x1, y1 = screen[b, 0] - x0, screen[b, 1] - y0
        x2, y2 = screen[c, 0] - x0, screen[c, 1] - y0
        area = x1 * y2 - x2 * y1
        if area == 0 or (one_sided[k] and area > 0):
            continue
        zero = np.float32(0)
        first = max(0, int(np.ceil(min(zero, x1, x2) + x0 - half)))
        last = min(size - 1, int(np.floor(max(zero, x1, x2) + x0 - half)))
        top = max(0, int(np.ceil(min(zero, y1, y2) + y0 - half)))
        bottom = min(size - 1, int(np.floor(max(zero, y1, y2) + y0 - half)))
        if first > last or top > bottom:
            continue
        per_area = one / area
        x1, y1, x2, y2 = x1 * per_area, y1 * per_area, x2 * per_area, y2 * per_area
        z0 = screen[a, 2]
        z1, z2 = screen[b, 2] - z0, screen[c, 2] - z0
        u = np.float32(first) + half - x0
        for row in range(top, bottom + 1):
            v = np.float32(row) + half - y0
            second, third = u * y2 - v * x2, v * x1 - u * y1
            for column in range(first, last + 1):
                if second >= slack and third >= slack and second + third <= one - slack:
                    z = z0 + second * z1 + third * z2
                    if z > depth[row, column]:
                        depth[row, column] = z
                        which[row, column] = k
                        shares[row, column, 0] = second
                        shares[row, column, 1] = third
                second += y2
                third -= y1
    return which, shares, depth


@numba.njit(**FAST)
def unshadowed(screen, depth, slack):
    """Share (V,) of the places around each vertex where nothing is nearer.

    ``depth`` (S, S) as of :func:`visible`, seen from the light; ``slack`` as depth.
    """
    out = np.empty(len(screen), np.float32)
    size = depth.shape[0]
    for k in range(len(screen)):
        free = 0
        for dy in range(-2, 3, 2):
            for dx in range(-2, 3, 2):
                row = min(max(int(screen[k, 1]) + dy, 0), size - 1)
                column = min(max(int(screen[k, 0]) + dx, 0), size - 1)
                far = slack * (2 if dx != 0 or dy != 0 else 1)
                free += screen[k, 2] > depth[row, column] - far
        out[k] = free / 9
    return out


@numba.njit(**FAST)
def develop(image, cover, background, exposure, curve, grain):
    """Picture (H, W, 3) uint8 of linear light, over a background, with grain added.

    ``curve`` (n,) are the values of linear light from 0 to BRIGHTEST.
    """
    out = np.empty(image.shape, np.uint8)
    height, width, _ = image.shape
    last, scale = len(curve) - 1, np.float32(1 / BRIGHTEST)
    for row in range(height):
        for column in range(width):
            rest = np.float32(1) - cover[row, column]
            for d in range(3):
                light = exposure * image[row, column, d]
                light += rest * background[row, column, d]
                place = min(max(light * scale, np.float32(0)), np.float32(1)) * last
                value = curve[int(place)] + grain[row, column, d]
                out[row, column, d] = int(min(max(value, 0), 255))
    return out
