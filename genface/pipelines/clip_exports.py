"""A motion into files that other programs animate: pages, models, curves."""

from collections.abc import Callable
from pathlib import Path

from genface.avatar.animation import Motion
from genface.avatar.curves import write_blendshapes, write_openfacs
from genface.avatar.glb import write_glb
from genface.avatar.livelink import write_livelink
from genface.avatar.rig import Rig
from genface.avatar.viewer_page import write_page
from genface.pipelines.clip_formats import FORMATS, ClipFormat

Export = Callable[[Path, Motion, Rig, int | None], tuple[str, ...]]
"""Writes a motion for a rig with at most so many morphs; returns notes."""


def export(
    kind: ClipFormat, out: Path, motion: Motion, rig: Rig, max_targets: int | None
) -> list[str]:
    """Write a motion in a format that is not pictures; notes, a line each."""
    notes = list(_EXPORTS[kind.name](out, motion, rig, max_targets))
    others = [
        other.name
        for other in FORMATS.values()
        if other.suffix == kind.suffix and other is not kind
    ]
    if others:
        notes.append(f"written as {kind.name}; --format {', '.join(others)} differ")
    return notes


def _page(out: Path, motion: Motion, rig: Rig, most: int | None) -> tuple[str, ...]:
    write_page(out, rig, motion, title=out.stem)
    return ()


def _curves(names: str) -> Export:
    return lambda out, motion, rig, most: write_blendshapes(out, motion, names)


_EXPORTS: dict[str, Export] = {
    "html": _page,
    "glb": lambda out, motion, rig, most: write_glb(out, rig, motion, max_targets=most),
    "livelink": lambda out, motion, rig, most: write_livelink(out, motion),
    "blendshapes": _curves("livelink"),
    "vrm": _curves("vrm"),
    "openfacs": lambda out, motion, rig, most: write_openfacs(out, motion),
}
