"""The report of a run: what was found, the model, and real against synthetic."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import genface
from genface import weights
from genface.behavior import BehaviorModel
from genface.behavior import plots as behavior_plots
from genface.fex import Fex
from genface.pipelines import report_plots
from genface.pipelines.au_tracks import Track, columns_of, read_tracks
from genface.pipelines.card_sections import card_sections, short_section
from genface.pipelines.faces import inputs_of, times_of
from genface.pipelines.model_sections import add_graph, forecast_section
from genface.pipelines.page import Section, write_report
from genface.realism import Card
from genface.realism import plots as realism_plots

MAX_CLIP_BYTES = 12_000_000
CITED = ("numpy", "scipy", "jax", "pandas", "matplotlib", "av")


def run_report(
    fex: pd.DataFrame | Sequence[pd.DataFrame],
    model: BehaviorModel | None,
    synthetic: pd.DataFrame | Path | str | Sequence[Track],
    card: Card,
    clip_path: Path | str | None,
    out_path: Path | str,
    facts: Mapping | None = None,
    *,
    tracks: Sequence[Track] | None = None,
) -> Path:
    """Write the report page of a run as one file.

    ``fex`` is the table of detected faces, or several; ``tracks`` are the faces of it
    that were compared (the longest one of each input by default), ``clip_path`` is the
    rendered clip, which goes into the page if it is under 12 MB. ``facts`` are listed
    under provenance.
    """
    tables = [fex] if isinstance(fex, pd.DataFrame) else list(fex)
    real = list(tracks) if tracks is not None else read_tracks(tables)
    if isinstance(synthetic, pd.DataFrame | Path | str):
        synthetic = read_tracks(synthetic, "all")
    sections = [short_section(card)]
    found = found_section(tables, clip_path)
    sections += [found] if found.parts else []
    sections.append(traces_section(real, synthetic, card))
    if model is not None:
        sections += [
            states_section(model, real, synthetic),
            selection_section(model),
        ]
        forecast = forecast_section(model, real)
        sections += [forecast] if forecast else []
    sections += [
        *card_sections(card, real, synthetic),
        limits_section(model, card, tables),
        provenance_section(tables, model, facts or {}),
    ]
    name = _clip_name(tables[0]) or real[0].name
    lead = f"{name}: {len(real[0].times)} frames of face {real[0].face_id}"
    if len(real) > 1:
        lead = f"{len(real)} real clips, {len(synthetic)} synthetic ones"
    if model is not None:
        lead += f", a {model.family} HMM with {model.n_states} states"
    return write_report(
        out_path,
        "Real against synthetic facial behaviour",
        f"{lead}; genface {genface.__version__}.",
        sections,
    )


def found_section(
    tables: Sequence[pd.DataFrame], clip_path: Path | str | None
) -> Section:
    """The rendered clip, and which faces were seen when; may be empty."""
    section = Section("What was found")
    if clip_path is not None:
        clip = Path(clip_path)
        if clip.stat().st_size <= MAX_CLIP_BYTES:
            section.clip(
                clip,
                "Watch whether the avatar of the synthetic AUs moves as calmly and as "
                "often as that of the real AUs; it is not meant to do the same at the "
                "same moment.",
            )
        else:
            section.text(f"The moving result is in {clip.name}, too large to put here.")
    clips = [
        (_clip_name(rows) or f"table {number}", rows)
        for number, table in enumerate(tables, start=1)
        for _, rows in inputs_of("", Fex(table))
        if {"face_id", "frame"} <= set(rows.columns)
    ]
    if not clips:
        return section
    name, first = clips[0]
    counts = [_counts(rows) for _, rows in clips]
    frames, people, seen = np.sum(counts, axis=0)
    faces = "face" if people == 1 else "faces"
    if len(clips) == 1:
        section.text(
            f"{frames} frames; {people} {faces}, at least one in {seen} frames."
        )
    else:
        section.text(
            f"{len(clips)} clips, {frames} frames, at least one face in {seen} of "
            f"them; the figure shows the first clip, {name}."
        )
        header = ["clip", "frames", "faces", "frames with a face"]
        told = zip(clips, counts, strict=True)
        section.table(header, [[one, *map(str, n)] for (one, _), n in told])
    return section.figure(
        report_plots.draw_faces(first, times_of(first)),
        "Look for gaps and for a second person: only unbroken stretches of one face "
        "teach the model how states follow each other.",
    )


def traces_section(
    real: Sequence[Track], synthetic: Sequence[Track], card: Card
) -> Section:
    """AU traces of the first of both sides, and the distributions of all."""
    left, right = (
        [columns_of(track, card.columns).values for track in side]
        for side in (real, synthetic)
    )
    section = Section("Action Units")
    if len(real) > 1 or len(synthetic) > 1:
        section.text(
            "The courses are those of the first clip of each side, the distributions "
            "those of all."
        )
    section.figure(
        realism_plots.draw_traces(left[0], right[0], card.columns, real[0].fps),
        "Compare the character of the left and the right part of each lane (how high, "
        "how often, how abrupt); lanes share one scale.",
    )
    return section.figure(
        realism_plots.draw_distributions(
            np.concatenate(left), np.concatenate(right), card.columns
        ),
        "The closer the two curves of an AU, the more alike its values are spread.",
    )


def states_section(
    model: BehaviorModel, real: Sequence[Track], synthetic: Sequence[Track]
) -> Section:
    """State sequences, transitions and the faces that the states stand for."""
    section = Section("States")
    if len(real) > 1 or len(synthetic) > 1:
        section.text(
            "The sequences of states are those of the first clip of each side, the "
            "lengths of visits those of the first real one."
        )
    paths = {}
    for name, track in (("real", real[0]), ("synthetic", synthetic[0])):
        values = columns_of(track, model.columns).values
        paths[name] = (track.times - track.times[0], model.states(values))
    section.figure(
        behavior_plots.draw_states(paths, model.n_states),
        "Look whether states last about as long and come back about as often below as "
        "above.",
    )
    section.figure(
        behavior_plots.draw_transitions(model),
        "A dark diagonal means that states last; elsewhere a dark cell is a usual next "
        "state.",
    )
    add_graph(section, model, real[0])
    return section.figure(
        behavior_plots.draw_state_means(model),
        "Each row is one facial expression: its dark cells are the AUs that are strong "
        "in that state.",
    )


def selection_section(model: BehaviorModel) -> Section:
    """How family and number of states were chosen."""
    section = Section("Choice of the model")
    section.text(
        "Each candidate was fitted to a part of the frames and judged on the others by "
        "the probability of what was seen there, on a grid of hundredths of an AU. The "
        "fewest states within one standard error of the best were taken."
    )
    section.figure(
        behavior_plots.draw_selection(model.selection),
        "Higher is better; where a curve flattens, more states describe chance.",
    )
    header = "family states held-out error AIC BIC ICL parameters stop".split()
    rows = [
        [
            row["family"],
            str(row["n_states"]),
            _figure(row["held_out"], 2),
            _figure(row["standard_error"], 2),
            _figure(row["aic"], 0),
            _figure(row["bic"], 0),
            _figure(row["icl"], 0),
            str(row["n_parameters"] or ""),
            str(row["stop"] or ""),
        ]
        for row in model.selection
    ]
    marked = [i for i, row in enumerate(model.selection) if row["chosen"]]
    section.table(header, rows, marked)
    stops = [run["stop"] for run in model.runs]
    told = ", ".join(f"{stops.count(s)} by {s}" for s in sorted(set(stops)))
    if stops:
        section.text(
            f"{len(stops)} fits ended: {told} (tol: converged; cap: out of iterations)."
        )
    return section.text("Held-out score and error in nats per frame.")


def limits_section(
    model: BehaviorModel | None, card: Card, tables: Sequence[pd.DataFrame]
) -> Section:
    """What the reader should not conclude, in plain words."""
    notes = []
    lists = [table.attrs.get("unseen_aus") or () for table in tables]
    unseen = sorted({name for names in lists for name in names})
    if unseen:
        notes.append(
            f"{', '.join(unseen)} cannot be seen by this detector; nothing here says "
            "anything about them."
        )
    if model is not None:
        notes += [f"{note[0].upper()}{note[1:]}." for note in model.notes]
        notes.append(
            "The model gives each AU its own noise within a state, so AUs move "
            "together only as far as states make them."
        )
        notes.append(
            "Each frame of a sample follows from the one before."
            if model.remembers
            else f"The {model.family} family draws each frame afresh within a state: "
            "a synthetic face trembles. The logistic and ar families do not."
        )
    notes.append(
        "AUs are estimates from a video, not codings by a person, and emotions are "
        "names for patterns of AUs, not for what somebody felt."
    )
    if card.n_real == 1:
        notes.append(
            "One clip of one person: nothing here holds for people in general."
        )
    return Section("What this does not show").notes(notes)


def provenance_section(
    tables: Sequence[pd.DataFrame], model: BehaviorModel | None, facts: Mapping
) -> Section:
    """Versions, hashes, parameters and licences."""
    rows = [["genface", genface.__version__]]
    rows += [[name, version(name)] for name in CITED]
    given = {
        **_table_facts(tables),
        **(
            {f"model {key}": value for key, value in model.facts.items()}
            if model
            else {}
        ),
        **facts,
    }
    for key, value in given.items():
        rows += _flat(key, value)
    section = Section("Provenance").table(["what", "value"], rows, wrap=True)
    named = dict.fromkeys(n for t in tables for n in t.attrs.get("weights") or ())
    used = [name for name in named if name in weights.ASSETS]
    section.text("Licences of the detector's weights:")
    return section.notes(
        f"{name}: {weights.asset(name).licence}"
        for name in used or weights.FACEMESH_ASSETS
    )


def _table_facts(tables: Sequence[pd.DataFrame]) -> dict[str, object]:
    """Facts of the tables: once if they are those of all, else by number of table."""
    if len(tables) == 1:
        return {f"table {key}": value for key, value in tables[0].attrs.items()}
    told: dict[str, object] = {}
    for key in dict.fromkeys(key for table in tables for key in table.attrs):
        values = [table.attrs.get(key) for table in tables]
        if len({str(value) for value in values}) == 1:
            told[f"all real tables {key}"] = values[0]
        else:
            told |= {f"real table {n} {key}": v for n, v in enumerate(values, start=1)}
    return told


def _flat(key: str, value: object) -> list[list[str]]:
    if isinstance(value, Mapping):
        return [row for k, v in value.items() for row in _flat(f"{key} / {k}", v)]
    return [[key, str(value)]]


def _counts(table: pd.DataFrame) -> tuple[int, int, int]:
    """Frames, faces, and frames with a face."""
    seen = table[table["face_id"].notna()]
    people = seen["face_id"].nunique()
    return table["frame"].nunique(), people, seen["frame"].nunique()


def _clip_name(fex: pd.DataFrame) -> str:
    if "input" not in fex.columns or fex["input"].isna().all():
        return ""
    return Path(str(fex["input"].dropna().iloc[0])).name


def _figure(value: float | None, digits: int = 3) -> str:
    if value is None:
        return "-"
    return f"{value:.{digits}f}" if digits != 3 else f"{value:.3g}"
