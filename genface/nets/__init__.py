"""Networks: forward passes as pure functions, and their weights by name."""

from genface.nets.loading import load
from genface.nets.tflite_graph import Network, compile_graph

__all__ = ["Network", "compile_graph", "load"]
