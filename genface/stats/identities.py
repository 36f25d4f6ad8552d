"""Who is who: identity embeddings grouped into persons."""

from typing import Literal

import numpy as np
import pandas as pd
from sklearn.cluster import HDBSCAN

from genface.errors import InputError, warn
from genface.stats.selections import numbers
from genface.table import groups

Method = Literal["gallery", "hdbscan", "connected"]

COMPARISONS = 2**22
"""Pairs of faces compared at once."""


def compute_identities(
    frame: pd.DataFrame,
    threshold: float = 0.8,
    method: Method = "gallery",
    min_cluster_size: int = 2,
    inplace: bool = False,
) -> pd.DataFrame:
    """The table with ``Identity`` from its embeddings; see :func:`cluster_identities`.

    Faces are taken input by input and frame by frame, whatever the order of the rows.
    Two faces of one frame that become the same person are a warning: no person is
    there twice, so the threshold may be too low.
    """
    names = groups(frame.columns)["identity"]
    if not names:
        raise InputError("the table has no identity embeddings (Identity_1, ...).")
    embeddings = numbers(pd.DataFrame(frame[list(names)]), "identities").to_numpy()
    order = _in_time(frame)
    labels = np.empty(len(frame), dtype=object)
    labels[order] = cluster_identities(
        embeddings[order], threshold, method, min_cluster_size
    )
    table = frame if inplace else frame.copy()
    table["Identity"] = labels
    if {"input", "frame"} <= set(table.columns):
        known = table[["input", "frame"]].assign(who=labels)
        known = known[known["who"].notna() & (known["who"] != "Unknown")]
        twice = known.duplicated()
        if twice.any():
            first = known[twice].iloc[0]
            warn(
                f"{twice.sum()} faces are the same person as another of their frame; "
                f"the first: {first['who']}, {first['input']} frame {first['frame']}."
            )
    return table


def cluster_identities(
    embeddings: np.ndarray,
    threshold: float = 0.8,
    method: Method = "gallery",
    min_cluster_size: int = 2,
) -> np.ndarray:
    """Names (N,) ``Person_0``, ``Person_1``, ... in order of appearance, of (N, D).

    By cosine similarity. ``gallery``: each face in turn joins the person whose mean it
    is most like, if by ``threshold`` at least, or is a new one. ``connected``: chains
    of faces more alike than ``threshold`` are one person. ``hdbscan``: dense groups,
    in which each face is like ``min_cluster_size`` - 1 others (one or more) by
    ``threshold``; a face outside of them is ``Unknown``, and so are all where there
    are fewer than ``min_cluster_size``. Embeddings that are not finite, or all 0, are
    NaN, with a warning.
    """
    known = {"gallery": _gallery, "connected": _connected}
    if method not in (*known, "hdbscan"):
        raise InputError(
            f"method={method!r}: use one of {', '.join([*known, 'hdbscan'])}."
        )
    if not -1 <= threshold <= 1:
        raise InputError(f"threshold={threshold}: a cosine lies between -1 and 1.")
    if method == "hdbscan" and not (
        min_cluster_size >= 2 and min_cluster_size % 1 == 0
    ):
        raise InputError(
            f"min_cluster_size={min_cluster_size}: give a whole number of faces, 2 or "
            "more."
        )
    embeddings = np.asarray(embeddings, dtype=float)
    labels = np.full(len(embeddings), np.nan, dtype=object)
    length = np.linalg.norm(embeddings, axis=1)
    usable = np.isfinite(length) & (length > 0)
    if not usable.all():
        warn(
            f"{(~usable).sum()} of {len(usable)} rows have no identity embedding and "
            "get no Identity."
        )
    if not usable.any():
        return labels
    unit = embeddings[usable] / length[usable, None]
    if method == "hdbscan":
        codes = _dense(unit, threshold, int(min_cluster_size))
    else:
        codes = known[method](unit, threshold)
    order: dict[int, str] = {}
    for code in codes[codes >= 0]:
        order.setdefault(int(code), f"Person_{len(order)}")
    labels[usable] = [order.get(int(code), "Unknown") for code in codes]
    return labels


def _in_time(frame: pd.DataFrame) -> np.ndarray:
    """Positions of rows by input, as these appear, then frame; stable."""
    rows = pd.DataFrame(index=np.arange(len(frame)))
    if "input" in frame.columns:
        rows["input"] = pd.factorize(frame["input"])[0]
    if "frame" in frame.columns:
        rows["frame"] = frame["frame"].to_numpy()
    known = list(rows.columns)
    return (rows.sort_values(known, kind="stable") if known else rows).index.to_numpy()


def _gallery(unit: np.ndarray, threshold: float) -> np.ndarray:
    """Sequential leader clustering with running means."""
    codes = np.empty(len(unit), dtype=int)
    sums = np.empty_like(unit)
    centres = np.empty_like(unit)
    n = 0
    for i, face in enumerate(unit):
        alike = centres[:n] @ face
        best = int(alike.argmax()) if n else -1
        if n == 0 or alike[best] < threshold:
            best, n = n, n + 1
            sums[best] = 0
        sums[best] += face
        centres[best] = sums[best] / np.linalg.norm(sums[best])
        codes[i] = best
    return codes


def _connected(unit: np.ndarray, threshold: float) -> np.ndarray:
    """Components of the graph of likeness, each grown from its first face.

    A face is compared only with those not yet reached, and no more than
    :data:`COMPARISONS` are held at once, however many links there are.
    """
    codes = np.full(len(unit), -1)
    apart = np.arange(len(unit))
    component = -1
    while len(apart):
        component += 1
        waiting, apart = apart[:1], apart[1:]
        codes[waiting] = component
        while len(waiting) and len(apart):
            count = max(1, COMPARISONS // len(apart))
            some, waiting = waiting[:count], waiting[count:]
            alike = (unit[apart] @ unit[some].T > threshold).any(1)
            codes[apart[alike]] = component
            waiting = np.concatenate([waiting, apart[alike]])
            apart = apart[~alike]
    return codes


def _dense(unit: np.ndarray, threshold: float, smallest: int) -> np.ndarray:
    """Groups of DBSCAN* at ``threshold``, joined where HDBSCAN takes them for one.

    Both are branches of one tree. DBSCAN* finds a person who is there alone, and leaves
    out faces like nobody's; HDBSCAN does neither. (scikit-learn's own mixture of them,
    ``cluster_selection_epsilon``, fails under numpy 2.4 where a person has parts.)
    """
    if len(unit) < smallest:
        return np.full(len(unit), -1)
    model = HDBSCAN(min_cluster_size=smallest, copy=True).fit(unit)
    reach = float(np.sqrt(2 - 2 * threshold))  # Euclidean distance at that cosine
    codes = model.dbscan_clustering(reach, smallest)
    for group in range(model.labels_.max() + 1):
        parts = np.unique(codes[(model.labels_ == group) & (codes >= 0)])
        codes[np.isin(codes, parts)] = parts.min(initial=len(codes))
    return codes
