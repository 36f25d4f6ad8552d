"""How the face mesh preset looks for faces: its choices, and MediaPipe's."""

from dataclasses import asdict, dataclass

from genface.detect.faces import MIN_FACE
from genface.errors import InputError

PRESETS = ("facemesh",)
NOT_BUILT_YET = ("multitask", "modular")


@dataclass(frozen=True)
class Settings:
    """What finds faces, and how often.

    ``finder`` and ``mesh`` name networks (see :func:`genface.detect.finder_of`). A face
    counts from score ``threshold`` on, its mesh from ``presence`` on. ``min_face``:
    side in pixels of the smallest faces that the finder ``mtcnn`` looks for.
    ``passes``: how often a newly found face is meshed, each time in the region that the
    last mesh gave. ``apart``: how far, in face sizes, the finder's key points may lie
    from the mesh's for both to mean one face; None: not asked. ``grid``: crops sampled
    as OpenCV does. ``newcomers``: in a clip, look for further faces while some are
    followed.
    """

    finder: str = "blazeface_full"
    threshold: float = 0.5
    min_face: float = MIN_FACE
    mesh: str = "face_mesh_attention"
    presence: float = 0.5
    passes: int = 2
    apart: float | None = 0.15
    grid: bool = False
    newcomers: bool = True

    def as_dict(self) -> dict[str, object]:
        """The settings as plain values, for a table's facts."""
        return asdict(self)


FACEMESH = Settings()

# MediaPipe 0.10.21, FaceMesh(refine_landmarks=True): static_image_mode for pictures,
# one face followed in clips.
MEDIAPIPE = Settings(
    finder="blazeface_short", passes=1, apart=None, grid=True, newcomers=False
)


def settings_of(preset: str, compat: str | None) -> Settings:
    """Settings by name; an unknown preset or rival is an InputError."""
    if preset in NOT_BUILT_YET:
        raise InputError(
            f"the preset {preset!r} is not built yet; use {', '.join(PRESETS)}."
        )
    if preset not in PRESETS:
        raise InputError(
            f"no preset is called {preset!r}; there is {', '.join(PRESETS)} "
            f"({' and '.join(NOT_BUILT_YET)} are not built yet)."
        )
    if compat not in (None, "mediapipe"):
        raise InputError(f"compat={compat!r}: use None or 'mediapipe'.")
    return FACEMESH if compat is None else MEDIAPIPE
