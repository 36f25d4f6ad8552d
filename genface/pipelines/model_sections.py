"""What a page tells of a behaviour model: graph, visits, forecast."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from genface.behavior import BehaviorModel
from genface.behavior.forecast_plots import draw_dwell, draw_forecast
from genface.behavior.graph import StateGraph, state_graph
from genface.behavior.graph_plots import draw_graph
from genface.behavior.visits import visits_of
from genface.errors import InputError
from genface.pipelines.au_tracks import Track, columns_of
from genface.pipelines.page import Section
from genface.pipelines.state_faces import state_pictures

FORECAST_SECONDS = 5.0
PATHS = 200


def graph_of(model: BehaviorModel) -> StateGraph:
    """States and moves of a model, with the AUs that set each state apart."""
    return state_graph(
        model.trans,
        model.fps,
        model.state_means,
        model.columns,
        dwell_seconds=model.dwell_seconds,
        share=model.occupancy,
    )


def graph_figure(model: BehaviorModel, reference: np.ndarray | None = None) -> Any:
    """The state graph with a face in each disc, where the avatar has the AUs.

    ``reference`` AUs (T, A) calibrate presence scores before they are drawn.
    """
    pictures = None
    try:
        pictures = state_pictures(
            model.state_means, model.columns, model.au_scale, reference=reference
        )
    except InputError:  # none of the columns is one that the avatar has
        pass
    return draw_graph(graph_of(model), pictures)


def add_graph(section: Section, model: BehaviorModel, real: Track) -> Section:
    """Add the state graph and the histogram of visits."""
    values = columns_of(real, model.columns).values
    section.figure(
        graph_figure(model, values),
        "Each disc is a state with the face of its mean AUs; follow the wide arrows to "
        "see which expression usually comes next.",
    )
    visits = visits_of(model.states(values))
    longest = 4 * int(visits.frames.max(initial=1)) + 50
    laws = [model.dwell_law(k, longest) for k in range(model.n_states)]
    return section.figure(
        draw_dwell(visits, model.fps, laws),
        "Bars above the line at some length are visits that the model does not expect "
        "to last that long.",
    )


def forecast_section(model: BehaviorModel, real: Sequence[Track]) -> Section | None:
    """The end of the first real track against forecasts from what came before it."""
    values = columns_of(real[0], model.columns).values
    horizon = min(round(FORECAST_SECONDS * model.fps), len(values) // 4)
    if horizon < 2:
        return None
    history, future = values[:-horizon], values[-horizon:]
    section = Section("Forecast")
    try:
        paths = model.forecast(history, horizon, PATHS)
        gained = model.score_continuation(history, future)
    except InputError as error:
        return section.text(f"No forecast: {error}")
    section.figure(
        draw_forecast(
            paths, model.columns, model.fps, real=future, history=history[-horizon:]
        ),
        "The real AUs should stay inside the wide band nine times out of ten and move "
        "about as much as the thin line does.",
    )
    return section.text(
        f"{PATHS} continuations of the frames before 0 s"
        f"{' of the first clip' if len(real) > 1 else ''}. The real frames after it "
        f"have {gained:.1f} nats each given those before. Of a model that was fitted "
        "to these frames, the held-out score above is the honest figure."
    )
