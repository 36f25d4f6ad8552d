"""Videos and images in, one table of faces out."""

import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import genface
from genface.detect import Detector
from genface.detect.presets import choice_of
from genface.errors import InputError, MediaError
from genface.fex import Fex, read_fex
from genface.pipelines import outputs
from genface.pipelines.progress import Progress, silent
from genface.table.columns import Selection
from genface.video import check_file, check_range


@dataclass(frozen=True)
class DetectResult:
    """The table, where it was written, and one line per input or failure."""

    fex: Fex = field(repr=False)
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
    all_aus: bool = False,
    models: Mapping[str, str | None] | None = None,
    find_every: int | None = None,
    batch_size: int = 1,
    commercial: bool | None = None,
    offline: bool | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> DetectResult:
    """Detect every face of every input and write them as one table.

    ``out`` is a folder, which receives ``faces.csv`` and ``faces.parquet``, or one
    file of either kind. Times are in seconds. With several inputs, one that cannot
    be read becomes a line of ``failures`` and the rest goes on; a single one raises.
    A job with failures is not done: it is tried again, not up to date.
    ``detector``, the ``models`` by their options' names (``face_model`` ...),
    ``find_every``, ``batch_size``, ``all_aus`` and ``commercial`` are as in
    :class:`genface.Detector`.
    """
    paths = [Path(p) for p in ([inputs] if isinstance(inputs, str | Path) else inputs)]
    if not paths:
        raise InputError("no input was named; give at least one video or image.")
    [(place, count)] = Counter(map(os.path.abspath, paths)).most_common(1)
    if count > 1:
        raise InputError(f"{place} is named {count} times; name each input once.")
    check_range(start, end, skip_frames)
    out = Path(out)
    tables = _tables(out)
    digests = _digests(paths)
    choice = choice_of(detector, models or {}, find_every=find_every)
    identity = choice.models.get("identity_model")
    if identity and columns != "all":
        raise InputError(
            f"identity_model={identity!r} is not written with columns={columns!r}; "
            "choose columns='all', or leave the model out."
        )
    choice.pull(offline, commercial)
    settings = {
        **choice.facts,
        "columns": columns,
        "start": start,
        "end": end,
        "skip_frames": skip_frames,
        "all_aus": all_aus,
        "assets": choice.digests(),
    }
    this = outputs.job("detect", digests, **settings)
    done = [outputs.up_to_date(table, this, force) for table in tables]
    if all(done):
        fex = read_fex(tables[0])
        line = f"detect: {out} is up to date ({_found(fex)})"
        return DetectResult(fex, tuple(tables), (line,), ())

    shown = _names(paths)

    def report(name: str, done: int, total: int | None) -> None:
        stage = f"detect {shown.get(name, name)}" if len(paths) > 1 else "detect"
        (progress or silent)(stage, done, total)

    failures: list[str] = []
    fex = Detector.of(choice, offline=offline, commercial=commercial).detect(
        paths,
        batch_size=batch_size,
        progress=report,
        start=start,
        end=end,
        skip_frames=skip_frames,
        all_aus=all_aus,
        on_failure=(lambda e: failures.append(str(e))) if len(paths) > 1 else None,
    )
    fex.attrs |= {"settings": settings, "versions": _versions()}
    for table in tables:
        outputs.begin(table, this)
        fex.write(table, columns=columns)
        # After a failure the next run tries again, and says so again.
        (outputs.begin if failures else outputs.record)(table, this)
    return DetectResult(fex, tuple(tables), tuple(_lines(fex, shown)), tuple(failures))


def _digests(paths: Sequence[Path]) -> dict[str, str]:
    """Inputs of the job; those that are missing count too, but not all may be."""
    missing = [path for path in paths if not path.is_file()]
    if len(missing) == len(paths):
        check_file(missing[0])
        raise MediaError(f"{missing[0]}: not a file that can be read twice.")
    digests = outputs.source_digests([path for path in paths if path.is_file()])
    return digests | {f"missing {path.name}": "" for path in missing}


def _tables(out: Path) -> list[Path]:
    if out.suffix in (".csv", ".parquet"):
        return [out]
    outputs.check_folder(out, "a folder, or a file in .csv or .parquet")
    return [out / "faces.csv", out / "faces.parquet"]


def _names(paths: Sequence[Path]) -> dict[str, str]:
    """What to call each input: by its file's name, or whole where several share it."""
    names = Counter(path.name for path in paths)
    return {str(p): p.name if names[p.name] == 1 else str(p) for p in paths}


def _lines(fex: Fex, names: Mapping[str, str]) -> list[str]:
    """One line per input that was read, and one for those that were cut off."""
    lines = [
        f"detect: {names[name]}: {_found(Fex(fex[fex['input'] == name]))}"
        for name in fex["input"].unique()
    ]
    problem = fex.attrs.get("problem")
    return lines + ([f"detect: {problem}; what was read is kept"] if problem else [])


def _found(fex: Fex) -> str:
    """``472 frames, 1 face (seen in 472)`` and the like."""
    frames = fex.groupby("input")["frame"].nunique().sum()
    seen = fex[fex["status"] == "ok"]
    people = seen.groupby(["input", "face_id"]).ngroups
    noun = "face" if people == 1 else "faces"
    with_face = seen.groupby("input")["frame"].nunique().sum()
    return f"{frames} frames, {people} {noun}, a face in {with_face} frames"


def _versions() -> dict[str, str]:
    names = ("av", "jax", "numpy", "pandas")
    return {
        "genface": genface.__version__,
        "python": platform.python_version(),
        **{name: version(name) for name in names},
    }
