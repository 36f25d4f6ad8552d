"""A table of AUs as an animation: pictures, a page, a model that moves, or curves."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

import genface
from genface.avatar.rig import Rig
from genface.behavior import BehaviorModel
from genface.errors import InputError
from genface.pipelines import outputs
from genface.pipelines.clip_exports import export
from genface.pipelines.clip_formats import ClipFormat, clip_format, picture_size
from genface.pipelines.clip_states import load_model
from genface.pipelines.faces import face_choice
from genface.pipelines.motions import Table, cast_of
from genface.pipelines.progress import Progress, silent
from genface.pipelines.rigs import chosen_rig, rig_digest
from genface.pipelines.scene import Layout, Scene, compose
from genface.pipelines.thumbnails import Thumbnails
from genface.video import write_clip, write_pictures
from genface.video.gif import FASTEST as GIF_FASTEST
from genface.video.gif import gif_step
from genface.video.writer import check_pictures


@dataclass(frozen=True)
class RenderResult:
    """What was written, its number of frames, and one line per thing to know."""

    paths: tuple[Path, ...]
    n_frames: int
    lines: tuple[str, ...]


def render_clip(
    table: Table,
    out: Path | str,
    *,
    format: str | None = None,
    source: Path | str | None = None,
    synthetic: Table | None = None,
    model: BehaviorModel | Path | str | None = None,
    rig: Rig | Path | str = "default",
    fps: Fraction | float | None = None,
    size: str | int | tuple[int, int] | None = None,
    face: str | int = "longest",
    input_name: str | None = None,
    table_fps: float | None = None,
    calibrate: bool = True,
    smooth: float = 0.0,
    strip: bool | None = None,
    caption: str = "",
    max_targets: int | None = None,
    gif: bool | None = None,
    progress: Progress | None = None,
    force: bool = False,
) -> RenderResult:
    """Draw or export the AUs, head pose and gaze of one face of ``table``.

    The ending of ``out``, or ``format``, says how: a name of
    :data:`genface.pipelines.clip_formats.FORMATS`. It lasts as long as the table, at
    ``fps``, the source's rate or the table's. ``input_name`` chooses one of several
    inputs of a table; ``table_fps`` counts its frames where its times are missing or
    wrong. ``presence`` tables are calibrated per person unless
    ``calibrate`` is off; ``smooth`` is the standard deviation in seconds. Where there
    is no face, the avatar holds, fades to neutral and is greyed.

    Pictures show the face of ``rig`` (``default``, a path, or a :class:`Rig`) at
    ``size``: (H, W) of its panel, or the height alone. With ``source`` (the table's
    clip) or ``synthetic`` (a second table) panels stand side by side, and a small gif
    is written beside an mp4 (``gif`` says whether). ``strip`` shows all AUs below, with
    a ribbon of the states of a behaviour ``model`` or of a column ``state``, and labels
    the leading emotion; on where panels, or a model, are.
    ``caption`` is a line of text below all. ``max_targets`` limits the morph targets of
    a glb.
    """
    out = Path(out)
    kind = clip_format(out, format)
    beside = source is not None or synthetic is not None
    layout = Layout(
        size=picture_size(size) if isinstance(size, str) else size,
        strip=(beside or model is not None) if strip is None else strip,
        caption=caption,
    )
    timing: dict[str, Any] = {"fps": fps, "calibrate": calibrate, "smooth": smooth}
    whose: dict[str, Any] = {"face": face_choice(face), "input_name": input_name}
    timing["table_fps"] = table_fps
    wanted = beside if gif is None else gif
    drawn: dict[str, Any] = {
        "size": size,
        "strip": strip,
        "caption": caption,
        "gif": gif,
    }
    drawn |= {"source": source, "synthetic": synthetic, "model": model}
    _check_options(kind, drawn, rig, max_targets)
    settings = {"format": kind.name, "gif": wanted, "max_targets": max_targets}
    settings |= {**asdict(layout), **timing, **whose}
    given = {"table": table, "source": source, "synthetic": synthetic, "model": model}
    this = outputs.job("animate", _digests(given) | rig_digest(rig), **settings)
    small = out.with_suffix(".gif") if wanted and kind.name == "mp4" else None
    paths = (out,) if small is None else (out, small)
    outputs.keep([*given.values(), rig], *paths)
    if not kind.suffix:
        check_pictures(out)
    if all([outputs.up_to_date(path, this, force) for path in paths]):
        return RenderResult(paths, 0, (f"animate: {out} is up to date",))

    shown = chosen_rig(rig)
    known = shown.au_names if kind.drawn or kind.rigged else None
    cast = cast_of(table, synthetic, source, known=known, **timing, **whose)
    scene = None
    if kind.drawn:
        clip = None if source is None else Path(source)
        scene = compose(cast, layout, shown, load_model(model), clip)
    for path in paths:
        outputs.begin(path, this)
    lines = list(cast.notes)
    if scene is None:
        lines += export(kind, out, cast.motions[0], shown, max_targets)
        outputs.record(out, this)
    else:
        lines += _draw(scene, kind, paths, this, progress or silent)
        lines += scene.notes()
    n, summary = _length(len(cast.motions[0]), cast.rate, kind)
    lines.append(summary)
    return RenderResult(paths, n, tuple(f"animate: {line}" for line in lines))


def _draw(
    scene: Scene,
    kind: ClipFormat,
    paths: tuple[Path, ...],
    this: Mapping,
    progress: Progress,
) -> list[str]:
    """Write the pictures of a scene, and a small gif of them to a second path.

    Each is recorded as made by ``this`` job.
    """
    out, *small = paths
    rate = scene.motions[0].fps
    comment = "; ".join([f"genface {genface.__version__}", *scene.motions[0].notes])
    thumbnails = Thumbnails(rate) if small else None
    pictures = _watched(scene, progress)
    if thumbnails is not None:
        pictures = thumbnails.watch(pictures)
    if kind.suffix:
        write_clip(out, pictures, rate, comment=comment)
    else:
        write_pictures(out, pictures, replace=True)
    outputs.record(out, this)
    if thumbnails is None:
        return []
    line = thumbnails.write(small[0], comment)
    outputs.record(small[0], this)
    return [line]


def _length(n: int, rate: Fraction, kind: ClipFormat) -> tuple[int, str]:
    """Number of frames that were written, and a line on how long they last."""
    step = gif_step(rate) if kind.name == "gif" else 1
    kept, shown = math.ceil(n / step), float(rate / step)
    line = f"{kept} frames, {float(n / rate):.1f} s at {shown:.5g} frames/s"
    if step > 1:
        line += (
            f": 1 of {step} at {float(rate):.5g}, as a gif has at most {GIF_FASTEST}"
        )
    return kept, line


def _watched(scene: Scene, progress: Progress) -> Iterator[np.ndarray]:
    """Frames of a scene, reported one by one."""
    for done, picture in enumerate(scene.frames(), start=1):
        progress("render", done, len(scene))
        yield picture


def _digests(given: Mapping[str, Any]) -> dict[str, str]:
    return {
        key: digest
        for role, one in given.items()
        if one is not None
        for key, digest in outputs.source_digests([one], role).items()
    }


def _check_options(
    kind: ClipFormat, pictures: dict, rig: object, max_targets: int | None
) -> None:
    """Refuse what says nothing about this format, lest it be thought to work."""
    wrong = []
    if not kind.drawn:
        wrong += [name for name, value in pictures.items() if value]
    if not (kind.drawn or kind.rigged) and isinstance(rig, str) and rig != "default":
        wrong.append("rig")
    if kind.name != "glb" and max_targets is not None:
        wrong.append("max_targets")
    if max_targets is not None and max_targets < 1:
        raise InputError(f"max_targets {max_targets}: expected 1 or more.")
    if wrong:
        raise InputError(
            f"{', '.join(wrong)}: nothing of that is in the format {kind.name}; leave "
            "it out, or write another format."
        )
