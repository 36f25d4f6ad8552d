"""Networks: forward passes as pure functions, and their weights by name.

Networks ported from torch are bound on first use, so that the detector of every day
does not load flax.
"""

from importlib import import_module
from typing import Any

from genface.nets.loading import load
from genface.nets.tflite_graph import Network, compile_graph

_LATER = {
    **dict.fromkeys(("PORTS", "Ported", "from_torch"), "ported"),
    **dict.fromkeys(
        ("config_of", "convert", "load_classifiers", "load_ported", "pull"),
        "pulled",
    ),
}

__all__ = ["Network", "compile_graph", "load", *_LATER]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Import a port's names on first use (PEP 562)."""
    if name not in _LATER:
        raise AttributeError(f"module 'genface.nets' has no attribute {name!r}")
    return getattr(import_module(f"genface.nets.{_LATER[name]}"), name)
