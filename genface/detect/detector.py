"""The detector: videos, pictures or arrays in, a table of faces out."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict

import genface
from genface.avatar import Rig
from genface.detect.assemble import Sighting, face_table
from genface.detect.facemesh import FaceMesh
from genface.detect.prefetch import ahead
from genface.detect.reporting import counter
from genface.detect.settings import settings_of
from genface.detect.sources import Given, Kind, Source, Span, checked, sources_of
from genface.detect.tracking import Face, Tracker
from genface.errors import GenfaceError, InputError, MediaError
from genface.fex import Fex
from genface.files import sha256, shipped_model
from genface.geometry import Pixels, as_pixels
from genface.geometry.mesh_points import N_MESH
from genface.nets.au_model import ENOUGH_FRAMES, load_au_model
from genface.progress import Progress, reporter
from genface.video import Frame
from genface.weights import asset

AU_MODEL = ("au", "au_model.npz")  # files of models/
RIG = ("rig", "rig.npz")


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

    def __repr__(self) -> str:
        return f"Detector({self.preset!r}, compat={self.compat!r})"

    def detect(
        self,
        inputs: Given,
        data_type: Kind | None = None,
        batch_size: int = 1,
        skip_frames: int | None = None,
        start: float | None = None,
        end: float | None = None,
        progress: Progress = True,
        *,
        all_aus: bool = False,
        on_failure: Callable[[GenfaceError], None] | None = None,
    ) -> Fex:
        """Table of the faces of a path or array, or of a list of them.

        Arrays are (H, W, 3) or (N, H, W, 3) uint8 RGB: pictures, or the frames of a
        clip with ``data_type="video"``. Of clips, every ``skip_frames``-th frame with
        ``start <= time < end`` (seconds from the first frame) is used. ``batch_size``:
        faces that go through the mesh network at once (more than 1 is no gain on a
        CPU). ``progress``: a bar on the terminal, nothing, or a function of the input's
        name, frames done and in all. ``all_aus`` writes the AUs that the model cannot
        tell, too; emotions do without them all the same. ``on_failure`` is called with
        the error of an input that cannot be read, and the others go on; without it,
        the error is raised.

        One row per face and frame; a frame without a face is one row of NaN with
        status ``no_face``, and someone who is away while others are there has no row.
        Action Units of a clip are relative to the quietest frames of the same face, so
        a clip of a second or two makes them a guess (a warning); a picture's, and those
        of a face in a single frame, to an average face. Of a damaged clip, what could
        be read is kept: a warning and ``attrs["problem"]`` say where it ends. Columns
        that nothing here measures (valence, arousal, identity, blendshapes) are left
        out. ``attrs`` says how the table was made.
        """
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}; expected 1 or more.")
        span = Span(start, end, skip_frames)
        sources = sources_of(inputs, data_type)
        if on_failure is None:
            for source in sources:
                source.check(span)
        chain = self._chain(batch_size)
        sightings: list[Sighting] = []
        read: list[Source] = []
        errors: list[GenfaceError] = []
        with reporter(progress, "faces") as report:
            for number, source in enumerate(sources):
                try:
                    source.check(span)
                    count = counter(report, sources, number)
                    sightings += list(_sightings(chain, source, span, count))
                    read.append(source)
                except GenfaceError as error:
                    if on_failure is None:
                        raise
                    on_failure(error)
                    errors.append(error)
        if not read:
            raise MediaError(
                f"none of {len(sources)} inputs could be read: {errors[0]}"
            )
        neutral = Rig.default().neutral[:N_MESH]
        fex = Fex(face_table(sightings, neutral, self._au_model, all_aus))
        reading = asdict(span) | {"batch_size": batch_size, "all_aus": all_aus}
        fex.attrs = self._facts(read, reading)
        _warn(fex, read)
        return fex

    def _chain(self, batch_size: int) -> FaceMesh:
        if batch_size not in self._chains:
            self._chains[batch_size] = FaceMesh(
                self.settings, self._offline, batch_size
            )
        return self._chains[batch_size]

    def _facts(self, sources: list[Source], reading: dict) -> dict:
        model = self._au_model
        relative = [n for n in model.relative if reading["all_aus"] or n in model.seen]
        rates = {source.fps for source in sources if source.kind == "video"}
        neutrals = {"person" if s.moves else "average" for s in sources}
        by_kind = {"video": "person", "image": "average"}
        problems = [source.problem for source in sources if source.problem]
        digests = {source.name: source.digest() for source in sources}
        networks = (self.settings.finder, self.settings.mesh)
        ours = {"/".join(p): sha256(shipped_model(*p)) for p in (AU_MODEL, RIG)}
        facts = {
            "au_scale": "intensity",
            "relative_aus": relative,
            "unseen_aus": list(model.unseen),
            "fps": rates.pop() if len(rates) == 1 else None,
            "neutral": neutrals.pop() if len(neutrals) == 1 else by_kind,
            "pose_sign": "genface",
            "gaze_frame": "head",
            "detector": self.preset,
            "compat": self.compat,
            "detector_settings": self.settings.as_dict(),
            **reading,
            "au_model": model.name,
            "weights": {name: asset(name).sha256 for name in networks} | ours,
            "genface_version": genface.__version__,
            "source_sha256": {name: value for name, value in digests.items() if value},
        }
        return facts | ({"problem": "; ".join(problems)} if problems else {})


def _sightings(
    chain: FaceMesh,
    source: Source,
    span: Span,
    report: Callable[[int, int | None], None],
) -> Iterator[Sighting]:
    """Rows of one source; its frames are read while the networks run."""

    def load(frame: Frame) -> tuple[Frame, Pixels]:
        return frame, as_pixels(checked(source, frame).rgb)

    with source.frames(span) as frames, ahead(frames, load) as loaded:
        total = source.expected(span)
        look = _looker(chain, source, span.step)
        for done, (frame, pixels) in enumerate(loaded, start=1):
            faces: list[Face | None] = [*look(pixels)]
            for face in faces or [None]:
                yield Sighting(
                    source, frame.index, frame.time, pixels.height, pixels.width, face
                )
            source.read = done
            report(done, total)
    if not source.read:
        raise InputError(f"{source.name}: no frame {span}; choose other times.")


def _looker(
    chain: FaceMesh, source: Source, step: int
) -> Callable[[Pixels], list[Face]]:
    if source.kind == "video":
        a_second = max(round((source.fps or 24.0) / step), 1)
        return Tracker(chain, longest_wait=a_second)
    return lambda pixels: [Face(i, mesh) for i, mesh in enumerate(chain(pixels))]


def _warn(fex: Fex, sources: list[Source]) -> None:
    """One warning for each kind of trouble, with the inputs that have it."""
    if "problem" in fex.attrs:
        warnings.warn(f"{fex.attrs['problem']}; what was read is kept.", stacklevel=3)
    seen = fex[fex["status"] == "ok"].groupby("input")["frame"].nunique()
    counts = {source.name: int(seen.get(source.name, 0)) for source in sources}
    if empty := [name for name, count in counts.items() if not count]:
        warnings.warn(
            f"no face was found in {', '.join(empty)}; all rows are NaN.", stacklevel=3
        )
    clips = {source.name: counts[source.name] for source in sources if source.moves}
    few = [f"{n} in {name}" for name, n in clips.items() if 0 < n < ENOUGH_FRAMES]
    if few:
        warnings.warn(
            f"few frames with a face ({', '.join(few)}): under {ENOUGH_FRAMES} the "
            "person's neutral, and so the zero of the Action Units, is a guess.",
            stacklevel=3,
        )
