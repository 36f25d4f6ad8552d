"""Places for the states of a graph: on a circle, linked states side by side."""

import numpy as np

# Free space between neighbours in radii of the largest disc: least, and more for few.
GAP, GAP_OF_FEW = 0.9, 6.0


def circle_layout(weights: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Centres (K, 2) of discs of ``radii`` (K,) that do not overlap.

    On a circle no straight link passes behind a third disc. State 0 is on top (of two,
    on the left); the others follow clockwise in the order that keeps links of large
    ``weights`` (K, K) short. y runs up, the circle's centre is (0, 0). The same input
    gives the same places.
    """
    radii = np.asarray(radii, np.float64)
    K = len(radii)
    if K == 1:
        return np.zeros((1, 2))
    order = circular_order(weights)
    reach = (
        radii[order] + np.roll(radii[order], -1) + (GAP + GAP_OF_FEW / K) * radii.max()
    )
    radius = _circle_radius(reach)
    steps = 2 * np.arcsin(np.minimum(reach / (2 * radius), 1.0))
    steps += (2 * np.pi - steps.sum()) / K
    first = np.pi if K == 2 else np.pi / 2
    angle = first - np.concatenate([[0.0], np.cumsum(steps)[:-1]])
    places = np.empty((K, 2))
    places[order] = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return places


def circular_order(weights: np.ndarray) -> np.ndarray:
    """Order (K,) of states around a circle in which the weighted links are short.

    Descent by swapping two states or turning a stretch of them round, from 0, 1, 2,
    ... until neither helps: a local optimum.
    """
    weights = np.asarray(weights, np.float64)
    weights = weights + weights.T
    K = len(weights)
    step = np.abs(np.subtract.outer(np.arange(K), np.arange(K)))
    chord = np.sin(np.pi * step / K)
    order, best = np.arange(K), np.inf
    while True:
        trials = _variants(order)
        costs = [(weights[np.ix_(trial, trial)] * chord).sum() for trial in trials]
        least = int(np.argmin(costs))
        if not costs[least] < best - 1e-9:
            break
        order, best = trials[least], costs[least]
    order = np.roll(order, -int(np.argmin(order)))
    # Both ways round are equally good; the smaller neighbour goes first.
    return order if order[1] <= order[-1] else np.roll(order[::-1], 1)


def _variants(order: np.ndarray) -> list[np.ndarray]:
    """The order itself, then each swap and each reversal of it."""
    found = [order]
    for i in range(len(order) - 1):
        for j in range(i + 1, len(order)):
            swapped, turned = order.copy(), order.copy()
            swapped[[i, j]] = order[[j, i]]
            turned[i : j + 1] = order[i : j + 1][::-1]
            found += [swapped, turned]
    return found


def _circle_radius(reach: np.ndarray) -> float:
    """Smallest circle on which neighbours are ``reach`` (K,) apart, by bisection."""
    low, high = reach.max() / 2, reach.sum()
    for _ in range(60):
        middle = (low + high) / 2
        if 2 * np.arcsin(reach / (2 * middle)).sum() > 2 * np.pi:
            low = middle
        else:
            high = middle
    return float(high)
