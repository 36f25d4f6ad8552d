"""A table of AUs drawn as a moving face, beside its source and a synthetic one."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from genface.avatar.animation import Motion
from genface.fex import Fex
from genface.files import atomic, sha256
from genface.pipelines import outputs
from genface.pipelines.faces import face_choice, fex_of, frame_rate, one_input
from genface.pipelines.motions import face_rows, motion_of
from genface.pipelines.progress import Progress, silent
from genface.pipelines.scene import Scene, compose
from genface.video import probe
from genface.video.gif import gif_step
from genface.video.writer import exact_rate, shrunk, write_clip

GIF_BYTES = 6_000_000
GIF_WIDTH = 440
GIF_SECONDS = 20.0


@dataclass(frozen=True)
class RenderResult:
    """The clips written, their number of frames, and one line per thing to know."""

    paths: tuple[Path, ...]
    n_frames: int
    lines: tuple[str, ...]


def render_clip(
    table: pd.DataFrame | Path | str,
    out: Path | str,
    *,
    source: Path | str | None = None,
    synthetic: pd.DataFrame | Path | str | None = None,
    fps: Fraction | float | None = None,
    size: tuple[int, int] | None = None,
    face: str | int = "longest",
    input_name: str | None = None,
    calibrate: bool = True,
    smooth: float = 0.0,
    gif: bool | None = None,
    progress: Progress | None = None,
    force: bool = False,
) -> RenderResult:
    """Draw the AUs, head pose and gaze of one face of ``table`` as an mp4 or gif.

    With ``source`` (its clip) or ``synthetic`` (a second table), panels stand side by
    side over a strip of all AUs: source with overlay, avatar of the real AUs, avatar of
    the synthetic ones; and a small gif is written beside an mp4 (``gif`` says whether).
    The clip lasts as long as the table, at ``fps`` or the source's rate. ``size`` is
    (H, W) of an avatar's panel. ``input_name`` chooses one of several inputs of a
    table. ``presence`` tables are calibrated per person unless ``calibrate`` is off;
    ``smooth`` is in seconds. The avatar is greyed where there is no face to draw.
    """
    out = Path(out)
    wanted = (source is not None or synthetic is not None) if gif is None else gif
    small = out.with_suffix(".gif") if wanted and out.suffix == ".mp4" else None
    settings = {
        "fps": fps,
        "size": size,
        "face": face_choice(face),
        "input": input_name,
        "gif": wanted,
        "calibrate": calibrate,
        "smooth": smooth,
    }
    this = outputs.job("animate", _digests(table, source, synthetic), **settings)
    paths = (out,) if small is None else (out, small)
    if all([outputs.up_to_date(path, this, force) for path in paths]):
        return RenderResult(paths, 0, (f"animate: {out} is up to date",))
    name, fex = fex_of(table)
    fex = one_input(name, fex, input_name)
    asked = _asked_rate(source, fps)
    if asked is not None and not fex.attrs.get("fps"):
        fex.attrs["fps"] = float(asked)  # frame numbers count at this rate
    real = face_rows(fex, face, name)
    rate, lines = (asked, []) if asked is not None else _own_rate(real)
    lines += _other_source(real, source)
    draw = partial(motion_of, fps=rate, calibrate=calibrate, smooth=smooth)
    motions = [draw(real)]
    seconds = float(len(motions[0]) / rate)
    if synthetic is not None:
        other, follows = fex_of(synthetic)
        follows = face_rows(follows, name=other)
        motions.append(draw(follows, reference=real, duration=seconds))
    scene = compose(motions, None if source is None else Path(source), fex, real, size)
    lines += _notes(motions)
    thumbnails = _Thumbnails(rate) if small is not None else None
    for path in paths:
        outputs.begin(path, this)
    write_clip(out, _watched(scene, thumbnails, progress or silent), rate)
    outputs.record(out, this)
    if small is not None and thumbnails is not None:
        lines.append(thumbnails.write(small))
        outputs.record(small, this)
    if scene.source is not None and scene.source.problem:
        lines.append(scene.source.problem)
    lines.append(f"{len(scene)} frames, {seconds:.1f} s at {float(rate):.5g} frames/s")
    return RenderResult(paths, len(scene), tuple(f"animate: {x}" for x in lines))


def _asked_rate(source, fps) -> Fraction | None:
    """Frames a second as asked, else the source's; None where the table decides."""
    if fps is not None:
        return exact_rate(fps)
    return None if source is None else probe(source).fps


def _own_rate(rows: Fex) -> tuple[Fraction, list[str]]:
    rate, notes = frame_rate(rows)
    return exact_rate(rate), notes


def _other_source(rows: Fex, source) -> list[str]:
    """A note if the clip to be shown is not the one that the table was made from."""
    if source is None or "input" not in rows.columns:
        return []
    made_from = rows["input"].iloc[0]
    digest = (rows.attrs.get("source_sha256") or {}).get(made_from)
    if digest is None or digest == sha256(source):
        return []
    return [f"{source} is not {made_from}, which the table was made from"]


def _digests(table, source, synthetic) -> dict[str, str]:
    given = {"table": table, "source": source, "synthetic": synthetic}
    return {
        key: digest
        for role, one in given.items()
        if one is not None
        for key, digest in outputs.source_digests([one], role).items()
    }


def _notes(motions: list[Motion]) -> list[str]:
    if len(motions) == 1:
        return list(motions[0].notes)
    which = ("real", "synthetic")
    return [
        f"{name}: {note}"
        for name, motion in zip(which, motions, strict=True)
        for note in motion.notes
    ]


def _watched(scene: Scene, thumbnails: "_Thumbnails | None", progress: Progress):
    """Frames of a scene, reported one by one and kept small for the gif."""
    for done, picture in enumerate(scene.frames(), start=1):
        if thumbnails is not None:
            thumbnails.take(picture)
        progress("render", done, len(scene))
        yield picture


class _Thumbnails:
    """Small copies of some frames of the clip, for a gif of a modest size."""

    def __init__(self, rate: Fraction) -> None:
        self.every = gif_step(rate)
        self.rate = rate / self.every
        self._count = 0
        self._frames: list[np.ndarray] = []
        self._cut = False

    def take(self, picture: np.ndarray) -> None:
        if self._count % self.every == 0:
            if len(self._frames) < GIF_SECONDS * self.rate:
                self._frames.append(shrunk(picture, GIF_WIDTH))
            else:
                self._cut = True
        self._count += 1

    def write(self, path: Path) -> str:
        """Write the gif, smaller if it would be too large; a line on what differs."""
        width = self._frames[0].shape[1]
        with atomic(path) as gif:
            while True:
                write_clip(gif, self._frames, self.rate, max_width=width)
                size = gif.stat().st_size
                if size <= GIF_BYTES or width <= 240:
                    break
                width = int(width * max(0.6, 0.95 * math.sqrt(GIF_BYTES / size)))
        cut = f", its first {GIF_SECONDS:g} s" if self._cut else ""
        rate = f"{float(self.rate):.3g} frames/s"
        return f"{path.name} is {width} pixels wide, at {rate}{cut}"
