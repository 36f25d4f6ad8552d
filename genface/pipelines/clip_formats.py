"""What an animation can be written as, and which of it a file name means."""

import re
from dataclasses import dataclass
from pathlib import Path

from genface.errors import InputError

SMALLEST, LARGEST = 16, 4096  # pixels of a side


@dataclass(frozen=True)
class ClipFormat:
    """One way to write an animation.

    ``drawn`` formats are pictures, ``rigged`` ones hold the rig's shapes, the others
    only curves. ``suffix`` is empty for a folder.
    """

    name: str
    suffix: str
    what: str
    drawn: bool = False
    rigged: bool = False


FORMATS = {
    made.name: made
    for made in (
        ClipFormat("mp4", ".mp4", "video", drawn=True),
        ClipFormat("gif", ".gif", "animated gif", drawn=True),
        ClipFormat("webp", ".webp", "animated WebP", drawn=True),
        ClipFormat("apng", ".apng", "animated PNG", drawn=True),
        ClipFormat("png", "", "folder of PNG pictures", drawn=True),
        ClipFormat("html", ".html", "page to turn, play and edit", rigged=True),
        ClipFormat("glb", ".glb", "model with morph targets", rigged=True),
        ClipFormat("livelink", ".csv", "Live Link Face"),
        ClipFormat("blendshapes", ".csv", "long table of ARKit shapes"),
        ClipFormat("vrm", ".csv", "long table of VRM expressions"),
        ClipFormat("openfacs", ".json", "messages to openFACS"),
    )
}
"""Formats by name; the first of several with one suffix is what the suffix means."""


def clip_format(out: Path, name: str | None = None) -> ClipFormat:
    """The format called ``name``, or the one that the ending of ``out`` means.

    An :class:`InputError` lists what there is.
    """
    suffix = out.suffix.lower()
    if name is None:
        by_suffix = {made.suffix: made for made in reversed(FORMATS.values())}
        if suffix and suffix in by_suffix:
            return by_suffix[suffix]
        came = f"not {suffix}" if suffix else "not without an ending"
        raise InputError(f"{out}: animations are {_listed()}; {came}.")
    if name not in FORMATS:
        raise InputError(f"--format {name}: expected one of {', '.join(FORMATS)}.")
    chosen = FORMATS[name]
    if suffix != chosen.suffix:
        wanted = f"end in {chosen.suffix}" if chosen.suffix else "be that of a folder"
        raise InputError(f"{out}: for --format {name} the name must {wanted}.")
    return chosen


def _listed() -> str:
    """Every ending, and the formats that need to be named."""
    suffixes = sorted({made.suffix for made in FORMATS.values()} - {""})
    csv = [made.name for made in FORMATS.values() if made.suffix == ".csv"]
    return (
        f"written as {', '.join(suffixes)} (.csv as --format {', '.join(csv)}), or as "
        "a folder with --format png"
    )


def picture_size(words: str) -> int | tuple[int, int]:
    """``"720"`` as a height, ``"640x720"`` (width x height) as (H, W) in pixels."""
    match = re.fullmatch(r"(\d{1,9})(?:[x×](\d{1,9}))?", words.strip().lower())
    if match is None:
        raise InputError(
            f"--size {words}: expected a height such as 720, or WIDTHxHEIGHT such as "
            f"640x720, {SMALLEST} to {LARGEST} pixels a side."
        )
    first, second = match.groups()
    return int(first) if second is None else (int(second), int(first))
