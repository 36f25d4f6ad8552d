"""From training samples to the arrays of an AUModel: ridge, patterns, sides, scales."""

from dataclasses import dataclass

import numpy as np
from seen import SeenBasis, mirrored
from training import Rig, Samples, unit_patterns

from experiments.synthetic_faces.sampling import ONE_SIDED, columns
from genface.facs import AU_NAMES, au_number
from genface.geometry.mesh_points import N_MESH
from genface.nets.nonnegative import nonnegative_weights

RIDGE = 1e-3
# Regions overlap about the lids, in cm of the rig's height.
UPPER_FROM, LOWER_TO = 1.0, 3.2
UPPER_AUS = ("AU01", "AU02", "AU04", "AU05", "AU07", "AU43")
# Lips at rest are shut, and against an average face that looks like these.
SHUT_LIPS = ("AU14", "AU15", "AU17", "AU23", "AU24", "AU28")
HAVE_STOP = ("AU25", "AU26")  # lips and jaw cannot be more shut than shut
# Non-negative patterns: the AUs', and motion that is nobody's AU. Their size in the
# blend, by standard deviation; the ridge of their weights, in units of the whitened
# deltas; what is added to the covariance of the noise, as a share of its mean.
BLEND, PATTERN_RIDGE, PATTERN_NOISE = 0.5, 30.0, 0.1
OTHER_PATTERNS = (
    "eyeLookDown eyeLookUp mouthPucker mouthFunnel mouthShrugUpper jawForward jawLeft "
    "jawRight mouthLeft mouthRight"
).split()
# Three columns of the inner lips; this much more than at rest reads 1, in cm: what fits
# rendered people best, whose labels are 1 at .92 cm.
LIPS, FULL_LIP_GAP = ((82, 87), (13, 14), (312, 317)), 1.0
# How still a mesh is at rest (standard deviation in outer-eye distances, notes of real
# clips), and how much a face at rest may read: that limits the scales. Against the
# average face people differ more, and two deviations are taken off as well.
MESH_NOISE, QUIET, QUIET_SINGLE, SLACK = 0.009, 0.1, 0.15, 2.0
# Beyond this stretch of an answer, 1 no longer means full activation. What has no size
# is not stretched to full either: its companions' motion would be, too.
GRADED_UP_TO, RELATIVE_STRETCH = 4.0, 2.5

AU25 = AU_NAMES.index("AU25")
SIDED = np.array([au_number(name) in ONE_SIDED for name in AU_NAMES])


@dataclass(frozen=True)
class Ridge:
    weights: np.ndarray  # (956, A)
    offset: np.ndarray  # (A,) answer at a delta of 0


@dataclass(frozen=True)
class Patterns:
    """What AUs look like, each side on its own, against the noise of the basis."""

    reader: np.ndarray  # (956, K)
    gram: np.ndarray  # (K, K)
    whole: np.ndarray  # (K, A) weights of patterns to AUs
    sides: np.ndarray  # (2, K, A) and to their left and right

    def weights(self, deltas: np.ndarray) -> np.ndarray:
        return nonnegative_weights(self.gram, deltas @ self.reader)


def fit(
    rig: Rig, basis: SeenBasis, full: SeenBasis, own: Samples, builds: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """All arrays of an AUModel that the fit decides, and the stretch each AU needs.

    ``full`` has the shapes at the size at which the network shows them.
    """
    both = own.aus.mean(-1)
    person = region_ridge(rig, own.own, both)
    anyone = region_ridge(rig, own.absolute, both)
    patterns = au_patterns(rig, basis)
    size = (own.own[:4000] @ person.weights).std(0)
    found = patterns.weights(own.own[:4000]) @ patterns.whole
    share = BLEND * size / found.std(0)
    share[AU25] = 0

    def read(deltas):
        found = patterns.weights(deltas) @ patterns.whole
        return deltas @ person.weights + share * found

    units = unit_patterns(rig, full)
    calm = basis.left_over * (MESH_NOISE / basis.left_over.std())
    needed = stretches(read(units).diagonal(), _rms(read(calm)), QUIET)
    stretch = np.where(needed <= GRADED_UP_TO, needed, RELATIVE_STRETCH)
    single = anyone.weights
    strangers = builds + calm[np.arange(len(builds)) % len(calm)]
    spread = _rms(strangers @ single)
    rough = stretches((units @ single).diagonal(), spread, QUIET_SINGLE)
    return {
        "person": person.weights * stretch,
        "pattern_reader": patterns.reader,
        "pattern_gram": patterns.gram,
        "pattern_aus": patterns.whole * share * stretch,
        "pattern_sides": patterns.sides,
        "absolute": single,
        "absolute_offset": anyone.offset,
        "absolute_scale": rough,
        "absolute_slack": SLACK * spread * rough,
        "upper_points": upper_points(rig),
        "upper_aus": upper_aus(),
        "unrest": ~np.isin(AU_NAMES, SHUT_LIPS),
        "has_stop": np.isin(AU_NAMES, HAVE_STOP),
        "is_graded": needed <= GRADED_UP_TO,
    }, needed


def region_ridge(rig: Rig, deltas: np.ndarray, aus: np.ndarray) -> Ridge:
    """Ridge per region, the same for a face and its mirror image; AU25 is measured."""
    weights, offset = _region_weights(rig, deltas, aus)
    weights = (weights + mirrored(weights.T, rig.mirror).T) / 2
    weights[:, AU25], offset[AU25] = 0.0, 0.0
    for above, below in LIPS:
        share = rig.unit / FULL_LIP_GAP / len(LIPS)
        weights[2 * above + 1, AU25] = share
        weights[2 * below + 1, AU25] = -share
    return Ridge(weights, offset)


def au_patterns(rig: Rig, basis: SeenBasis) -> Patterns:
    """The AUs' patterns and others', seen through the noise's inverse covariance."""
    others = [
        sum(basis.shapes[k] for k, _ in columns(name, rig.shape_names))
        for name in OTHER_PATTERNS
    ]
    names, both = np.eye(len(AU_NAMES)), ~SIDED
    right, left = (unit_patterns(rig, basis, s)[SIDED] for s in ((1, 0), (0, 1)))
    shapes = np.concatenate([right, left, unit_patterns(rig, basis)[both], others])
    nothing = np.zeros((len(others), len(AU_NAMES)))
    one = names[SIDED]
    noise = basis.left_over.T @ basis.left_over / len(basis.left_over)
    noise += PATTERN_NOISE * np.trace(noise) / len(noise) * np.eye(len(noise))
    reader = np.linalg.solve(noise, shapes.T)
    return Patterns(
        reader=reader,
        gram=shapes @ reader + PATTERN_RIDGE * np.eye(len(shapes)),
        whole=np.concatenate([one / 2, one / 2, names[both], nothing]),
        sides=np.stack(
            [
                np.concatenate([0 * one, one, 0 * names[both], nothing]),
                np.concatenate([one, 0 * one, 0 * names[both], nothing]),
            ]
        ),
    )


def stretches(answers: np.ndarray, spread: np.ndarray, quiet: float) -> np.ndarray:
    """Stretch of shrunk answers (A,): to 1, as far as faces at rest stay quiet."""
    full = 1 / np.where(answers > 0, answers, np.inf)
    full[full == 0] = np.inf  # an answer of the wrong sign has no scale
    used = np.minimum(full, quiet / np.maximum(spread, 1e-12))
    used[AU25] = 1.0
    return used


def upper_aus() -> np.ndarray:
    return np.isin(AU_NAMES, UPPER_AUS)


def upper_points(rig: Rig) -> np.ndarray:
    """1 in the upper face, 0 in the lower, between them across the overlap."""
    return np.clip((rig.height - UPPER_FROM) / (LOWER_TO - UPPER_FROM), 0, 1)


def _region_weights(rig: Rig, deltas: np.ndarray, targets: np.ndarray):
    weights = np.zeros((2 * N_MESH, targets.shape[1]))
    offset = np.zeros(targets.shape[1])
    upper = upper_aus()
    for points, chosen in (
        (rig.skin & (rig.height > UPPER_FROM), upper),
        (rig.skin & (rig.height <= LOWER_TO), ~upper),
    ):
        rows = np.repeat(points, 2)
        part, at_zero = _ridge(deltas[:, rows], targets[:, chosen])
        weights[np.ix_(rows, chosen)] = part
        offset[chosen] = at_zero
    return weights, offset


def _ridge(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x, y = x.astype(np.float64), y.astype(np.float64)
    x_mean, y_mean = x.mean(0), y.mean(0)
    centred = x - x_mean
    gram = centred.T @ centred / len(x) + RIDGE * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, centred.T @ (y - y_mean) / len(x))
    return weights, y_mean - x_mean @ weights


def _rms(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.square(values).mean(0))
