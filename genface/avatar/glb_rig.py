"""Any model with named morph targets as a rig: by AU names, or by ARKit's."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from genface.avatar.activation import LOOKS, Drivers
from genface.avatar.gltf import read_glb
from genface.avatar.morphs import Morphs
from genface.avatar.shapes import LOOK_SHAPES, MIXTURES, RIG_AUS
from genface.errors import InputError
from genface.facs.arkit import SIDED, arkit_weights
from genface.facs.units import UNITS, au_name

CM_PER_METRE = 100.0  # glTF is in metres
EYES = ("eye", "iris", "pupil", "cornea", "sclera")
NOT_EYES = ("lid", "brow", "lash", "socket")
NECK = 0.22  # height of the pivot of the head, of the model's, where it has no eyes
BELOW_EYES, BEHIND_EYES = 6.6, 9.0  # cm from the eyes to the pivot of the head


def read(path: Path | str) -> dict:
    """Fields of a :class:`genface.avatar.Rig` of a GLB file.

    Targets are found by name, whatever their case and however sides are written:
    ``AU12`` or ``AU12_L``; else ARKit's (``mouthSmileLeft``, ``mouthSmile_L``), summed
    by :func:`genface.facs.arkit_weights`. Meshes named like eyes turn with the gaze.

    Raises :class:`InputError` for a file without such targets, or that is no GLB.
    """
    shape = read_glb(path)
    found = {_key(name): k for k, name in enumerate(shape.names)}
    aus = {au: recipe for au in _aus() if (recipe := _recipe(au, found)) is not None}
    if not aus:
        some = ", ".join(shape.names[:6]) + (" ..." if len(shape.names) > 6 else "")
        raise InputError(
            f"{path}: none of its morph targets ({some}) is named after an AU "
            "(AU12, AU12_L) or an ARKit shape (mouthSmileLeft)."
        )
    mixtures = tuple(
        pair
        for pair in MIXTURES
        if set(pair) <= set(aus) and all(_mixed(pair, s) in found for s in "LR")
    )
    drivers = Drivers(tuple(aus), mixtures)
    neutral = (CM_PER_METRE * shape.positions).astype(np.float32)
    rows = _eyes(shape.triangles, shape.parts, neutral)
    centres = np.array([_centre(neutral, side) for side in rows], np.float32)
    deltas = (CM_PER_METRE * shape.deltas).astype(np.float32)
    return {
        "drivers": drivers,
        "neutral": neutral,
        "triangles": shape.triangles,
        "parts": shape.parts,
        "colours": shape.colours,
        "morphs": Morphs(tuple(shape.names), deltas),
        "drive": _drive(drivers, aus, found, len(shape.names)),
        "eyes": rows,
        "eye_centres": centres,
        "head_pivot": _pivot(neutral, rows, centres),
    }


def _aus() -> list[str]:
    return [UNITS[number].column for number in RIG_AUS]


def _recipe(au: str, found: Mapping[str, int]) -> list[dict[int, float]] | None:
    """Weights of targets for the left and right side of an AU, None if it has none."""
    own = [found.get(_key(f"{au}_{side}")) for side in "LR"]
    if None not in own:
        return [{k: 1.0} for k in own if k is not None]
    if _key(au) in found:
        return [{found[_key(au)]: 0.5}] * 2
    weights = arkit_weights(au)
    present = {name: w for name, w in weights.items() if _key(name) in found}
    # Without its strongest shape an AU would look like another one.
    if not present or max(weights.values()) > max(present.values()):
        return None
    sides: list[dict[int, float]] = [{}, {}]
    for name, weight in present.items():
        for side, ending in enumerate(("Left", "Right")):
            if name.endswith(ending) and name.removesuffix(ending) in SIDED:
                sides[side][found[_key(name)]] = weight
                break
        else:
            for side in (0, 1):
                sides[side][found[_key(name)]] = weight / 2
    return sides


def _drive(drivers: Drivers, aus, found: Mapping[str, int], count: int) -> np.ndarray:
    matrix = np.zeros((len(drivers.names), count), np.float32)
    for row, name in enumerate(drivers.names):
        base, side = name[:-2], name[-1]
        if base in aus:
            for target, weight in aus[base]["LR".index(side)].items():
                matrix[row, target] = weight
            continue
        candidates = [name]
        if base in LOOKS:
            shape = LOOK_SHAPES[LOOKS.index(base)]
            candidates.append(f"{shape}_{side}")
        for candidate in candidates:
            if _key(candidate) in found:
                matrix[row, found[_key(candidate)]] = 1
                break
    return matrix


def _mixed(pair: tuple[str, str], side: str) -> str:
    return _key(f"{'+'.join(pair)}_{side}")


def _key(name: str) -> str:
    """A target's name without case, separators and the spelling of sides."""
    try:
        return au_name(name).lower()
    except InputError:
        pass
    name = name.rsplit(".", 1)[-1] if name.rsplit(".", 1)[-1] not in "LR" else name
    flat = name.replace("-", "_").replace(".", "_").lower()
    for ending, side in (("_left", "_l"), ("_right", "_r"), ("left", "_l")):
        if flat.endswith(ending):
            flat = flat[: -len(ending)] + side
    if flat.endswith("right"):
        flat = flat[:-5] + "_r"
    stem, side = (flat[:-2], flat[-2:]) if flat[-2:] in ("_l", "_r") else (flat, "")
    return stem.replace("_", "") + side


def _eyes(triangles, parts: Mapping[str, slice], neutral) -> list[np.ndarray]:
    """Vertices of the subject's right and left eyeball: meshes named like eyes."""
    rows = [
        np.unique(triangles[part])
        for name, part in parts.items()
        if any(word in name.lower() for word in EYES)
        and not any(word in name.lower() for word in NOT_EYES)
    ]
    every = np.concatenate(rows) if rows else np.zeros(0, np.intp)
    x = neutral[every, 0]
    middle = 0.0 if not len(x) else (x.min() + x.max()) / 2
    return [every[x < middle], every[x > middle]]


def _centre(neutral: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Middle of the box around an eyeball, by its height: it may be a front shell."""
    if not len(rows):
        return np.zeros(3)
    low, high = neutral[rows].min(0), neutral[rows].max(0)
    radius = (high[1] - low[1]) / 2
    return np.array([*((low + high) / 2)[:2], high[2] - radius])


def _pivot(neutral: np.ndarray, rows, centres: np.ndarray) -> np.ndarray:
    if all(len(side) for side in rows):
        shift = [0.0, -BELOW_EYES, -BEHIND_EYES]
        return (centres.mean(0) + shift).astype(np.float32)
    low, high = neutral.min(0), neutral.max(0)
    x, _, z = (low + high) / 2
    return np.array([x, low[1] + NECK * (high[1] - low[1]), z], np.float32)
