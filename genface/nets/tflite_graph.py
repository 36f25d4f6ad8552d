"""A tflite graph as one pure JAX function with its weights beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from genface.errors import ShapeError, WeightError
from genface.nets.tflite_ops import Function, build, data_inputs
from genface.weights.tflite import Graph


@dataclass(frozen=True)
class Network:
    """A jitted forward pass and its parameters.

    ``apply(params, x)`` takes (N, H, W, 3) float32 and gives the outputs by name, each
    with N first. ``constants`` holds index lists that came with the weights.
    """

    params: dict[str, jax.Array]
    apply: Callable[[dict[str, jax.Array], jax.Array], dict[str, jax.Array]]
    input_shape: tuple[int, ...]
    constants: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __call__(self, x: Any) -> dict[str, jax.Array]:
        """Outputs for a batch; another height, width or depth is a ShapeError."""
        if np.shape(x)[1:] != self.input_shape:
            expected = ", ".join(map(str, self.input_shape))
            raise ShapeError(
                f"expected a batch of shape (N, {expected}), got {np.shape(x)}."
            )
        return self.apply(self.params, jnp.asarray(x, jnp.float32))


@dataclass(frozen=True)
class _Step:
    """One operator: where its inputs and weights are found, and what it does."""

    inputs: tuple[int, ...]
    output: int
    weights: Mapping[str, str]
    function: Function


def compile_graph(
    graph: Graph,
    outputs: Mapping[str, tuple[str, tuple[int, ...]]] | None = None,
    inner: Mapping[str, str] | None = None,
) -> Network:
    """The network of a graph with one input; an unknown operator is a WeightError.

    ``outputs`` renames and reshapes: name in the file -> (name, shape without N). By
    default every output keeps the file's name and shape. ``inner`` gives tensors that
    are computed on the way, name in the file -> name, besides the outputs.
    """
    if len(graph.inputs) != 1:
        raise WeightError(f"a network with {len(graph.inputs)} inputs; expected one.")
    steps, arrays = _steps(graph)
    fixed = {number: f"constant.{number}" for number in _constant_inputs(graph)}
    arrays |= {name: graph.constants[number] for number, name in fixed.items()}
    (entry,) = graph.inputs
    exits = [(*_renamed(graph, number, outputs), number) for number in graph.outputs]
    exits += [_inner(graph, *names, steps) for names in (inner or {}).items()]

    def forward(params: dict[str, jax.Array], x: jax.Array) -> dict[str, jax.Array]:
        values = {number: params[name] for number, name in fixed.items()}
        values[entry] = x
        for step in steps:
            weights = {key: params[name] for key, name in step.weights.items()}
            inputs = [values[number] for number in step.inputs]
            values[step.output] = step.function(*inputs, **weights)
        return {
            name: values[number].reshape(len(x), *shape)
            for name, shape, number in exits
        }

    params = jax.device_put(arrays)
    return Network(params, jax.jit(forward), graph.tensors[entry].shape[1:])


def _constant_inputs(graph: Graph) -> set[int]:
    """Constants that operators take where data are computed as a rule."""
    data = {number for operator in graph.operators for number in data_inputs(operator)}
    return data & set(graph.constants)


def _steps(graph: Graph) -> tuple[list[_Step], dict[str, np.ndarray]]:
    known = {*graph.inputs, *_constant_inputs(graph)}
    steps: list[_Step] = []
    arrays: dict[str, np.ndarray] = {}
    for number, operator in enumerate(graph.operators):
        weights, function = build(operator, graph)
        inputs = data_inputs(operator)
        if len(operator.outputs) != 1 or not known.issuperset(inputs):
            raise WeightError(f"{operator.name}: its inputs are computed nowhere.")
        names = {key: f"{number:03d}.{operator.name}.{key}" for key in weights}
        arrays |= {names[key]: value for key, value in weights.items()}
        steps.append(_Step(inputs, operator.outputs[0], names, function))
        known.add(operator.outputs[0])
    if not known.issuperset(graph.outputs):
        raise WeightError("an output of the network is computed nowhere.")
    return steps, arrays


def _inner(
    graph: Graph, name: str, ours: str, steps: list[_Step]
) -> tuple[str, tuple[int, ...], int]:
    for step in steps:
        if graph.tensors[step.output].name == name:
            return ours, graph.tensors[step.output].shape[1:], step.output
    raise WeightError(f"the network computes no {name}.")


def _renamed(
    graph: Graph,
    number: int,
    outputs: Mapping[str, tuple[str, tuple[int, ...]]] | None,
) -> tuple[str, tuple[int, ...]]:
    tensor = graph.tensors[number]
    if outputs is None:
        return tensor.name, tensor.shape[1:]
    if tensor.name not in outputs:
        raise WeightError(f"the network has an unexpected output {tensor.name}.")
    return outputs[tensor.name]
