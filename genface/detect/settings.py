"""How the face mesh preset looks for faces: its choices, and MediaPipe's."""

from dataclasses import asdict, dataclass

from genface.detect.faces import MIN_FACE


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
