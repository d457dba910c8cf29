"""Formats that people seldom send: that their end is missing is known, and of no whole file it is said."""

import io
import struct
from collections.abc import Callable

import pytest

from bot.files.recordings import ending
from bot.files.recordings.facts import Limits
from bot.files.recordings.reader import Recording
from bot.files.recordings.seldom_formats import SELDOM_FORMATS
from tests.files.sounds import RATE, TONE, made


def sphere() -> bytes:
    head = f"NIST_1A\n   1024\nsample_count -i {len(TONE) // 2}\nsample_n_bytes -i 2\nchannel_count -i 1\n"
    head += f"sample_rate -i {RATE}\nsample_byte_format -s2 01\nsample_coding -s3 pcm\nend_head\n"
    return head.encode().ljust(1024) + TONE


def avr() -> bytes:
    head = b"2BIT" + b"name".ljust(8, b"\0") + struct.pack(">5HII", 0, 16, 0xFFFF, 0, 0xFFFF, RATE, len(TONE) // 2)
    big = b"".join(TONE[at : at + 2][::-1] for at in range(0, len(TONE), 2))
    return head.ljust(128, b"\0") + big


def psion() -> bytes:
    sound = b"\xd5\x55\x35" * 8_000
    return b"ALawSoundFile**\0" + struct.pack(">HIHH6x", 0x0F10, len(sound), 0, 1) + sound


HEARD: dict[str, Callable[[], bytes]] = {
    "sox": lambda: made("sox", "pcm_s32le"),
    "flash": lambda: made("swf", "libmp3lame", 44_100),
    "real": lambda: made("rm", "ac3", 44_100, 2),
    "nut": lambda: made("nut", "mp2", 44_100),
    "sphere": sphere,
    "avr": avr,
    "psion": psion,
}


@pytest.mark.parametrize("kind", HEARD)
def test_what_is_cut_is_heard_and_known(kind: str) -> None:
    data = HEARD[kind]()
    whole = Recording.open(data, Limits()).facts
    assert not whole.cut
    for end in (len(data) * 2 // 3, len(data) - 40):
        facts = Recording.open(data[:end], Limits()).facts
        assert facts.cut
        assert facts.seconds == pytest.approx(whole.seconds * end / len(data), abs=0.2)


def units(*lengths: int) -> bytes:
    """Return access units of TrueHD (Meridian's reference information, section 3.1): twelve bits tell the words."""
    parts = (struct.pack(">HH", 0xC000 | length // 2, 7) + b"\xf8\x72\x6f\xba" for length in lengths)
    return b"".join(part.ljust(length, b"\1") for part, length in zip(parts, lengths, strict=True))


def keyed(*lengths: int) -> bytes:
    """Return keys with their values (SMPTE 336M), with lengths of one and of four bytes."""
    sizes = (bytes([length]) if length < 0x80 else b"\x83" + length.to_bytes(3, "big") for length in lengths)
    key = b"\x06\x0e\x2b\x34" + bytes(12)
    return b"".join(key + size + bytes(length) for size, length in zip(sizes, lengths, strict=True))


@pytest.mark.parametrize(
    "whole",
    [units(40, 36, 80), keyed(20, 3000, 0, 90), b"\x1f\7\0\x3f" + bytes(119_996), b"\x1f\7\0\xbf" + bytes(143_996)],
    ids=["truehd", "mxf", "dv, ntsc", "dv, pal"],
)
def test_the_structure_tells_where_it_ends(whole: bytes) -> None:
    assert ending.cut(io.BytesIO(whole)) is False
    for end in (len(whole) - 1, len(whole) - 30, len(whole) * 2 // 3):
        assert ending.cut(io.BytesIO(whole[:end])) is True


@pytest.mark.parametrize(("mark", "at"), [row[:2] for row in SELDOM_FORMATS])
def test_what_breaks_off_within_its_head_is_looked_at_all_the_same(mark: bytes, at: int) -> None:
    whole = bytes(at) + mark + bytes(64)
    for end in range(at + len(mark), len(whole)):
        assert ending.cut(io.BytesIO(whole[:end])) in (True, False, None)
