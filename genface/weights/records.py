"""What is known of an asset that is not pinned: hashes at its first pull, and after.

One JSON file beside the converted arrays: each original's sha256, commit and place,
the arrays' own sha256, and facts such as a network's configuration.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from genface.errors import InputError, WeightError
from genface.files import cache_dir, read_json, write_json
from genface.weights.asset import Asset
from genface.weights.sources import Member


@dataclass(frozen=True)
class Original:
    """One original file: its hash, where it came from, and the hub's commit."""

    sha256: str
    place: str
    revision: str | None = None


@dataclass(frozen=True)
class Record:
    """Originals by role; the converted arrays' hash, what converted them, and facts."""

    originals: Mapping[str, Original]
    arrays_sha256: str
    conversion: int
    facts: Mapping[str, Any]


def folder() -> Path:
    """Where converted arrays and their records are."""
    return cache_dir() / "networks"


def arrays_path(entry: Asset) -> Path:
    """The file of converted arrays, whether it is there or not."""
    return folder() / f"{entry.name}.safetensors"


def record_of(entry: Asset) -> Record | None:
    """What was recorded of ``entry``; None if nothing was, or it cannot be read."""
    path = folder() / f"{entry.name}.json"
    try:
        facts = read_json(path)
        originals = {
            role: Original(**known) for role, known in facts.pop("originals").items()
        }
        return Record(originals, **facts)
    except (InputError, KeyError, TypeError, AttributeError):
        return None


def write_record(entry: Asset, record: Record) -> None:
    """Keep ``record``."""
    write_json(folder() / f"{entry.name}.json", asdict(record))


def agreed(entry: Asset, role: str, found: str, force: bool) -> None:
    """Refuse an original of another hash than at first, or than the pinned one.

    ``force`` accepts it.
    """
    record, source = record_of(entry), entry.sources[role]
    if record and role in record.originals:
        known, when = record.originals[role].sha256, "at the first pull"
    elif isinstance(source, Member):
        known, when = source.sha256, "the pinned one"
    else:
        return
    if known != found and not force:
        raise WeightError(
            f"{entry.name}: {source.path} is another file than {when} (sha256 "
            f"{found[:12]}..., expected {known[:12]}...); if that is right, pull or "
            "convert it with --force."
        )
