"""Ported networks and classifiers by name: pulled, converted once, and loaded.

Converted arrays are a safetensors file in the cache, under our own paths; see
:func:`genface.nets.conversion.arrays_of`. It is made anew where it is not the one that
was recorded, or an older version of this module made it.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from genface import weights
from genface.errors import InputError, WeightError
from genface.files import atomic, sha256
from genface.nets import conversion, published
from genface.nets.hog_classifiers import HogClassifiers
from genface.nets.ported import PORTS, Ported
from genface.weights.asset import Asset, Kind
from genface.weights.cache import OK, status
from genface.weights.hub_download import Fetched
from genface.weights.licences import permitted, tell
from genface.weights.pip_download import Progress
from genface.weights.records import (
    Original,
    Record,
    agreed,
    arrays_path,
    record_of,
    write_record,
)
from genface.weights.state_files import read_safetensors

CONVERSION = 2  # to be raised when the same file becomes other arrays

# By the file and the time of its making.
_in_use: WeakValueDictionary[tuple[Path, int], Ported] = WeakValueDictionary()


def load_ported(
    name: str,
    offline: bool | None = None,
    progress: Progress | None = None,
    commercial: bool | None = None,
) -> Ported:
    """The network ``name`` with its published weights, pulled if need be.

    ``offline``, ``progress`` and ``commercial`` as in :func:`genface.weights.pull`. A
    :class:`WeightError` where the weights cannot be had, do not fit, or, with
    ``commercial``, may not be used so. As long as it is in use somewhere, it is the
    same network, so that its programs are compiled once.
    """
    entry = _entry(name, "network")
    [made] = pull([entry.name], False, offline, progress, commercial)
    kept = (made, made.stat().st_mtime_ns)
    network = _in_use.get(kept)
    if network is None:
        model = PORTS[name].build()
        conversion.load_arrays(model, read_safetensors(made).arrays)
        network = _in_use[kept] = Ported(name, model)
    return network


def load_classifiers(
    name: str,
    offline: bool | None = None,
    progress: Progress | None = None,
    commercial: bool | None = None,
) -> HogClassifiers:
    """The same of ``xgb_au``, ``svm_au`` and ``svm_emo``.

    Their outputs are ``config_of(name)["outputs"]``: ``AU_NAMES``, or seven emotions.
    """
    entry = _entry(name, "classifiers")
    [made] = pull([entry.name], False, offline, progress, commercial)
    return HogClassifiers.of_arrays(read_safetensors(made).arrays)


def config_of(
    name: str,
    offline: bool | None = None,
    progress: Progress | None = None,
    commercial: bool | None = None,
) -> dict[str, Any]:
    """Facts that come with a network's weights; empty where none do.

    ``img2pose``: ``points`` (68, 3), ``pose_mean`` and ``pose_std`` (6,), ``min_side``,
    ``max_side``. ``pose_mlp_v2``: ``y_mean`` and ``y_std`` (6,). Classifiers:
    ``outputs``. Where the files have a configuration, it is ``config`` as it stands.
    """
    entry = _entry(name)
    pull([entry.name], False, offline, progress, commercial)
    record = record_of(entry)
    return dict(record.facts) if record else {}


def pull(
    names: Iterable[str],
    force: bool = False,
    offline: bool | None = None,
    progress: Progress | None = None,
    commercial: bool | None = None,
) -> list[Path]:
    """Pull assets of any kind and convert what needs to be; where each of them is.

    What is there stays, unless forced; see :func:`genface.weights.pull`.
    """
    entries = [weights.asset(name) for name in names]
    for entry in entries:
        permitted(entry, commercial)
    wanted = [entry for entry in entries if force or not _is_made(entry)]
    files = weights.originals(wanted, force, offline, progress)
    for entry in wanted:
        if entry.is_converted:
            _converted(entry, files[entry.name])
    return [weights.asset_path(entry) for entry in entries]


def convert(
    name: str,
    files: Sequence[Path | str],
    force: bool = False,
    commercial: bool | None = None,
) -> Path:
    """Convert local files of a network into the cache; the path of the arrays.

    ``files`` in the order of the registry: weights, then the configuration if there is
    one. ``force`` accepts others than at the first pull.
    """
    entry = _entry(name)
    permitted(entry, commercial)
    wanted = [source.path for source in entry.sources.values()]
    if len(files) != len(wanted):
        raise WeightError(
            f"{name} is made from {', '.join(wanted)}, in this order; expected "
            f"{len(wanted)} of them, got {len(files)}."
        )
    paths = [Path(file) for file in files]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise WeightError(f"{', '.join(missing)}: no such file.")
    known = [Fetched(path, sha256(path)) for path in paths]
    found = dict(zip(entry.sources, known, strict=True))
    for role, file in found.items():
        agreed(entry, role, file.sha256, force)
    tell(entry)
    return _converted(entry, found, "a local file")


def _entry(name: str, kind: Kind | None = None) -> Asset:
    known = {
        key: entry
        for key, entry in weights.ASSETS.items()
        if entry.is_converted and kind in (None, entry.kind)
    }
    return weights.asset(name, known)


def _is_made(entry: Asset) -> bool:
    """Whether what is kept of an asset is there as it should be."""
    if status(entry) != OK:
        return False
    record = record_of(entry)
    return not entry.is_converted or (
        record is not None and record.conversion == CONVERSION
    )


def _converted(
    entry: Asset, files: Mapping[str, Fetched], place: str | None = None
) -> Path:
    """Write the arrays, then the record: without it the arrays count for nothing.

    ``place`` is where the files are from, if it is not where the registry says.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    try:
        arrays, facts = published.read(
            entry, {role: file.path for role, file in files.items()}
        )
    except (InputError, WeightError) as error:
        told = str(error)
        where = "" if told.startswith(entry.name) else f"{entry.name}: "
        raise WeightError(f"{where}{told}") from None
    known = {
        role: Original(file.sha256, place or entry.sources[role].place, file.revision)
        for role, file in files.items()
    }
    path = arrays_path(entry)
    try:
        with atomic(path) as temporary:
            mode = temporary.stat().st_mode
            save_file(
                {k: np.asarray(v, order="C") for k, v in arrays.items()}, temporary
            )
            temporary.chmod(mode)  # else nobody but the user may read it
            digest = sha256(temporary)
        write_record(entry, Record(known, digest, CONVERSION, facts))
    except (OSError, SafetensorError) as error:
        raise WeightError(
            f"{entry.name}: cannot write to the cache {weights.cache_dir()} ({error}); "
            "free some space, or set GENFACE_CACHE to another folder."
        ) from None
    return path
