"""One self-contained HTML page: sections of figures, tables and plain sentences."""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genface import files
from genface.errors import InputError
from genface.video import probe
from genface.video.container import open_clip

CLIPS: dict[str, tuple[str, tuple[str, ...]]] = {
    ".mp4": ("video/mp4", ("h264", "vp9", "av1")),
    ".webm": ("video/webm", ("vp8", "vp9", "av1")),
    ".gif": ("image/gif", ("gif",)),
    ".webp": ("image/webp", ("webp",)),
    ".apng": ("image/apng", ("apng",)),
}
"""Endings of the clips that a page can hold: MIME types, and codecs browsers know."""

CSS = """
:root { --ink: #1d2733; --soft: #5d6b7a; --line: #dfe5eb; --paper: #ffffff; }
* { box-sizing: border-box; }
body { margin: 0; background: #f5f7f9; color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 1.2rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: .6rem 0 .2rem; }
h2 { font-size: 1.2rem; margin: 0 0 .5rem; }
.lead { color: var(--soft); margin: 0 0 1.2rem; overflow-wrap: anywhere; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px;
  padding: 1rem 1.1rem; margin: 0 0 1rem; }
figure { margin: .6rem 0 1rem; }
figure img, figure video { max-width: 100%; height: auto; display: block;
  margin: auto; }
figcaption { color: var(--soft); font-size: .9rem; margin-top: .35rem; }
.strong { font-size: 1.15rem; font-weight: 600; margin: .2rem 0 .5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top; font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 600; }
td.wide { min-width: 14rem; }
table.wrap { table-layout: fixed; }
table.wrap td { overflow-wrap: anywhere; }
table.wrap th:first-child { width: 38%; }
tr.marked td { background: #eef6ee; font-weight: 600; }
tr.far td { background: #fdf3ea; }
ul { padding-left: 1.2rem; margin: .3rem 0; }
li { overflow-wrap: anywhere; }
nav { font-size: .9rem; margin-bottom: 1rem; }
nav a { color: #2f5d8a; margin-right: .9rem; text-decoration: none; }
@media (max-width: 640px) {  /* letters stay readable: figures move sideways */
  section { padding: .8rem .7rem; }
  figure img { max-width: none; }
}
code { font-size: .85em; overflow-wrap: anywhere; }
"""


@dataclass
class Section:
    """A titled part of a page; the methods add to it in order."""

    title: str
    parts: list[str] = field(default_factory=list)

    def text(self, sentence: str) -> "Section":
        """Add a paragraph."""
        self.parts.append(f"<p>{html.escape(sentence)}</p>")
        return self

    def strong(self, sentence: str) -> "Section":
        """Add a sentence that stands out."""
        self.parts.append(f'<p class="strong">{html.escape(sentence)}</p>')
        return self

    def notes(self, sentences: Iterable[str]) -> "Section":
        """Add a list of sentences; nothing if there are none."""
        items = "".join(f"<li>{html.escape(s)}</li>" for s in sentences)
        if items:
            self.parts.append(f"<ul>{items}</ul>")
        return self

    def figure(self, drawn: Any, caption: str) -> "Section":
        """Add a matplotlib Figure as an inline PNG; its caption is its alt text."""
        buffer = io.BytesIO()
        drawn.savefig(buffer, format="png", dpi=150, metadata={"Software": None})
        width = round(100 * drawn.get_figwidth())
        return self._embed("image/png", buffer.getvalue(), caption, width)

    def clip(self, path: Path, caption: str) -> "Section":
        """Add a clip, inline; :func:`clip_kind` says of what kinds."""
        return self._embed(clip_kind(path), path.read_bytes(), caption)

    def table(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[str]],
        marked: Sequence[int] = (),
        far: Sequence[int] = (),
        wide: Sequence[int] = (),
        wrap: bool = False,
    ) -> "Section":
        """Add a table; rows whose number is in ``marked`` or ``far`` stand out.

        Columns in ``wide`` hold sentences. ``wrap`` breaks long words rather than let
        the table be wider than the page.
        """
        head = "".join(f"<th>{html.escape(name)}</th>" for name in header)
        body = ""
        for index, row in enumerate(rows):
            cells = "".join(
                f"<td{_class('wide', place in wide)}>{html.escape(cell)}</td>"
                for place, cell in enumerate(row)
            )
            kind = "marked" if index in marked else "far"
            shown = _class(kind, index in marked or index in far)
            body += f"<tr{shown}>{cells}</tr>"
        self.parts.append(
            f'<div class="scroll"><table{_class("wrap", wrap)}>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )
        return self

    def _embed(
        self, kind: str, data: bytes, caption: str, width: int | None = None
    ) -> "Section":
        source = f"data:{kind};base64,{base64.b64encode(data).decode()}"
        words = html.escape(caption)
        if kind.startswith("video"):
            how = "controls loop muted autoplay playsinline"
            shown = f'<video src="{source}" {how}></video>'
        else:
            size = f' width="{width}"' if width else ""
            shown = (
                f'<div class="scroll"><img src="{source}" alt="{words}"{size}></div>'
            )
        self.parts.append(f"<figure>{shown}<figcaption>{words}</figcaption></figure>")
        return self


def clip_kind(path: Path) -> str:
    """MIME type of a clip that browsers show.

    Another ending or codec is an :class:`InputError`, a file that cannot be decoded a
    :class:`MediaError`.
    """
    suffix = path.suffix.lower()
    if suffix not in CLIPS:
        raise InputError(
            f"{path}: a page shows clips in {', '.join(CLIPS)}; name one of these."
        )
    kind, codecs = CLIPS[suffix]
    if not probe(path).is_image:
        with open_clip(path) as container:
            codec = container.streams.video[0].codec_context.codec.canonical_name
        if codec not in codecs:
            raise InputError(
                f"{path}: holds {codec}, and browsers show {' or '.join(codecs)} in "
                f"{suffix}; convert it."
            )
    return kind


def write_report(
    path: Path | str, title: str, lead: str, sections: Sequence[Section]
) -> Path:
    """Write the page; it asks no server for anything and can be mailed as it is."""
    path = Path(path)
    links, body = "", ""
    for index, section in enumerate(sections):
        name = html.escape(section.title)
        links += f'<a href="#s{index}">{name}</a> '
        body += (
            f'<section id="s{index}"><h2>{name}</h2>{"".join(section.parts)}</section>'
        )
    files.write_text(
        path,
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{CSS}</style></head><body><main>"
        f'<h1>{html.escape(title)}</h1><p class="lead">{html.escape(lead)}</p>'
        f"<nav>{links}</nav>{body}</main></body></html>\n",
    )
    return path


def _class(name: str, given: bool) -> str:
    return f' class="{name}"' if given else ""
