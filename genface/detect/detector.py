"""The detector: videos, pictures or arrays in, a table of faces out."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import genface
from genface.avatar import Rig
from genface.detect.assemble import Sighting, face_table
from genface.detect.facemesh import FaceMesh
from genface.detect.prefetch import ahead
from genface.detect.settings import settings_of
from genface.detect.sources import (
    Given,
    Kind,
    Report,
    Source,
    checked,
    sources_of,
)
from genface.detect.tracking import Face, Tracker
from genface.errors import InputError
from genface.fex import Fex
from genface.files import sha256, shipped_model
from genface.geometry import Pixels, as_pixels
from genface.nets.au_model import load_au_model
from genface.video import Frame
from genface.weights import asset

AU_MODEL = ("au", "au_model.npz")  # files of models/
RIG = ("rig", "rig.npz")

Progress = bool | Callable[[int, int | None], None]


class Detector:
    """Finds every face and measures it; the networks load on construction.

    ``preset``: ``"facemesh"``, the embedded default: BlazeFace full range, then the
    attention mesh of 478 points, in pictures meshed twice, in clips followed from
    frame to frame. ``compat="mediapipe"`` looks as MediaPipe's FaceMesh does: short
    range, one pass, crops as OpenCV samples them. ``offline`` forbids pulling weights
    (None: the environment variable GENFACE_OFFLINE decides).

    An unknown preset is an :class:`InputError`; weights that are neither cached nor to
    be had are a :class:`WeightError`.
    """

    def __init__(
        self,
        preset: str = "facemesh",
        *,
        compat: str | None = None,
        offline: bool | None = None,
    ) -> None:
        self.preset = preset
        self.compat = compat
        self.settings = settings_of(preset, compat)
        self._offline = offline
        self._chains: dict[int, FaceMesh] = {}
        self._au_model = load_au_model()
        self._chain(1)

    def detect(
        self,
        inputs: Given,
        data_type: Kind | None = None,
        batch_size: int = 1,
        skip_frames: int | None = None,
        start: float | None = None,
        end: float | None = None,
        progress: Progress = True,
    ) -> Fex:
        """Table of the faces of a path or array, or of a list of them.

        Arrays are (H, W, 3) or (N, H, W, 3) uint8 RGB: pictures, or the frames of a
        clip with ``data_type="video"``. Of clips, every ``skip_frames``-th frame with
        ``start <= time < end`` (seconds) is used. ``batch_size``: faces that go
        through the mesh network at once (more than 1 is no gain on a CPU).
        ``progress``: a bar on the terminal, nothing, or a function of frames done and
        in all.

        One row per face and frame; a frame without a face is one row of NaN with
        status ``no_face``, and someone who is away while others are there has no row.
        Action Units of a clip are relative to the quietest frames of the same face, so
        a clip of a second or two makes them a guess; a picture's to an average face.
        Of a damaged clip, what could be read is kept: a warning and
        ``attrs["problem"]`` say where it ends. Columns that nothing here measures
        (valence, arousal, identity, blendshapes) are left out. ``attrs`` says how the
        table was made.
        """
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}; expected 1 or more.")
        sources = sources_of(inputs, data_type)
        chain = self._chain(batch_size)
        span = (start, end, skip_frames)
        sightings: list[Sighting] = []
        with _reporter(progress) as report:
            for number, source in enumerate(sources):
                count = _counter(report, sources, number)
                rows = list(_sightings(chain, source, span, count))
                if not rows:
                    raise InputError(
                        f"{source.name}: no frame from {start} to {end} s; "
                        "choose other times."
                    )
                sightings += rows
        fex = Fex(face_table(sightings, Rig.default().neutral, self._au_model))
        fex.attrs = self._facts(sources)
        _warn(fex, sources)
        return fex

    def _chain(self, batch_size: int) -> FaceMesh:
        if batch_size not in self._chains:
            self._chains[batch_size] = FaceMesh(
                self.settings, self._offline, batch_size
            )
        return self._chains[batch_size]

    def _facts(self, sources: list[Source]) -> dict:
        kinds = {source.kind for source in sources}
        rates = {source.fps for source in sources if source.kind == "video"}
        neutral = {"video": "person", "image": "average"}
        problems = [source.problem for source in sources if source.problem]
        digests = {source.name: source.digest() for source in sources}
        networks = (self.settings.finder, self.settings.mesh)
        ours = {"/".join(p): sha256(shipped_model(*p)) for p in (AU_MODEL, RIG)}
        facts = {
            "au_scale": "intensity",
            "unseen_aus": list(self._au_model.unseen),
            "fps": rates.pop() if len(rates) == 1 else None,
            "neutral": neutral[kinds.pop()] if len(kinds) == 1 else neutral,
            "pose_sign": "genface",
            "gaze_frame": "head",
            "detector": self.preset,
            "compat": self.compat,
            "detector_settings": self.settings.as_dict(),
            "au_model": "/".join(AU_MODEL),
            "weights": {name: asset(name).sha256 for name in networks} | ours,
            "genface_version": genface.__version__,
            "source_sha256": {name: value for name, value in digests.items() if value},
        }
        return facts | ({"problem": "; ".join(problems)} if problems else {})


def _sightings(
    chain: FaceMesh,
    source: Source,
    span: tuple[float | None, float | None, int | None],
    report: Report,
) -> Iterator[Sighting]:
    """Rows of one source; its frames are read while the networks run."""

    def load(frame: Frame) -> tuple[Frame, Pixels]:
        return frame, as_pixels(checked(source, frame).rgb)

    with source.frames(*span) as frames, ahead(frames, load) as loaded:
        total = source.expected(*span)
        look = _looker(chain, source, span[2] or 1)
        for done, (frame, pixels) in enumerate(loaded, start=1):
            faces: list[Face | None] = [*look(pixels)]
            for face in faces or [None]:
                yield Sighting(
                    source, frame.index, frame.time, pixels.height, pixels.width, face
                )
            report(done, total)


def _looker(
    chain: FaceMesh, source: Source, step: int
) -> Callable[[Pixels], list[Face]]:
    if source.kind == "video":
        a_second = max(round((source.fps or 24.0) / step), 1)
        return Tracker(chain, longest_wait=a_second)
    return lambda pixels: [Face(i, mesh) for i, mesh in enumerate(chain(pixels))]


def _warn(fex: Fex, sources: list[Source]) -> None:
    if "problem" in fex.attrs:
        warnings.warn(f"{fex.attrs['problem']}; what was read is kept.", stacklevel=3)
    seen = set(fex.loc[fex["status"] == "ok", "input"])
    empty = list(dict.fromkeys(s.name for s in sources if s.name not in seen))
    if empty:
        warnings.warn(
            f"no face was found in {', '.join(empty)}; all rows are NaN.", stacklevel=3
        )


def _counter(report: Report, sources: list[Source], number: int) -> Report:
    """Count pictures over the whole call; a clip's frames for itself."""
    if all(source.kind == "image" for source in sources):
        return lambda done, total: report(number + 1, len(sources))
    return report


@contextmanager
def _reporter(progress: Progress) -> Iterator[Report]:
    """What to call with frames done and in all: a bar, nothing, or the user's own."""
    if callable(progress):
        yield progress
        return
    if not progress:
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("faces", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
