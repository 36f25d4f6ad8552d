"""A model folder in, what it holds as text and figures out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genface import files
from genface.behavior import BehaviorModel
from genface.behavior import plots as behavior_plots
from genface.behavior.forecast_plots import draw_forecast
from genface.behavior.graph import dwell_text
from genface.pipelines import outputs
from genface.pipelines.model_sections import PATHS, graph_figure, graph_of

SECONDS = 5.0


@dataclass(frozen=True)
class ShowResult:
    """The summary, a line each, and the figures written."""

    lines: tuple[str, ...]
    paths: tuple[Path, ...]


def show_model(
    model: Path | str, out: Path | str | None = None, *, force: bool = False
) -> ShowResult:
    """Describe a saved model; with ``out`` draw its figures into that folder."""
    folder = Path(model)
    loaded = BehaviorModel.load(folder)
    lines = tuple(summary(loaded, folder.name))
    if out is None:
        return ShowResult(lines, ())
    out = Path(out)
    this = outputs.job("show", {"model": files.sha256(folder / "arrays.npz")})
    if outputs.up_to_date(out, this, force):
        known = (p for p in out.iterdir() if p.name[0] != ".")
        return ShowResult((*lines, f"show: {out} is up to date"), tuple(sorted(known)))
    paths = []
    for name, figure in _figures(loaded):
        paths.append(out / f"{name}.png")
        with files.atomic(paths[-1]) as temporary:
            figure.savefig(temporary, dpi=150, metadata={"Software": None})
    paths.append(out / "graph.dot")
    files.write_text(paths[-1], graph_of(loaded).to_dot())
    outputs.record(out, this)
    return ShowResult(lines, tuple(paths))


def summary(model: BehaviorModel, name: str = "model") -> list[str]:
    """What a model is, and a line for each of its states."""
    chosen = next((row for row in model.selection if row["chosen"]), {})
    lines = [
        f"{name}: {model.family} HMM with {model.n_states} states, "
        f"{model.fps:.4g} frames a second",
        f"{len(model.columns)} AUs on the scale {model.au_scale}: "
        f"{' '.join(model.columns)}",
    ]
    if model.codec is not None:
        lines.append(f"states of {len(model.features)} emotions: ")
        lines[-1] += " ".join(model.features)
    if chosen.get("held_out") is not None:
        error = chosen.get("standard_error")
        lines.append(
            f"held out: {chosen['held_out']:.2f}"
            + (f" +- {error:.2f}" if error is not None else "")
            + f" nats per frame, chosen from {len(model.selection)} candidates"
        )
    lines += model.notes
    lines.append("state   time  visit   marked by")
    for node in graph_of(model).nodes:
        dwell = dwell_text(node.dwell_seconds)
        lines.append(f"{node.state:5}  {node.share:5.0%}  {dwell:<7} {node.label}")
    return lines


def _figures(model: BehaviorModel) -> Iterator[tuple[str, Any]]:
    yield "transitions", behavior_plots.draw_transitions(model)
    yield "graph", graph_figure(model)
    yield "states", behavior_plots.draw_state_means(model)
    if model.selection:
        yield "selection", behavior_plots.draw_selection(model.selection)
    horizon = max(2, round(SECONDS * model.fps))
    first = model.sample(horizon, seed=0)
    paths = model.forecast(first, horizon, PATHS)
    yield "forecast", draw_forecast(paths, model.columns, model.fps, history=first)
