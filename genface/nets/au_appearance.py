"""Action Units from what the mesh network saw on its way to the mesh.

Folds and bulges of the skin hardly move a mesh, but the network's own features have
them. Taken at vertices of the mesh, and against the same person's at rest, a weighted
sum of them reads AUs that no shape tells. ``models/au/appearance.md`` says how it was
made, and what it was and was not tested on.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from genface.errors import WeightError
from genface.facs import AU_NAMES
from genface.files import read_npz, shipped_model


@dataclass(frozen=True)
class Appearance:
    """Reading of AUs from features; made by :func:`load_appearance`."""

    vertices: np.ndarray  # (P,) of the mesh, where features are taken
    weights: np.ndarray  # (P, 32, S) float32
    columns: np.ndarray  # (S,) places in ``AU_NAMES`` of what is read
    upper: np.ndarray  # (S,) bool: at rest when the upper face is, else the lower
    version: str

    @property
    def names(self) -> tuple[str, ...]:
        """AUs that are read here; no real labels have confirmed them yet."""
        return tuple(AU_NAMES[column] for column in self.columns)

    def read(self, grid: jax.Array, points: jax.Array) -> jax.Array:
        """Sums (N, S) over a grid (N, 48, 48, 32) of features; pure JAX.

        ``points`` (N, V, 2 or 3) are the mesh in units of the grid's side. Only
        differences between one person's frames mean something.
        """
        places = points[:, self.vertices, :2] * grid.shape[1] - 0.5
        features = jax.vmap(bilinear)(grid, places)
        return jnp.einsum("npc,pcs->ns", features, self.weights)

    def replaced(
        self,
        aus: np.ndarray,
        readings: np.ndarray,
        quiet: tuple[np.ndarray, np.ndarray],
    ) -> np.ndarray:
        """``aus`` (T, A) of one person's clip with these AUs from ``readings`` (T, S).

        ``quiet`` is what :meth:`AUModel.quiet_rows` says of the clip.
        """
        found = np.array(aus, np.float64)
        found[:, self.columns] = beyond_rest(readings, quiet, self.upper)
        return found


def beyond_rest(
    readings: np.ndarray, quiet: tuple[np.ndarray, np.ndarray], upper: np.ndarray
) -> np.ndarray:
    """Readings (T, S) of one person's clip less those at rest, cut to 0-1.

    ``quiet``: rows in which the upper and the lower face are at rest, as of
    :meth:`AUModel.quiet_rows`; the median over them is the neutral, of the upper for
    what is ``upper`` (S,).
    """
    above, below = (np.median(readings[rows], axis=0) for rows in quiet)
    return np.clip(readings - np.where(upper, above, below), 0.0, 1.0)


@lru_cache(maxsize=1)
def load_appearance() -> Appearance:
    """Read the arrays that travel with the package."""
    return read_appearance(shipped_model("au", "au_appearance.npz"))


def read_appearance(path: Path | str) -> Appearance:
    """Read a file of them; one of another version of genface is a WeightError."""
    arrays = read_npz(path)
    wanted = set(Appearance.__dataclass_fields__)
    if set(arrays) != wanted:
        odd = ", ".join(sorted(set(arrays) ^ wanted))
        raise WeightError(
            f"{path}: not of this version of genface (differs in {odd}); use one made "
            "with it, or reinstall genface."
        )
    version = str(arrays.pop("version"))
    arrays["weights"] = arrays["weights"].astype(np.float32)
    return Appearance(**arrays, version=version)


def bilinear(grid: jax.Array, places: jax.Array) -> jax.Array:
    """Values (..., C) of a grid (H, W, C) at places (..., 2): column, row."""
    height, width, _ = grid.shape
    x = jnp.clip(places[..., 0], 0, width - 1.001)
    y = jnp.clip(places[..., 1], 0, height - 1.001)
    left, top = jnp.floor(x).astype(jnp.int32), jnp.floor(y).astype(jnp.int32)
    right_share, low_share = (x - left)[..., None], (y - top)[..., None]
    upper = grid[top, left] * (1 - right_share) + grid[top, left + 1] * right_share
    lower = (
        grid[top + 1, left] * (1 - right_share) + grid[top + 1, left + 1] * right_share
    )
    return upper * (1 - low_share) + lower * low_share
