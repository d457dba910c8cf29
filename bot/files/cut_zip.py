"""A zip file whose end is missing -> one of what is left.

The list of the files stands at the end. Before each file stands a header of its own, which tells its name and, unless
the packer wrote to a pipe, its size (APPNOTE.TXT 6.3.10 sections 4.3.7 and 4.3.9).
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

_FILE_START, _SIZES_START, _LIST_START, _LIST_END_START = b"PK\3\4", b"PK\7\b", b"PK\1\2", b"PK\5\6"
_FILE_HEAD = struct.Struct("<4s5H3L2H")
_LIST_ENTRY = struct.Struct("<4s6H3L5H2L")
_LIST_END = struct.Struct("<4s4H2LH")
TAIL_BYTES = _LIST_END.size + 0xFFFF
"""The end of a zip file with the longest comment."""
_LOCKED, _SIZES_FOLLOW = 1, 8
_STORED, _DEFLATED = 0, 8
_UNTOLD_SIZE, _LONG_SIZES = 0xFFFF_FFFF, 1
"""A size that stands in the extra field of this number, as the unpacked and then the packed one."""
_SIZES_BYTES = (12, 16, 20, 24)
"""What follows a file of untold size: CRC and two sizes of four or eight bytes, mostly behind a signature."""
_MOST_FILES = 1_000
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class _File:
    """A file of a zip file, as the header before it and the list tell of it."""

    told: tuple[int, int, int, int, int]
    "version, flags, method, time, date"
    crc: int
    packed: int
    size: int
    "bytes, unpacked"
    name: bytes
    at: int
    "where its header begins"
    begin: int
    "where its content begins"

    @property
    def flags(self) -> int:
        return self.told[1]

    @property
    def method(self) -> int:
        return self.told[2]

    def entry(self) -> bytes:
        more = (len(self.name), 0, 0, 0, 0, 0, self.at)
        return _LIST_ENTRY.pack(_LIST_START, 20, *self.told, self.crc, self.packed, self.size, *more) + self.name


def is_cut(data: bytes) -> bool:
    """Whether a zip file lacks its end."""
    return data.startswith(_FILE_START) and not has_end(data)


def has_end(tail: bytes) -> bool:
    """Whether a zip file of which these are the last TAIL_BYTES, or more, has its end."""
    end = tail.rfind(_LIST_END_START, max(0, len(tail) - TAIL_BYTES))
    return 0 <= end <= len(tail) - _LIST_END.size


def completed(data: bytes, most: int) -> bytes:
    """Return a zip file of the files that are whole and of what there is of the last one.

    Raises zipfile.LargeZipFile when they have more than `most` bytes.
    """
    files: list[_File] = []
    at, rest = 0, b""
    while len(files) < _MOST_FILES and (file := _file(data, at)) is not None:
        if (whole := _whole(data, file, most)) is not None:
            files.append(whole)
            at = _next(data, whole)
            continue
        if file.method in (_STORED, _DEFLATED) and not file.flags & _LOCKED:
            content = _unpacked(data, file, most)
            version, flags, _, *when = file.told
            told = (version, flags & ~_SIZES_FOLLOW, _STORED, *when)
            file = replace(file, told=told, crc=zlib.crc32(content), packed=len(content), size=len(content))
            sizes = (file.crc, file.packed, file.size)
            rest = _FILE_HEAD.pack(_FILE_START, *told, *sizes, len(file.name), 0) + file.name + content
            files.append(file)
        break
    if sum(file.size for file in files) > most:
        raise zipfile.LargeZipFile
    entries = b"".join(map(_File.entry, files))
    body = data[:at] + rest
    return body + entries + _LIST_END.pack(_LIST_END_START, 0, 0, len(files), len(files), len(entries), len(body), 0)


def _file(data: bytes, at: int) -> _File | None:
    """Return the file whose header begins at a place; None: none does, or it is cut."""
    if not data.startswith(_FILE_START, at) or at + _FILE_HEAD.size > len(data):
        return None
    _, *told, crc, packed, size, name_bytes, extra_bytes = _FILE_HEAD.unpack_from(data, at)
    name_end = at + _FILE_HEAD.size + name_bytes
    begin = name_end + extra_bytes
    if begin > len(data):
        return None
    if packed == _UNTOLD_SIZE:
        for number, field in _extras(data[name_end:begin]):
            if number == _LONG_SIZES and len(field) >= 16:
                size, packed = struct.unpack_from("<QQ", field)
    version, flags, method, time, date = told
    return _File(
        (version, flags, method, time, date), crc, packed, size, data[at + _FILE_HEAD.size : name_end], at, begin
    )


def _extras(field: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(field):
        number, size = struct.unpack_from("<HH", field, at)
        yield number, field[at + 4 : at + 4 + size]
        at += 4 + size


def _whole(data: bytes, file: _File, most: int) -> _File | None:
    """Return a file with its sizes; None: it breaks off, or nobody knows where it ends."""
    if not file.flags & _SIZES_FOLLOW:
        return file if file.begin + file.packed <= len(data) else None
    if file.method == _DEFLATED and not file.flags & _LOCKED:
        return _inflated(data, file, most)
    found = data.find(_SIZES_START, file.begin)
    while found >= 0:
        for form in ("<LLL", "<LQQ"):
            if found + 4 + struct.calcsize(form) <= len(data):
                crc, packed, size = struct.unpack_from(form, data, found + 4)
                if packed == found - file.begin:
                    return replace(file, crc=crc, packed=packed, size=size)
        found = data.find(_SIZES_START, found + 1)
    return None


def _inflated(data: bytes, file: _File, most: int) -> _File | None:
    """Return a file whose content tells its own end; None: the end is missing."""
    inflater, crc, size = zlib.decompressobj(-zlib.MAX_WBITS), 0, 0
    try:
        for at in range(file.begin, len(data), _PIECE_BYTES):
            rest = data[at : at + _PIECE_BYTES]
            while rest and not inflater.eof and size <= most:
                piece = inflater.decompress(rest, _PIECE_BYTES)
                crc, size, rest = zlib.crc32(piece, crc), size + len(piece), inflater.unconsumed_tail
            if inflater.eof:
                end = min(at + _PIECE_BYTES, len(data)) - len(inflater.unused_data)
                return replace(file, crc=crc, packed=end - file.begin, size=size)
            if size > most:
                raise zipfile.LargeZipFile
    except zlib.error:
        pass
    return None


def _unpacked(data: bytes, file: _File, most: int) -> bytes:
    """Return what there is of the content of a file that breaks off."""
    if file.method == _STORED:
        return data[file.begin :]
    inflater, found = zlib.decompressobj(-zlib.MAX_WBITS), bytearray()
    rest = data[file.begin :]
    while rest and len(found) <= most:
        try:
            piece = inflater.decompress(rest, _PIECE_BYTES)
        except zlib.error:
            break
        found += piece
        rest = inflater.unconsumed_tail
    return bytes(found)


def _next(data: bytes, file: _File) -> int:
    """Return where the header of the next file begins, or the list."""
    end = file.begin + file.packed
    starts = (end + size for size in (0, *_SIZES_BYTES))
    return next((at for at in starts if data.startswith((_FILE_START, _LIST_START), at)), end)
