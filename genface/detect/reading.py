"""What a call was given, looked at: one clip after another, pictures in groups.

Frames of a clip are read ahead in a thread while the networks run. An input that cannot
be read is told of, and the others go on, if whoever called wants that.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import NamedTuple, Protocol

import pandas as pd

from genface.detect.assemble import Numbered, Sighting
from genface.detect.prefetch import ahead
from genface.detect.reporting import counter
from genface.detect.sources import Shot, Source, Span, shot_of
from genface.errors import GenfaceError, InputError, MediaError
from genface.progress import Report

OnFailure = Callable[[GenfaceError], None]


class Looker(Protocol):
    """A preset with its networks loaded."""

    def look(
        self, shots: Iterable[Shot], a_second: int | None, batch_size: int
    ) -> Iterator[tuple[Shot, Sequence[Numbered]]]:
        """The faces of each picture, or of each frame of a clip in its order.

        ``a_second``: how many frames of the clip that is, None for pictures.
        """

    def table(self, sightings: Sequence[Sighting], all_aus: bool) -> pd.DataFrame:
        """The rows; AUs that cannot be told are NaN unless ``all_aus``."""

    def facts(self, sources: Sequence[Source], all_aus: bool) -> dict[str, object]:
        """What a table of the sources has to say about its columns."""


class Reading(NamedTuple):
    """Rows to be, and the sources that could be read."""

    sightings: list[Sighting]
    sources: list[Source]


def look_at(
    looker: Looker,
    sources: Sequence[Source],
    span: Span,
    batch_size: int,
    report: Report,
    on_failure: OnFailure | None,
) -> Reading:
    """The faces of all sources.

    Errors of a source go to ``on_failure``, if it is there; where no source at all can
    be read, they are a MediaError.
    """
    failures = _Failures(on_failure)
    sightings: list[Sighting] = []
    read: list[Source] = []
    for part in _parts(sources, batch_size):
        counts = [counter(report, sources, number) for number in part]
        some = [sources[number] for number in part]
        source = some[0]
        if source.kind == "video":
            with failures.told():
                sightings += list(_clip(looker, source, span, batch_size, counts[0]))
                read.append(source)
            continue
        shots = list(_pictures(some, span, failures))
        sightings += _rows(looker.look(shots, None, batch_size))
        read += [shot.source for shot in shots]
        for count in counts:
            count(1, 1)
    if not read:
        raise MediaError(
            f"none of {len(sources)} inputs could be read: {failures.errors[0]}"
        )
    return Reading(sightings, read)


def _parts(sources: Sequence[Source], batch_size: int) -> Iterator[list[int]]:
    """Places of the sources to read together: a clip by itself, pictures in groups."""
    kinds = groupby(range(len(sources)), lambda number: sources[number].kind)
    for kind, numbers in kinds:
        places, size = list(numbers), 1 if kind == "video" else batch_size
        for first in range(0, len(places), size):
            yield places[first : first + size]


class _Failures:
    def __init__(self, on_failure: OnFailure | None) -> None:
        self.errors: list[GenfaceError] = []
        self._tell = on_failure

    @contextmanager
    def told(self) -> Iterator[None]:
        try:
            yield
        except GenfaceError as error:
            if self._tell is None:
                raise
            self._tell(error)
            self.errors.append(error)


def _pictures(
    sources: Sequence[Source], span: Span, failures: _Failures
) -> Iterator[Shot]:
    for source in sources:
        shots: list[Shot] = []
        with failures.told():
            source.check(span)
            with source.frames(span) as frames:
                shots = [shot_of(source, frame) for frame in frames]
            source.read = len(shots)
        yield from shots


def _clip(
    looker: Looker,
    source: Source,
    span: Span,
    batch_size: int,
    report: Callable[[int, int | None], None],
) -> Iterator[Sighting]:
    source.check(span)
    with (
        source.frames(span) as frames,
        ahead(frames, lambda frame: shot_of(source, frame), 4 * batch_size) as shots,
    ):
        total = source.expected(span)
        a_second = max(round((source.fps or 24.0) / span.step), 1)
        for done, seen in enumerate(looker.look(shots, a_second, batch_size), start=1):
            yield from _rows([seen])
            source.read = done
            report(done, total)
    if not source.read:
        raise InputError(f"{source.name}: no frame {span}; choose other times.")


def _rows(
    looks: Iterable[tuple[Shot, Sequence[Numbered]]],
) -> Iterator[Sighting]:
    for shot, faces in looks:
        size = shot.pixels.height, shot.pixels.width
        everyone: Sequence[Numbered | None] = faces or [None]
        for face in everyone:
            yield Sighting(shot.source, shot.frame, shot.time, *size, face)
