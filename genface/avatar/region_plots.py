"""Regions of the face in matplotlib, coloured by Action Units or blendshapes."""

from collections.abc import Mapping
from typing import Any, Literal

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from genface.avatar.inputs import Expression, activations
from genface.avatar.mesh_faces import skin_triangles
from genface.avatar.rig import Rig
from genface.errors import InputError, ShapeError
from genface.facs.arkit import ARKIT_FROM_AU, ARKIT_SHAPES, arkit_weights
from genface.facs.regions import AU_PATCHES, region
from genface.facs.units import UNITS, au_name
from genface.geometry import mesh_points

Kind = Literal["au", "blendshape"]


def face_regions(kind: Kind = "au") -> dict[str, tuple[int, ...]]:
    """Mesh vertices of each AU's region, or of each blendshape's.

    Regions overlap. A shape's is that of the AU that it shows most; shapes of gaze and
    tongue have none.
    """
    if kind == "au":
        return {au_name(number): region(number) for number in AU_PATCHES}
    if kind != "blendshape":
        raise InputError(f"kind is {kind!r}; expected au or blendshape.")
    found: dict[str, tuple[float, str]] = {}
    for number in ARKIT_FROM_AU.keys() & AU_PATCHES.keys():
        for side in ("", "_L", "_R"):
            name = au_name(number) + side
            if side and not UNITS[number].bilateral:
                continue
            for shape, weight in arkit_weights(name).items():
                one_sided = shape.endswith(("Left", "Right"))
                if one_sided == bool(side) and weight > found.get(shape, (0.0, ""))[0]:
                    found[shape] = weight, name
    return {name: region(found[name][1]) for name in ARKIT_SHAPES if name in found}


def plot_face_regions(
    values: Expression | Mapping[str, float] | None = None,
    kind: Kind = "au",
    landmarks: np.ndarray | None = None,
    ax: Axes | None = None,
    cmap: str = "Reds",
    alpha: float = 0.9,
    region_colors: Mapping[str, Any] | None = None,
    mesh: bool = True,
    title: str | None = None,
    figsize: tuple[float, float] = (5, 6),
) -> Axes:
    """Colour the regions of the face by how strong each AU or blendshape is.

    ``values`` are AUs as for :func:`plot_face`, or blendshapes by name, from 0 to 1.
    Where regions overlap the strongest shows; 0 is left blank. Without values each
    triangle has a colour of the smallest region around it, or ``region_colors`` by
    name. ``landmarks`` is a mesh (478, 2 or 3), x right and y up, to colour instead of
    the neutral face; ``mesh`` draws the triangles' edges.
    """
    triangles = skin_triangles()
    points = _places(landmarks)
    if values is None:
        colours = _distinct(triangles, face_regions(kind), region_colors)
    else:
        shade = matplotlib.colormaps.get_cmap(cmap)
        strengths = strongest(triangles, _strengths(values, kind), kind)
        colours = [
            (*shade(value)[:3], alpha) if value > 0 else None for value in strengths
        ]
    if ax is None:
        ax = Figure(figsize=figsize, layout="constrained").subplots()
    corners = points[triangles]
    kept = [i for i, colour in enumerate(colours) if colour is not None]
    shown = [colours[i] for i in kept]
    ax.add_collection(PolyCollection(corners[kept], fc=shown, ec=shown, lw=0.3))
    if mesh:
        ax.add_collection(PolyCollection(corners, fc="none", ec="0.75", lw=0.25))
    ax.autoscale_view()
    ax.set_aspect("equal")
    ax.set_axis_off()
    if title is not None:
        ax.set_title(title)
    return ax


def strongest(
    triangles: np.ndarray, values: Mapping[str, float], kind: Kind
) -> np.ndarray:
    """Highest value (M,) of the regions that hold all corners of each triangle."""
    regions = face_regions("blendshape") if kind == "blendshape" else {}
    result = np.zeros(len(triangles))
    for name, value in values.items():
        around = regions[name] if regions else region(name)
        inside = np.isin(triangles, around).all(axis=1)
        result[inside] = np.maximum(result[inside], value)
    return result


def _strengths(values: Any, kind: Kind) -> dict[str, float]:
    if kind == "au":
        return activations(values)
    regions = face_regions(kind)  # also says what is wrong with kind
    if not isinstance(values, Mapping | pd.Series):
        raise InputError("values: expected blendshapes by name, such as a table's row.")
    named = {str(name): float(value) for name, value in values.items()}
    unknown = [name for name in named if name not in (*ARKIT_SHAPES, "_neutral")]
    if unknown:
        raise InputError(f"no blendshape {', '.join(unknown)}.")
    beyond = [name for name, value in named.items() if not 0 <= value <= 1]
    if beyond:
        raise InputError(f"{beyond[0]} is {named[beyond[0]]:g}; expected 0 to 1.")
    return {name: value for name, value in named.items() if name in regions}


def _distinct(
    triangles: np.ndarray,
    regions: Mapping[str, tuple[int, ...]],
    colours: Mapping[str, Any] | None,
) -> list[Any]:
    """A colour for each triangle: that of the smallest region around it, or None."""
    palette = matplotlib.colormaps["tab20"](range(20))
    chosen = {name: palette[k % len(palette)] for k, name in enumerate(regions)}
    if colours is not None:
        unknown = set(colours) - set(regions)
        if unknown:
            raise InputError(f"region_colors: no region {', '.join(sorted(unknown))}.")
        chosen = {name: to_rgb(colour) for name, colour in colours.items()}
    result: list[Any] = [None] * len(triangles)
    for name in sorted(chosen, key=lambda name: -len(regions[name])):
        for row in np.flatnonzero(np.isin(triangles, regions[name]).all(axis=1)):
            result[row] = chosen[name]
    return result


def _places(landmarks: np.ndarray | None) -> np.ndarray:
    if landmarks is None:
        return Rig.default().neutral[: mesh_points.N_MESH, :2]
    points = np.asarray(landmarks, np.float64)
    if points.ndim != 2 or len(points) < mesh_points.N_FACE or points.shape[1] < 2:
        raise ShapeError(
            f"landmarks: expected (478, 2) or (478, 3), got {points.shape}."
        )
    return points[:, :2]
