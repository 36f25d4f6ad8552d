"""The detector: videos, pictures or arrays in, a table of faces out."""

import warnings
from dataclasses import asdict
from typing import Any

import genface
from genface.detect.presets import DEFAULT, Choice, choice_of
from genface.detect.reading import OnFailure, look_at
from genface.detect.sources import Given, Kind, Source, Span, sources_of
from genface.errors import InputError
from genface.fex import Fex
from genface.nets.au_model import ENOUGH_FRAMES
from genface.progress import Progress, reporter


class Detector:
    """Finds every face and measures it; the networks load on construction.

    ``preset``: ``"facemesh"``, the embedded default: BlazeFace full range, then the
    attention mesh of 478 points, in pictures meshed twice, in clips followed from
    frame to frame; ``compat="mediapipe"`` looks as MediaPipe's FaceMesh does.
    ``"multitask"`` is py-feat's Detectorv2, one network for all that is told of a face,
    ``"modular"`` its Detectorv1, a network for each; what they take and give is in
    docs/detectors.md.

    ``face_model``: what finds the faces, ``"blazeface"``, ``"blazeface_short"`` (near
    ones), ``"mtcnn"``, ``"retinaface"`` or ``"img2pose"``. The other models are the
    preset's unless named, None leaves one and its columns out; an embedding of the
    identity is left out unless named. Faces count from the finder's score
    ``face_detection_threshold`` on. In clips the finder looks at every
    ``find_every``-th used frame (None: about a second), and where a face is lost; 1 is
    py-feat's way. ``commercial`` refuses weights that may not be used commercially, and
    ``offline`` forbids pulling any (None: the environment variables GENFACE_COMMERCIAL
    and GENFACE_OFFLINE decide).

    An unknown preset or model is an :class:`InputError`; weights that are neither
    cached nor to be had, or not allowed, are a :class:`WeightError`.
    """

    def __init__(
        self,
        preset: str = "facemesh",
        *,
        compat: str | None = None,
        face_model: str = DEFAULT,
        landmark_model: str | None = DEFAULT,
        au_model: str | None = DEFAULT,
        emotion_model: str | None = DEFAULT,
        facepose_model: str | None = DEFAULT,
        identity_model: str | None = DEFAULT,
        gaze_model: str | None = DEFAULT,
        face_detection_threshold: float = 0.5,
        find_every: int | None = None,
        commercial: bool | None = None,
        offline: bool | None = None,
    ) -> None:
        models = {
            "face_model": face_model,
            "landmark_model": landmark_model,
            "au_model": au_model,
            "emotion_model": emotion_model,
            "facepose_model": facepose_model,
            "identity_model": identity_model,
            "gaze_model": gaze_model,
        }
        threshold = face_detection_threshold
        choice = choice_of(preset, models, compat, threshold, find_every)
        self._load(choice, offline, commercial)

    @classmethod
    def of(
        cls,
        choice: Choice,
        *,
        commercial: bool | None = None,
        offline: bool | None = None,
    ) -> "Detector":
        """The detector of a choice that was made before."""
        made = cls.__new__(cls)
        made._load(choice, offline, commercial)
        return made

    def _load(
        self, choice: Choice, offline: bool | None, commercial: bool | None
    ) -> None:
        self.choice = choice
        self._looker = choice.load(offline, commercial)

    def __repr__(self) -> str:
        models = {k: name for k, name in self.choice.models.items() if name}
        chosen = {"compat": self.choice.compat} if self.choice.compat else models
        named = "".join(f", {key}={name!r}" for key, name in chosen.items())
        return f"{type(self).__name__}({self.choice.preset!r}{named})"

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
        on_failure: OnFailure | None = None,
    ) -> Fex:
        """Table of the faces of a path or array, or of a list of them.

        Arrays are (H, W, 3) or (N, H, W, 3) uint8 RGB: pictures, or the frames of a
        clip with ``data_type="video"``. Of clips, every ``skip_frames``-th frame with
        ``start <= time < end`` (seconds from the first frame) is used. ``batch_size``:
        pictures, or stretches of a clip, that go through the networks at once (for
        ``facemesh``, faces of a frame); it does not change the table, and more than 1
        is hardly a gain on a CPU. ``progress``: a bar on the terminal, nothing, or a
        function of the input's name, frames done and in all. ``all_aus`` writes the AUs
        that the model of ``facemesh`` cannot tell, too; emotions do without them all
        the same. ``on_failure`` is called with the error of an input that cannot be
        read, and the others go on; without it, the error is raised.

        One row per face and frame; a frame without a face is one row of NaN with
        status ``no_face``, and someone who is away while others are there has no row.
        With ``facemesh``, Action Units of a clip are relative to the quietest frames of
        the same face, so a clip of a second or two makes them a guess (a warning); a
        picture's, and those of a face in a single frame, to an average face; the others
        tell a belief that a Unit is there. Of a damaged clip, what could be read is
        kept: a warning and ``attrs["problem"]`` say where it ends. Columns that nothing
        in the preset measures are left out. ``attrs`` says how the table was made.
        """
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}; expected 1 or more.")
        span = Span(start, end, skip_frames)
        sources = sources_of(inputs, data_type)
        if on_failure is None:
            for source in sources:
                source.check(span)
        with reporter(progress, "faces") as report:
            sightings, read = look_at(
                self._looker, sources, span, batch_size, report, on_failure
            )
        fex = Fex(self._looker.table(sightings, all_aus))
        reading = asdict(span) | {"batch_size": batch_size, "all_aus": all_aus}
        fex.attrs = self._facts(read, reading)
        _warn(fex, read)
        return fex

    def _facts(self, sources: list[Source], reading: dict) -> dict:
        rates = {source.fps if source.moves else None for source in sources}
        problems = [source.problem for source in sources if source.problem]
        digests = {source.name: source.digest() for source in sources}
        facts = {
            **self._looker.facts(sources, reading["all_aus"]),
            "fps": rates.pop() if len(rates) == 1 else None,
            "pose_sign": "genface",
            "detector": self.choice.preset,
            **reading,
            "weights": self.choice.digests(),
            "genface_version": genface.__version__,
            "source_sha256": {name: value for name, value in digests.items() if value},
        }
        return facts | ({"problem": "; ".join(problems)} if problems else {})


class Detectorv1(Detector):
    """The preset ``"modular"`` under py-feat's name for it."""

    def __init__(self, **options: Any) -> None:
        super().__init__("modular", **options)


class Detectorv2(Detector):
    """The preset ``"multitask"`` under py-feat's name for it."""

    def __init__(self, **options: Any) -> None:
        super().__init__("multitask", **options)


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
    if few and fex.attrs.get("neutral"):
        warnings.warn(
            f"few frames with a face ({', '.join(few)}): under {ENOUGH_FRAMES} the "
            "person's neutral, and so the zero of the Action Units, is a guess.",
            stacklevel=3,
        )
