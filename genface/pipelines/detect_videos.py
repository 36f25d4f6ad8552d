"""Videos and images in, one table of faces out."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pandas as pd

import genface
from genface import weights
from genface.detect import Detector
from genface.errors import GenfaceError, InputError, MediaError
from genface.fex import Fex, read_fex
from genface.files import sha256, shipped_model
from genface.pipelines import outputs
from genface.pipelines.progress import Progress, silent
from genface.table.columns import Selection

#: Models of our own that shape the table, as files under models/.
_SHIPPED = (("au", "au_model.npz"), ("rig", "rig.npz"))


@dataclass(frozen=True)
class DetectResult:
    """The table, where it was written, and one line per input or failure."""

    fex: Fex
    paths: tuple[Path, ...]
    lines: tuple[str, ...]
    failures: tuple[str, ...]


def detect_videos(
    inputs: Sequence[Path | str] | Path | str,
    out: Path | str,
    *,
    detector: str = "facemesh",
    columns: Selection = "mesh",
    start: float | None = None,
    end: float | None = None,
    skip_frames: int | None = None,
    offline: bool | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> DetectResult:
    """Detect every face of every input and write them as one table.

    ``out`` is a folder, which receives ``faces.csv`` and ``faces.parquet``, or one
    file of either kind. Times are in seconds. With several inputs, one that cannot
    be read becomes a line of ``failures`` and the rest goes on; a single one raises.
    """
    paths = [Path(p) for p in ([inputs] if isinstance(inputs, str | Path) else inputs)]
    if not paths:
        raise InputError("no input was named; give at least one video or image.")
    out = Path(out)
    tables = _tables(out)
    digests = outputs.source_digests([p for p in paths if p.is_file()])
    settings = {
        "detector": detector,
        "columns": columns,
        "start": start,
        "end": end,
        "skip_frames": skip_frames,
        "assets": _asset_digests(),
    }
    this = outputs.job("detect", digests, **settings)
    done = [outputs.up_to_date(table, this, force) for table in tables]
    if all(done):
        fex = read_fex(tables[0])
        line = f"detect: {out} is up to date ({_found(fex)})"
        return DetectResult(fex, tuple(tables), (line,), ())

    fex, lines, failures = _detect_each(
        paths,
        Detector(detector, offline=offline),
        progress or silent,
        start=start,
        end=end,
        skip_frames=skip_frames,
    )
    fex.attrs |= {"settings": settings, "versions": _versions()}
    for table in tables:
        fex.write(table, columns=columns)
        outputs.record(table, this)
    return DetectResult(fex, tuple(tables), tuple(lines), tuple(failures))


def _tables(out: Path) -> list[Path]:
    if out.suffix in (".csv", ".parquet"):
        return [out]
    if out.suffix and not out.is_dir():
        raise InputError(f"{out}: expected a folder, or a file in .csv or .parquet.")
    return [out / "faces.csv", out / "faces.parquet"]


def _detect_each(paths, detector, progress, **span) -> tuple[Fex, list, list]:
    found: list[Fex] = []
    lines: list[str] = []
    failures: list[str] = []
    for path in paths:

        def report(done: int, total: int | None, stage: str = path.name) -> None:
            progress(f"detect {stage}" if len(paths) > 1 else "detect", done, total)

        try:
            fex = detector.detect(path, progress=report, **span)
        except GenfaceError as error:
            if len(paths) == 1:
                raise
            failures.append(str(error))
            continue
        found.append(fex)
        lines.append(f"detect: {path.name}: {_found(fex)}")
        if problem := fex.attrs.get("problem"):
            lines.append(f"detect: {problem}; what was read is kept")
    if not found:
        raise MediaError(f"none of {len(paths)} inputs could be read: {failures[0]}")
    if len(found) == 1:
        return found[0], lines, failures
    joined = Fex(pd.concat(found, ignore_index=True))
    joined.attrs = dict(found[0].attrs)
    return joined, lines, failures


def _found(fex: Fex) -> str:
    """``472 frames, 1 face (seen in 472)`` and the like."""
    frames = fex.groupby("input")["frame"].nunique().sum()
    seen = fex[fex["status"] == "ok"]
    people = seen.groupby(["input", "face_id"]).ngroups
    noun = "face" if people == 1 else "faces"
    with_face = seen.groupby("input")["frame"].nunique().sum()
    return f"{frames} frames, {people} {noun}, a face in {with_face} frames"


def _asset_digests() -> dict[str, str]:
    """Hash of every file that shapes the table: pulled weights and our own models."""
    pulled = {name: weights.asset(name).sha256 for name in weights.FACEMESH_ASSETS}
    ours = {"/".join(parts): sha256(shipped_model(*parts)) for parts in _SHIPPED}
    return pulled | ours


def _versions() -> dict[str, str]:
    names = ("av", "jax", "numpy", "pandas")
    return {
        "genface": genface.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in names},
    }
