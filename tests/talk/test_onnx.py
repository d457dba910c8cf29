import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.talk.onnx import tensors


def field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


TENSOR = field(1, 2) + field(1, 1) + field(2, 1) + field(8, b"bias") + field(9, b"\0\0\x80?\0\0\0@")
CONSTANT = field(1, field(5, field(1, b"value") + field(5, TENSOR)))
BRANCH = field(5, field(1, b"then_branch") + field(6, CONSTANT))
MODEL = field(1, 8) + field(7, field(1, BRANCH))


def test_finds_the_tensors_of_a_branch() -> None:
    found = tensors(MODEL, "then_branch")
    assert {name: array.tolist() for name, array in found.items()} == {"bias": [[1.0], [2.0]]}
    assert tensors(MODEL, "else_branch") == {}


@given(st.binary(max_size=200))
def test_anything_else_is_refused_or_empty(data: bytes) -> None:
    try:
        tensors(data, "then_branch")
    except ValueError:
        return


def test_cut_file() -> None:
    with pytest.raises(ValueError, match="ONNX"):
        tensors(b"\x08", "then_branch")
