"""The whole job: video to table to model to samples to moving face to report."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from genface import weights
from genface.errors import InputError
from genface.fex import Fex
from genface.pipelines import outputs
from genface.pipelines.compare_sets import compare_sets
from genface.pipelines.detect_videos import detect_videos
from genface.pipelines.faces import face_choice
from genface.pipelines.fit_behavior import fit_behavior
from genface.pipelines.progress import Progress, silent
from genface.pipelines.render_clip import render_clip
from genface.pipelines.sample_behavior import sample_behavior
from genface.video import probe

#: Emission families that compete for the model of a clip.
FAMILIES = ("poisson", "gaussian", "logistic")
SAMPLE_CLIP = "clip_wolfgang"


@dataclass(frozen=True)
class RunResult:
    """What was made; ``stopped`` says why the job ended early, if it did."""

    paths: tuple[Path, ...]
    stopped: str | None = None


def run_clip(
    clip: Path | str,
    out: Path | str,
    *,
    seconds: float | None = None,
    states: Iterable[int] = range(2, 9),
    seed: int = 0,
    face: str = "longest",
    detector: str = "facemesh",
    models: Mapping[str, str | None] | None = None,
    find_every: int | None = None,
    batch_size: int = 1,
    commercial: bool | None = None,
    offline: bool | None = None,
    force: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> RunResult:
    """Run every stage on one clip and write everything into the folder ``out``.

    Only the first ``seconds`` of the clip are used, if given; the synthetic
    behaviour goes on for as long as the real one lasted. Finished stages of an
    interrupted run are kept. A clip without a face stops after the table.
    ``detector`` and what belongs to it are as in :func:`detect_videos`.
    """
    clip, out = Path(clip), Path(out)
    progress, say = progress or silent, say or (lambda line: None)
    if face_choice(face) == "all":
        raise InputError("run follows one face; give --face longest or a face_id.")
    if seconds is not None and not 0 < seconds < math.inf:
        raise InputError(f"seconds {seconds}: expected a positive number.")
    outputs.check_folder(out)
    if probe(clip).is_image:
        raise InputError(
            f"{clip} is a picture, and behaviour needs time; name a clip, or use "
            "`genface detect` for the table alone."
        )

    table, model = out / "faces.csv", out / "model"
    synthetic, film = out / "synthetic.csv", out / "real_vs_synthetic.mp4"
    before = outputs.recorded(table)
    found = detect_videos(
        clip,
        out,
        end=seconds,
        detector=detector,
        models=models,
        find_every=find_every,
        batch_size=batch_size,
        commercial=commercial,
        offline=offline,
        force=force,
        progress=progress,
    )
    _say_all(say, found.lines)
    seen = bool((found.fex["status"] == "ok").any())
    if force and not (seen and outputs.recorded(table) == before):
        # What an earlier clip left behind; with a face it is made anew below.
        pages = (out / "avatar.html", out / "report.html", out / "card.json")
        for stale in (model, synthetic, film, film.with_suffix(".gif"), *pages):
            outputs.discard(stale)
    if not seen:
        return RunResult(
            found.paths,
            f"no face was found in {clip}; the table is written, and nothing else "
            "can be made of it.",
        )
    fitted = fit_behavior(
        [table],
        model,
        families=FAMILIES,
        states=tuple(states),
        seed=seed,
        face=face,
        force=force,
        progress=progress,
    )
    _say_all(say, fitted.lines)
    sampled = sample_behavior(
        model,
        synthetic,
        seconds=_duration(found.fex),
        seed=seed,
        continue_from=table,
        face=face,
        force=force,
    )
    _say_all(say, sampled.lines)
    drawn = render_clip(
        table,
        film,
        source=clip,
        synthetic=synthetic,
        model=model,
        face=face,
        force=force,
        progress=progress,
    )
    _say_all(say, drawn.lines)
    page = render_clip(table, out / "avatar.html", face=face, force=force)
    compared = compare_sets(
        [table],
        [synthetic],
        out,
        model=model,
        clip=film,
        seed=seed,
        face=face,
        force=force,
        progress=progress,
    )
    _say_all(say, compared.lines)
    films = (*drawn.paths, *page.paths)
    return RunResult((*found.paths, model, synthetic, *films, *compared.paths))


def run_demo(
    out: Path | str,
    *,
    offline: bool | None = None,
    force: bool = False,
    progress: Progress | None = None,
    say: Callable[[str], None] | None = None,
) -> RunResult:
    """Pull the weights and the sample clip, then :func:`run_clip` on it."""
    outputs.check_folder(Path(out))
    names = (*weights.FACEMESH_ASSETS, SAMPLE_CLIP)
    *_, clip = weights.pull(names, offline=offline, progress=progress)
    return run_clip(clip, out, offline=offline, force=force, progress=progress, say=say)


def _duration(fex: Fex) -> float:
    """Seconds from the first frame to the end of the last."""
    times = fex["time"].to_numpy()
    return float(times.max() - times.min()) + 1 / float(fex.attrs["fps"])


def _say_all(say: Callable[[str], None], lines: Iterable[str]) -> None:
    for line in lines:
        say(line)
