"""Action Units from the shape of a face mesh, by the project's own small model.

The shape relative to a neutral one, seen from the front, times one weight per point and
AU; to that comes a share of the AUs' own patterns, put together without negative
weights. All was fitted to synthetic faces: ``models/au/card.md`` says how, what the
model reads, and what it cannot see.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from genface.errors import ShapeError, WeightError
from genface.facs import AU_NAMES
from genface.files import read_npz, shipped_model
from genface.geometry.mesh_points import N_MESH
from genface.geometry.pose import similarity
from genface.nets.nonnegative import nonnegative_weights

# A neutral is the median of the quietest tenth of the frames, and of five at least.
QUIET_SHARE = 0.1
QUIET_FRAMES = 5
# Lips and jaw have a stop. If more than this share of the frames reads less than the
# neutral, the neutral was not shut, and their zero is where that share begins.
STOP_SHARE = 0.25
# How much activation in one half of the face counts when the other's is judged: a smile
# also moves the lids.
OTHER_HALF = 0.25
# Below this many frames with a face a person's neutral is a guess worth a warning.
ENOUGH_FRAMES = 50
# Patterns of an AU's sides that are weaker than this make them more alike.
SIDE_DOUBT = 0.2
# Readings at which the model's errors are known; in between they are interpolated.
ERROR_AT = np.array([0.0, 0.1, 0.25, 0.5, 1.0])


@dataclass(frozen=True)
class Neutral:
    """One person's face at rest, as :meth:`AUModel.neutral` finds it."""

    points: np.ndarray  # (478, 2) the shape of the face
    # (A,) what AUs read at rest; below 0 where lips or jaw are not quite shut in it
    zero: np.ndarray = field(default_factory=lambda: np.zeros(len(AU_NAMES)))


@dataclass(frozen=True)
class AUModel:
    """Reading of AUs from mesh shapes; made by :func:`load_au_model`.

    A mesh is (T, 478, 3) in any unit, x to the right in the picture, y **down**, z
    smaller = nearer and in the unit of x (a table's ``mesh_z`` times its
    ``FaceRectWidth``). A frame with a NaN in its mesh gives NaN.

    Shapes are (478, 2), x right and y up, in outer-eye distances of ``average``.
    """

    average: np.ndarray  # (478, 3) float64, z toward the viewer
    still: np.ndarray  # (478,) share of each point in the alignment; 0 about the jaw
    person: np.ndarray  # (956, A) AU per shape delta from the person's own neutral
    absolute: np.ndarray  # (956, A) expected AU per shape delta from ``average``
    absolute_offset: np.ndarray  # (A,) expected AU at ``average``
    absolute_scale: np.ndarray  # (A,) stretches ``absolute`` to the scale of AUs
    absolute_slack: np.ndarray  # (A,) what a face's build may read at rest, taken off
    upper_points: np.ndarray  # (478,) 1 in the upper face, 0 in the lower, or between
    upper_aus: np.ndarray  # (A,) bool: read from the upper face
    unrest: np.ndarray  # (A,) bool: a face that shows it is not at rest
    has_stop: np.ndarray  # (A,) bool: cannot be less than none (shut lips, shut jaw)
    pattern_reader: np.ndarray  # (956, K) shape delta to projections on K patterns
    pattern_gram: np.ndarray  # (K, K) of these patterns, with a ridge
    pattern_aus: np.ndarray  # (K, A) AU per weight of a pattern; added to ``person``'s
    pattern_sides: np.ndarray  # (2, K, A) which pattern is an AU's left, right alone
    is_sided: np.ndarray  # (A,) bool: the sides can be told apart
    error: np.ndarray  # (2, A, 5) variance at ERROR_AT: own neutral, average face
    error_pose: np.ndarray  # (2,) how it grows with Pitch and Yaw squared
    is_seen: np.ndarray  # (A,) bool
    is_graded: np.ndarray  # (A,) bool: 1 means full activation, not only "more"
    version: str

    @property
    def name(self) -> str:
        """Name and version, as a table's ``au_model`` says it."""
        return f"genface mesh {self.version}"

    @property
    def seen(self) -> tuple[str, ...]:
        """AUs that the model follows, by the rule of its card."""
        return _names(self.is_seen)

    @property
    def unseen(self) -> tuple[str, ...]:
        """AUs that it cannot tell; NaN unless ``all_aus`` is asked for."""
        return _names(~self.is_seen)

    @property
    def relative(self) -> tuple[str, ...]:
        """AUs whose motion is small in a mesh: 0-1 says more or less, not how much."""
        return _names(~self.is_graded)

    @property
    def sided(self) -> tuple[str, ...]:
        """AUs that it also tells for the subject's left and right alone."""
        return _names(self.is_sided & self.is_seen)

    def aus(
        self,
        mesh: np.ndarray,
        neutral: Neutral | None = None,
        all_aus: bool = False,
    ) -> np.ndarray:
        """Intensities (T, A) in 0-1, in the order of ``AU_NAMES``; float64.

        ``neutral`` is what :meth:`neutral` gave for this person; without one the
        average face stands in, for single pictures: only what goes beyond the
        differences between people at rest is read, so weak expressions are missed.
        Unseen AUs are NaN unless ``all_aus``.
        """
        if neutral is None:
            deltas = self._flat(self.shapes(mesh) - self.average[:, :2])
            scores = deltas @ self.absolute * self.absolute_scale - self.absolute_slack
        else:
            deltas = self._from_neutral(mesh, neutral)
            scores = self._scores(deltas) - neutral.zero
        intensities = np.clip(scores, 0.0, 1.0)
        if not all_aus:
            intensities[:, ~self.is_seen] = np.nan
        return intensities

    def one_sided(
        self, mesh: np.ndarray, neutral: Neutral, aus: np.ndarray
    ) -> np.ndarray:
        """Intensities (T, A, 2) of the subject's left and right, 0-1.

        Their mean is ``aus`` (T, A), what :meth:`aus` gave for the same frames. NaN for
        AUs that are not :attr:`sided`. There is no such reading without a neutral: no
        face is its own mirror image.
        """
        deltas = self._from_neutral(mesh, neutral)
        weights = self._patterns(deltas)
        left, right = weights @ self.pattern_sides
        share = (left - right) / (left + right + SIDE_DOUBT)
        half = share * np.minimum(aus, 1 - aus)
        half[:, ~self.is_sided] = np.nan
        return np.stack([aus + half, aus - half], axis=-1)

    def sd(
        self,
        aus: np.ndarray,
        pose: np.ndarray,
        presence: np.ndarray,
        own_neutral: bool = True,
    ) -> np.ndarray:
        """Standard deviation (T, A) of the error to expect of each of ``aus`` (T, A).

        What the model erred by on rendered people that it had not met, at such a value
        and ``pose`` (T, 2 or more; Pitch, Roll, Yaw in radians), over the ``presence``
        (T,) of the face. It knows of no error of the neutral itself, and a photograph
        differs from a rendering: a lower bound.
        """
        known = self.error[0 if own_neutral else 1]
        variance = (hats(aus) * known).sum(-1)
        turned = 1 + np.square(np.asarray(pose)[:, [0, 2]]) @ self.error_pose
        return np.sqrt(variance * turned[:, None]) / np.asarray(presence)[:, None]

    def neutral(self, mesh: np.ndarray) -> Neutral:
        """One person's face at rest, from all frames of a clip.

        Upper and lower face apart, the frames with the least activation, judged against
        the average face, give a median each; between the two it blends. AUs of shut
        lips do not count: so most faces are at rest. A plain median would take for
        neutral whatever somebody does for half of the time. Whoever smiles, or shuts
        the eyes, in every frame still gets that as the neutral; under
        ``ENOUGH_FRAMES`` frames expect it. Lips and jaw are at rest when they are shut:
        where many frames are more shut than that, ``zero`` says so. NaN where no frame
        has a face.
        """
        shapes = self.shapes(mesh)
        shapes = shapes[np.isfinite(shapes).all(axis=(1, 2))]
        if not len(shapes):
            return Neutral(np.full((N_MESH, 2), np.nan))
        upper, lower = (np.median(shapes[rows], axis=0) for rows in self._quiet(shapes))
        share = self.upper_points[:, None]
        shape = share * upper + (1 - share) * lower
        low = np.quantile(self._scores(self._flat(shapes - shape)), STOP_SHARE, axis=0)
        return Neutral(shape, np.where(self.has_stop, np.minimum(low, 0.0), 0.0))

    def quiet_rows(self, mesh: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Frames of one person, all with a face, from which :meth:`neutral` is made.

        Those in which the upper face is at rest, and those in which the lower is.
        """
        return self._quiet(self.shapes(mesh))

    def _quiet(self, shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        deltas = self._flat(shapes - self.average[:, :2])
        activation = np.clip(deltas @ self.absolute + self.absolute_offset, 0.0, 1.0)
        above = activation[:, self.upper_aus & self.unrest].sum(1)
        below = activation[:, ~self.upper_aus & self.unrest].sum(1)
        return (
            _quietest(above + OTHER_HALF * below),
            _quietest(below + OTHER_HALF * above),
        )

    def shapes(self, mesh: np.ndarray) -> np.ndarray:
        """Meshes seen from the front, (T, 478, 2), after a 3-D similarity alignment.

        Position, size and rotation of the head drop out.
        """
        mesh = np.asarray(mesh, np.float64)
        if mesh.ndim != 3 or mesh.shape[1:] != (N_MESH, 3):
            raise ShapeError(
                f"a mesh of shape {mesh.shape} came; expected (T, {N_MESH}, 3)."
            )
        return frontal(mesh * [1.0, -1.0, -1.0], self.average, self.still)

    def _from_neutral(self, mesh: np.ndarray, neutral: Neutral) -> np.ndarray:
        points = neutral.points if isinstance(neutral, Neutral) else np.empty(0)
        if points.shape != (N_MESH, 2):
            raise ShapeError(
                f"a neutral of {type(neutral).__name__} came; expected a Neutral of "
                f"({N_MESH}, 2) points, as AUModel.neutral() gives it."
            )
        return self._flat(self.shapes(mesh) - points)

    def _scores(self, deltas: np.ndarray) -> np.ndarray:
        """Readings (T, A) of deltas (T, 956) from a neutral, not yet cut to 0-1."""
        return deltas @ self.person + self._patterns(deltas) @ self.pattern_aus

    def _patterns(self, deltas: np.ndarray) -> np.ndarray:
        """How much of each pattern is in deltas (T, 956): (T, K), none negative."""
        return nonnegative_weights(self.pattern_gram, deltas @ self.pattern_reader)

    @staticmethod
    def _flat(shapes: np.ndarray) -> np.ndarray:
        return shapes.reshape(len(shapes), 2 * N_MESH)


def frontal(points: np.ndarray, average: np.ndarray, still: np.ndarray) -> np.ndarray:
    """X and y (..., V, 2) of points (..., V, 3) in the frame of ``average`` (V, 3).

    All y up, z toward the viewer; ``still`` (V,) weighs the points of the alignment.
    """
    return similarity(average, points, still).undo(points)[..., :2]


def hats(values: np.ndarray) -> np.ndarray:
    """Shares (..., 5) by which values are interpolated between ``ERROR_AT``."""
    at = np.eye(len(ERROR_AT))
    return np.stack([np.interp(values, ERROR_AT, row) for row in at], axis=-1)


@lru_cache(maxsize=1)
def load_au_model() -> AUModel:
    """Read the model that travels with the package."""
    return read_au_model(shipped_model("au", "au_model.npz"))


def read_au_model(path: Path | str) -> AUModel:
    """Read a model's file; one of another version of genface is a WeightError."""
    arrays = read_npz(path)
    names = tuple(str(name) for name in arrays.pop("au_names", ()))
    wanted = set(AUModel.__dataclass_fields__)
    if names != AU_NAMES or set(arrays) != wanted:
        odd = ", ".join(sorted(set(arrays) ^ wanted)) or "AUs"
        raise WeightError(
            f"{path}: not an AU model of this version of genface (differs in {odd}); "
            "use one made with it, or reinstall genface."
        )
    version = str(arrays.pop("version").item())
    whole = {
        name: array if array.dtype == bool else array.astype(np.float64)
        for name, array in arrays.items()
    }
    return AUModel(**whole, version=version)


def _names(mask: np.ndarray) -> tuple[str, ...]:
    return tuple(name for name, is_in in zip(AU_NAMES, mask, strict=True) if is_in)


def _quietest(activity: np.ndarray) -> np.ndarray:
    """Rows of the frames with the least of it."""
    count = max(QUIET_FRAMES, int(np.ceil(QUIET_SHARE * len(activity))))
    return np.argsort(activity, kind="stable")[:count]
