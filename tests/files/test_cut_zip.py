"""Of a zip file that breaks off, all is read that is there, whatever packed it."""

import io
import struct
import zipfile

import pytest

from bot.files.cut_zip import completed, is_cut

FILES = {
    "1-田中.txt": b"one word and another. " * 9,
    "b/2.txt": bytes(range(256)),
    "empty": b"",
    "3.txt": b"the end. " * 7,
}
METHODS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}


class _Pipe(io.BytesIO):
    def tell(self) -> int:
        raise OSError

    def seek(self, *_: int) -> int:
        raise OSError


def packed(method: int, *, to_pipe: bool) -> bytes:
    out = _Pipe() if to_pipe else io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, content in FILES.items():
            file.writestr(name, content)
    return out.getvalue()


def with_long_sizes(data: bytes) -> bytes:
    """Return a file of stored members with their sizes in extra fields, as for files of over 4 GB."""
    at, out = 0, b""
    while data.startswith(b"PK\3\4", at):
        size, name, extra = struct.unpack_from("<LHH", data, at + 22)
        begin = at + 30 + name + extra
        field = struct.pack("<HHHH2Q", 0x5455, 0, 1, 16, size, size)
        out += data[at : at + 18] + b"\xff" * 8 + struct.pack("<HH", name, len(field)) + data[at + 30 : at + 30 + name]
        out += field + data[begin : begin + size]
        at = begin + size
    return out


def read(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.testzip() is None
        return {entry.filename: file.read(entry) for entry in file.infolist()}


@pytest.mark.parametrize("to_pipe", [False, True], ids=["to a file", "to a pipe"])
@pytest.mark.parametrize("method", METHODS)
def test_all_that_is_there_is_read_wherever_it_breaks_off(method: str, to_pipe: bool) -> None:
    data = packed(METHODS[method], to_pipe=to_pipe)
    assert not is_cut(data)
    before, found = 0, {}
    for end in range(30, len(data), 3):
        assert is_cut(data[:end])
        found = read(completed(data[:end], 10_000))
        wanted = dict(list(FILES.items())[: len(found)])
        assert list(found) == list(wanted)
        *whole, last = [*found] or [""]
        assert all(found[name] == FILES[name] for name in whole)
        assert not found or FILES[last].startswith(found[last]) or (to_pipe and method == "stored")
        size = sum(map(len, found.values()))
        assert size >= before or (to_pipe and method == "stored")  # sizes behind it were taken for its content
        before = size
    assert found == FILES


def test_sizes_of_large_files_are_understood() -> None:
    data = with_long_sizes(packed(zipfile.ZIP_STORED, to_pipe=False))
    assert read(completed(data, 10_000)) == FILES


def test_what_would_unpack_to_more_than_is_wanted_is_refused() -> None:
    data = packed(zipfile.ZIP_DEFLATED, to_pipe=True)
    for end in (150, 300, len(data) - 40):
        with pytest.raises(zipfile.LargeZipFile):
            completed(data[:end], 100)


@pytest.mark.parametrize("content", [b"PK\3\4", b"PK\3\4" + bytes(40), b"PK\3\4" + b"\xff" * 60])
def test_what_has_no_file_is_an_empty_one(content: bytes) -> None:
    assert is_cut(content)
    assert [name for name in read(completed(content, 100)) if name] == []
