"""A folder of pictures: shards of about 500, written by several processes."""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from experiments.synthetic_faces import head, sampling
from genface.errors import InputError
from genface.facs import AU_NAMES
from genface.files import atomic, read_json, sha256, write_json

PER_SHARD = 500  # pictures at most, but for one person: people are not divided
VERSION = 4  # of the pictures and labels that a seed gives


@dataclass(frozen=True)
class Plan:
    """What decides a set: equal plans give equal arrays."""

    people: int
    frames: int
    seed: int
    sampler: str
    size: int

    def shards(self) -> list[range]:
        """People of each shard."""
        each = max(1, PER_SHARD // self.frames)
        starts = range(0, self.people, each)
        return [range(s, min(s + each, self.people)) for s in starts]


def write(
    out: Path,
    plan: Plan,
    ict: Path = head.ICT_FILE,
    workers: int = 2,
    progress: Callable[[int, int, float], None] | None = None,
) -> None:
    """Write ``facts.json`` and ``part_000.npz`` ...; shards that are there are kept.

    ``progress`` gets pictures done, in all, and the seconds of CPU they took. Raises
    :class:`InputError` where the folder holds another set.
    """
    facts = _facts(plan, ict)
    path = out / "facts.json"
    if path.exists() and read_json(path) != facts:
        raise InputError(f"{out} holds another set; choose another folder.")
    write_json(path, facts)
    jobs = [
        (out / f"part_{k:03d}.npz", plan, people)
        for k, people in enumerate(plan.shards())
    ]
    jobs = [job for job in jobs if not job[0].exists()]
    total, done = sum(len(job[2]) for job in jobs) * plan.frames, 0
    cpu = 0.0
    for count, seconds in _results(jobs, ict, workers):
        done, cpu = done + count, cpu + seconds
        if progress:
            progress(done, total, cpu)


def shards(out: Path | str) -> list[Path]:
    """The shards of a set, in order; :class:`InputError` where there are none."""
    found = sorted(Path(out).glob("part_*.npz"))
    if not found:
        raise InputError(f"{out}: no part_*.npz; make a set first (see README.md).")
    return found


def beside(part: Path, kind: str) -> Path:
    """What was made of a shard, such as its ``meshes_000.npz`` or ``looks_000.npz``."""
    return part.with_name(part.name.replace("part", kind))


def _results(jobs, ict: Path, workers: int) -> Iterator[tuple[int, float]]:
    """Pictures of each shard as it is done, and what they took of CPU."""
    if workers == 1 or len(jobs) < 2:
        _prepare(ict)
        yield from map(_shard, jobs)
        return
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(workers, _prepare, (ict,)) as pool:
        yield from pool.imap_unordered(_shard, jobs)


def _facts(plan: Plan, ict: Path) -> dict:
    names: Sequence[str] = [str(name) for name in np.load(ict)["expression_names"]]
    return {
        **asdict(plan),
        "version": VERSION,
        "au_names": list(AU_NAMES),
        "sides": list(sampling.SIDES),
        "shape_names": list(names),
        "au_shapes": {
            f"AU{number:02d}": weights for number, weights in sampling.AU_SHAPES.items()
        },
        "ict_sha256": sha256(ict),
        "versions": {name: version(name) for name in ("numpy", "numba", "jax")},
    }


_studio = None  # of a worker process


def _prepare(ict: Path) -> None:
    global _studio
    from experiments.synthetic_faces.studio import Studio

    _studio = Studio.of(head.load(ict))


def _shard(job: tuple[Path, Plan, range]) -> tuple[int, float]:
    """Photograph some people: how many pictures that made, and seconds of CPU."""
    start = time.process_time()
    path, plan, people = job
    taken = [
        _studio.photograph((plan.seed, person), plan.frames, plan.sampler, plan.size)
        for person in people
    ]
    arrays = {name: np.concatenate([one[name] for one in taken]) for name in taken[0]}
    arrays["person"] = np.repeat(np.array(people, np.int32), plan.frames)
    arrays["frame"] = np.tile(np.arange(plan.frames, dtype=np.int32), len(people))
    with atomic(path) as temporary:
        np.savez(temporary, **arrays)
    return len(arrays["person"]), time.process_time() - start
