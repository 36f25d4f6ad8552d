"""A TensorFlow Lite file as a graph: tensors, constants, operators with their options.

Field slots are those of the public schema (tensorflow/lite/schema/schema.fbs). What
only unpacks a constant (DEQUANTIZE of float16, DENSIFY) is folded while reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from genface.errors import WeightError
from genface.weights.flatbuffer import Table
from genface.weights.flexbuffer import read_map
from genface.weights.sparse import Level, densify

_DTYPES: dict[int, Any] = {
    **{0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8},
    **{4: np.int64, 9: np.int8},
}

_OPERATORS = {
    **{0: "ADD", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D"},
    **{5: "DEPTH_TO_SPACE", 6: "DEQUANTIZE", 17: "MAX_POOL_2D", 18: "MUL"},
    **{19: "RELU", 22: "RESHAPE", 23: "RESIZE_BILINEAR", 34: "PAD"},
    **{45: "STRIDED_SLICE", 54: "PRELU", 124: "DENSIFY"},
}
_CUSTOM = 32

# Options by operator: name, slot, struct code, default.
_ACTIVATION = "activation"
_WINDOW = (("padding", 0, "b", 0), ("stride_w", 1, "i", 1), ("stride_h", 2, "i", 1))
_OPTIONS: dict[str, tuple[tuple[str, int, str, int], ...]] = {
    "ADD": ((_ACTIVATION, 0, "b", 0),),
    "MUL": ((_ACTIVATION, 0, "b", 0),),
    "CONCATENATION": (("axis", 0, "i", 0), (_ACTIVATION, 1, "b", 0)),
    "CONV_2D": (
        *_WINDOW,
        (_ACTIVATION, 3, "b", 0),
        ("dilation_w", 4, "i", 1),
        ("dilation_h", 5, "i", 1),
    ),
    "DEPTHWISE_CONV_2D": (
        *_WINDOW,
        ("depth_multiplier", 3, "i", 0),
        (_ACTIVATION, 4, "b", 0),
        ("dilation_w", 5, "i", 1),
        ("dilation_h", 6, "i", 1),
    ),
    "MAX_POOL_2D": (
        *_WINDOW,
        ("filter_w", 3, "i", 0),
        ("filter_h", 4, "i", 0),
        (_ACTIVATION, 5, "b", 0),
    ),
    "DEPTH_TO_SPACE": (("block_size", 0, "i", 0),),
    "RESIZE_BILINEAR": (("align_corners", 2, "?", 0), ("half_pixel", 3, "?", 0)),
    "STRIDED_SLICE": (
        ("begin_mask", 0, "i", 0),
        ("end_mask", 1, "i", 0),
        ("ellipsis_mask", 2, "i", 0),
        ("new_axis_mask", 3, "i", 0),
        ("shrink_axis_mask", 4, "i", 0),
    ),
}
_ACTIVATIONS = {0: None, 1: "relu", 3: "relu6"}
_PADDINGS = {0: "SAME", 1: "VALID"}
_INDEX_TYPES: dict[int, Any] = {1: np.int32, 2: np.uint16, 3: np.uint8}


@dataclass(frozen=True)
class Tensor:
    """Name and shape of a tensor as the file has it (batch 1)."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Operator:
    """One operator: tensor numbers in (-1 for one left out) and out, options."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Graph:
    """Operators in order of execution; constants by tensor number."""

    tensors: tuple[Tensor, ...]
    constants: Mapping[int, np.ndarray]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_graph(content: bytes) -> Graph:
    """Graph of a tflite file with one subgraph; float16 constants become float32.

    A file that is truncated or something else, or holds an operator that is not known
    here, is a WeightError.
    """
    if content[4:8] != b"TFL3":
        raise WeightError("not a TensorFlow Lite file (no TFL3 mark); pull it again.")
    model = Table.root(content)
    subgraphs = model.tables(2)
    if len(subgraphs) != 1:
        raise WeightError(f"a tflite file with {len(subgraphs)} graphs; expected one.")
    graph = subgraphs[0]
    buffers = [table.array(0, np.uint8) for table in model.tables(4)]
    tables = graph.tables(0)
    tensors = tuple(Tensor(table.text(3), _shape(table)) for table in tables)
    constants = _constants(tables, tensors, buffers)
    codes = [_operator_name(table) for table in model.tables(1)]
    read = [_operator(table, codes, len(tensors)) for table in graph.tables(3)]
    operators = tuple(op for op in read if not _folded(op, constants))
    used = {index for op in operators for index in op.inputs}
    return Graph(
        tensors,
        {index: value for index, value in constants.items() if index in used},
        operators,
        _tensor_numbers(graph, 1, len(tensors)),
        _tensor_numbers(graph, 2, len(tensors)),
    )


def _shape(table: Table) -> tuple[int, ...]:
    shape = tuple(table.array(0, np.int32).tolist())
    if len(shape) > 8 or any(size < 0 for size in shape):
        raise WeightError(f"a tensor of shape {shape}: expected fixed sizes.")
    return shape


def _tensor_numbers(table: Table, slot: int, count: int) -> tuple[int, ...]:
    numbers = tuple(table.array(slot, np.int32).tolist())
    if any(not -1 <= number < count for number in numbers):
        raise WeightError("an operator names a tensor that the file does not have.")
    return numbers


def _constants(
    tables: list[Table], tensors: tuple[Tensor, ...], buffers: list[np.ndarray]
) -> dict[int, np.ndarray]:
    constants = {}
    for index, (table, tensor) in enumerate(zip(tables, tensors, strict=True)):
        buffer = table.scalar(2, "I")
        if buffer >= len(buffers):
            raise WeightError("a tensor names a buffer that the file does not have.")
        if len(buffers[buffer]):
            constants[index] = _constant(table, tensor, buffers[buffer])
    return constants


def _constant(table: Table, tensor: Tensor, stored: np.ndarray) -> np.ndarray:
    kind = table.scalar(1, "b")
    if kind not in _DTYPES:
        raise WeightError(f"{tensor.name}: constants of type {kind} are not read.")
    dtype = np.dtype(_DTYPES[kind]).newbyteorder("<")
    if len(stored) % dtype.itemsize:
        raise WeightError(f"{tensor.name}: its bytes are no whole {dtype} numbers.")
    values = stored.view(dtype)
    sparsity = table.table(6)
    if sparsity is not None:
        return densify(
            values,
            tensor.shape,
            tuple(sparsity.array(0, np.int32).tolist()),
            tuple(sparsity.array(1, np.int32).tolist()),
            [_level(level) for level in sparsity.tables(2)],
        )
    if len(values) != int(np.prod(tensor.shape, dtype=float)):
        raise WeightError(
            f"{tensor.name}: {len(values)} numbers for shape {tensor.shape}."
        )
    return values.reshape(tensor.shape)


def _level(table: Table) -> Level:
    if table.scalar(0, "b") == 0:
        return Level(size=table.scalar(1, "i"))
    rows = []
    for kind_slot, vector_slot in ((2, 3), (4, 5)):
        kind, vector = table.scalar(kind_slot, "B"), table.table(vector_slot)
        if kind not in _INDEX_TYPES or vector is None:
            raise WeightError("a sparse tensor without its indices.")
        rows.append(vector.array(0, _INDEX_TYPES[kind]))
    return Level(segments=rows[0], indices=rows[1])


def _operator_name(table: Table) -> str:
    code = max(table.scalar(0, "b"), table.scalar(3, "i"))
    if code == _CUSTOM:
        return table.text(1)
    return _OPERATORS.get(code, f"builtin {code}")


def _operator(table: Table, codes: list[str], tensors: int) -> Operator:
    index = table.scalar(0, "I")
    if index >= len(codes):
        raise WeightError("an operator's code is not in the file.")
    name = codes[index]
    custom = table.array(5, np.uint8).tobytes()
    return Operator(
        name,
        _tensor_numbers(table, 1, tensors),
        _tensor_numbers(table, 2, tensors),
        read_map(custom) if custom else _options(name, table.table(4)),
    )


def _options(name: str, table: Table | None) -> dict[str, Any]:
    options = {
        key: default if table is None else table.scalar(slot, code, default)
        for key, slot, code, default in _OPTIONS.get(name, ())
    }
    for key, meaning in ((_ACTIVATION, _ACTIVATIONS), ("padding", _PADDINGS)):
        if key in options:
            if options[key] not in meaning:
                raise WeightError(f"{name}: {key} {options[key]} is not known.")
            options[key] = meaning[options[key]]
    return options


def _folded(operator: Operator, constants: dict[int, np.ndarray]) -> bool:
    """Unpack a constant here and now, if that is all that ``operator`` does."""
    if operator.name not in ("DEQUANTIZE", "DENSIFY"):
        return False
    stored = constants.get(operator.inputs[0]) if operator.inputs else None
    if stored is None or len(operator.outputs) != 1 or stored.dtype.kind != "f":
        return False
    constants[operator.outputs[0]] = stored.astype(np.float32)
    return True
