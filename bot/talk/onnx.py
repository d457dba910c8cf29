"""Reads the weights of an ONNX file without an ONNX runtime.

It reads only what it needs of the protobuf (github.com/onnx/onnx, onnx.proto): the named float tensors among the
constants of a graph's branch.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_MODEL_GRAPH = 7
_GRAPH_NODE, _NODE_ATTRIBUTE = 1, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH = 1, 5, 6
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_FLOAT = 1


def tensors(model: bytes, branch: str) -> dict[str, NDArray[np.float32]]:
    """Return the named float tensors within the outermost graph attribute called `branch`.

    Raises ValueError if the file is not ONNX.
    """
    found: dict[str, NDArray[np.float32]] = {}
    try:
        for number, graph in _fields(model):
            if number == _MODEL_GRAPH and isinstance(graph, bytes):
                _search(graph, branch, False, found)
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("not an ONNX model") from error
    return found


def _search(graph: bytes, branch: str, inside: bool, found: dict[str, NDArray[np.float32]]) -> None:
    for node in _all(graph, _GRAPH_NODE):
        for attribute in _all(node, _NODE_ATTRIBUTE):
            for tensor in _all(attribute, _ATTRIBUTE_TENSOR):
                if inside:
                    _keep(tensor, found)
            for inner in _all(attribute, _ATTRIBUTE_GRAPH):
                name = next(_all(attribute, _ATTRIBUTE_NAME), b"").decode()
                if inside or name == branch:
                    _search(inner, branch, True, found)


def _keep(tensor: bytes, found: dict[str, NDArray[np.float32]]) -> None:
    shape: list[int] = []
    kind, name, raw = 0, "", b""
    for number, value in _fields(tensor):
        if isinstance(value, bytes):
            if number == _TENSOR_DIMS:  # packed
                shape += list(_varints(value))
            elif number == _TENSOR_NAME:
                name = value.decode()
            elif number == _TENSOR_RAW:
                raw = value
        elif number == _TENSOR_DIMS:
            shape.append(value)
        elif number == _TENSOR_TYPE:
            kind = value
    if name and kind == _FLOAT:
        found[name] = np.frombuffer(raw, "<f4").reshape(shape)


def _all(message: bytes, number: int) -> Iterator[bytes]:
    return (value for field, value in _fields(message) if field == number and isinstance(value, bytes))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Walk a protobuf message: the number and value of each field (protobuf.dev/programming-guides/encoding)."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(message, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError("not an ONNX model")
        yield number, message[at : at + size]
        at += size


def _varints(packed: bytes) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _varint(packed, at)
        yield value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
