"""Where one sound file ends and the next begins, in a stream that is cut anywhere; pure.

Servers that make an answer sentence by sentence send one file after the other, perhaps of another kind. Its first bytes
tell a file; enough of them are looked for that no sound looks so by chance.
"""

import re
from functools import cache

from bot.engine.sound_kind import SoundKind

_ANY = rb"[\0-\xff]"
_SIZE = (_ANY,) * 4
_ID3_TAG = (b"I", b"D", b"3", rb"[\2-\4]", rb"\0", b"[" + b"".join(rb"\x%x0" % high for high in range(16)) + b"]",
        *[rb"[\0-\x7f]"] * 4)  # fmt: skip
"""Of ID3v2 (id3.org, ID3v2.4.0 structure, section 3.1)."""
TAG_HEADER_BYTES = len(_ID3_TAG)
_ID3_START = re.compile(b"".join(_ID3_TAG))
_WAV = (b"R", b"I", b"F", b"F", *_SIZE, b"W", b"A", b"V", b"E")
_EBML = (rb"\x1a", b"E", rb"\xdf", rb"\xa3")
_EBML_VERSION = (b"B", rb"\x86", rb"\x81", rb"\x01")
_FLAC = (b"f", b"L", b"a", b"C", rb"[\0\x80]", rb"\0", rb"\0", rb"\x22")
_OGG_PAGE = (b"O", b"g", b"g", b"S", rb"\0", rb"[\0-\7]")
_WEBM = (*_EBML, rb"[\x80-\xff]", *_EBML_VERSION), (*_EBML, rb"\x01", *[_ANY] * 7, *_EBML_VERSION)
_FIRST_BYTES: dict[SoundKind, tuple[tuple[bytes, ...], ...]] = {
    SoundKind.PCM: (),
    SoundKind.WAV: (_WAV,),
    SoundKind.MP3: (_ID3_TAG,),
    SoundKind.ADTS: (_ID3_TAG,),
    SoundKind.FLAC: (_ID3_TAG, _FLAC),
    SoundKind.OGG: (_OGG_PAGE,),
    SoundKind.WEBM: _WEBM,
    SoundKind.MP4: ((rb"\0", rb"\0", rb"\0", _ANY, b"f", b"t", b"y", b"p", *[rb"[ -~]"] * 4),),
    SoundKind.AIFF: ((b"F", b"O", b"R", b"M", *_SIZE, b"A", b"I", b"F", b"[FC]"),),
    SoundKind.AU: ((rb"\.", b"s", b"n", b"d", rb"\0", *[_ANY] * 7, rb"\0", rb"\0", rb"\0", rb"[\1-\x1b]"),),
    SoundKind.CAF: ((b"c", b"a", b"f", b"f", rb"\0", rb"\x01", rb"\0", rb"\0"),),
    SoundKind.AMR: ((b"#", b"!", b"A", b"M", b"R", rb"[\n-]"),),
}  # fmt: skip
"""The first bytes of a file, each as a regular expression."""
_NEXT_FILES: dict[SoundKind, tuple[tuple[bytes, ...], ...]] = {
    SoundKind.WAV: (_WAV,),
    SoundKind.FLAC: (_FLAC,),
    SoundKind.OGG: (_OGG_PAGE,),
    SoundKind.WEBM: _WEBM,
}
"""Those by which a file of any other kind ends, too. Not a tag's, which may stand in a chunk of its own."""
_HOLDS_FLAC = SoundKind.OGG, SoundKind.WEBM
"""FLAC's first bytes stand in the header of its streams there."""
_KEPT_HEADER = b"riff"
"""FLAC may keep the header of the WAV file that it was made from (RFC 9639 section 8.4, and the id `riff`)."""
_OGG_FLAGS_AT, _OGG_FIRST_PAGE = 5, 2
"""The page that begins a stream (RFC 3533 section 6)."""


class FileEnd:
    """Finds the end of one file of a known kind."""

    def __init__(self, kind: SoundKind) -> None:
        self._mark, self._open_mark, self._longest = _patterns(kind)
        self._ogg = kind is SoundKind.OGG
        self._held = b""
        "the last bytes, while they may begin a mark"
        self._passed = b""
        "the last bytes that were returned"
        self._at_start = True
        self._in_body = False
        "of Ogg: a page came that begins no stream; until then several streams may begin, side by side"

    def feed(self, part: bytes) -> tuple[bytes, bytes | None]:
        """Return the bytes that belong to this file, and those of the next one; None: it has not begun."""
        data, self._held = self._held + part, b""
        at = int(self._at_start)
        while match := self._mark.search(data, at):
            before = (self._passed + data[: match.start()])[-len(_KEPT_HEADER) :]
            if before != _KEPT_HEADER and self._is_start(match):
                return data[: match.start()], data[match.start() :]
            at = match.end()
        tail = self._open_mark.search(data, max(at, len(data) - self._longest + 1))
        if tail and not (self._at_start and tail.start() == 0):
            data, self._held = data[: tail.start()], data[tail.start() :]
        self._at_start = self._at_start and not data
        self._passed = (self._passed + data[-len(_KEPT_HEADER) :])[-len(_KEPT_HEADER) :]
        return data, None

    def end(self) -> bytes:
        """Return the bytes that are held back: they belong to this file."""
        held, self._held = self._held, b""
        return held

    def _is_start(self, mark: "re.Match[bytes]") -> bool:
        if not mark[0].startswith(b"OggS"):
            return True
        if not self._ogg:
            return bool(mark[0][_OGG_FLAGS_AT] & _OGG_FIRST_PAGE)
        first = bool(mark[0][_OGG_FLAGS_AT] & _OGG_FIRST_PAGE)
        begins, self._in_body = first and self._in_body, self._in_body or not first
        return begins


def tag_bytes(data: bytes) -> int:
    """Return the length of the ID3v2 tag that `data` begins with; 0: it begins with none, or its header is cut."""
    if not _ID3_START.match(data):
        return 0
    size = sum((octet & 0x7F) << shift for octet, shift in zip(data[6:10], (21, 14, 7, 0), strict=True))
    footer = TAG_HEADER_BYTES if data[5] & 0x10 else 0
    return TAG_HEADER_BYTES + size + footer


@cache
def _patterns(kind: SoundKind) -> tuple["re.Pattern[bytes]", "re.Pattern[bytes]", int]:
    """Return what matches a mark, what matches the beginning of one at the end of the data, and a mark's length."""
    marks = list(_FIRST_BYTES[kind])
    for other, theirs in _NEXT_FILES.items():
        if other is not kind and not (other is SoundKind.FLAC and kind in _HOLDS_FLAC):
            marks += theirs
    opened: list[bytes] = []
    for mark in marks:
        start = b""
        for octet in reversed(mark[:-1]):
            start = octet + (b"(?:" + start + b")?" if start else b"")
        opened.append(start)
    whole = b"|".join(b"".join(mark) for mark in marks)
    return re.compile(whole), re.compile(b"(?:" + b"|".join(opened) + rb")\Z"), max(map(len, marks))
