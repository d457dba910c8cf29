"""One sound file after the other in one answer, cut anywhere: all of it is played, in order."""

import functools
import time
from collections.abc import Iterator

import numpy as np
import pytest

from bot.audio import SPEAK_RATE, to_wav
from bot.engine.container_stream import ContainerStream
from bot.engine.file_ends import FileEnd
from bot.engine.sound_kind import SoundKind
from bot.engine.sound_stream import MAX_WAITING_BYTES, SoundStream
from bot.jobs.encoder import encode
from sandbox import clips
from sandbox.media import resample
from sandbox.model.sound_wire import PLAYABLE

FIRST = clips.load("bot-rice", SPEAK_RATE)[48_000:84_000]
SECOND = clips.load("bot-tenki", SPEAK_RATE)[48_000:84_000]
MIN_LIKENESS = 0.9
PADDING_BYTES = 8000
"""Of samples: lossy codecs add some at both ends of each file."""
CHUNKINGS = [0, 7, 1 << 24]
"""Bytes of a part; 0: each file is one part."""


def tag(size: int) -> bytes:
    """Return an ID3v2 tag (id3.org, ID3v2.4.0 structure)."""
    return b"ID3\4\0\0" + bytes([size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127]) + bytes(size)


def mp3_44(pcm: bytes) -> bytes:
    return encode(resample(pcm, SPEAK_RATE, 44_100), 44_100, "mp3", "libmp3lame")


def kept_header(flac: bytes) -> bytes:
    """Add the WAV header to a FLAC file, as `flac --keep-foreign-metadata` does (RFC 9639 section 8.4)."""
    header = b"riff" + to_wav(FIRST, SPEAK_RATE)[:12]
    block = b"\2" + len(header).to_bytes(3, "big") + header
    return flac[:42] + block + flac[42:]


ENCODERS = {
    "wav of unknown length": (PLAYABLE["wav of unknown length"],) * 2,
    "wav of two rates": (PLAYABLE["wav"], PLAYABLE["wav 44.1 kHz stereo"]),
    "flac": (PLAYABLE["flac"],) * 2,
    "mp3": (PLAYABLE["mp3"],) * 2,
    "mp3 without tags, of two rates": (PLAYABLE["mp3 without tags"], lambda pcm: mp3_44(pcm)[45:]),
    "mp3 of two tags each": (lambda pcm: tag(20) + tag(3000) + PLAYABLE["mp3"](pcm),) * 2,
    "flac with a tag": (lambda pcm: tag(300) + PLAYABLE["flac"](pcm),) * 2,
    "aac with a tag": (lambda pcm: tag(300) + PLAYABLE["aac"](pcm),) * 2,
    "ogg opus": (PLAYABLE["ogg opus"],) * 2,
    "webm opus": (PLAYABLE["webm opus"],) * 2,
    "wav, then flac": (PLAYABLE["wav"], PLAYABLE["flac"]),
    "wav of unknown length, then ogg": (PLAYABLE["wav of unknown length"], PLAYABLE["ogg opus"]),
    "flac, then wav": (PLAYABLE["flac"], PLAYABLE["wav"]),
    "mp3, then wav": (PLAYABLE["mp3"], PLAYABLE["wav"]),
    "aac, then webm": (PLAYABLE["aac"], PLAYABLE["webm opus"]),
    "ogg, then webm": (PLAYABLE["ogg opus"], PLAYABLE["webm opus"]),
    "webm, then wav": (PLAYABLE["webm opus"], PLAYABLE["wav"]),
    "samples, then flac": (bytes, PLAYABLE["flac"]),
    "flac that keeps a header, then wav": (lambda pcm: kept_header(PLAYABLE["flac"](pcm)), PLAYABLE["wav"]),
    "mp4": (PLAYABLE["mp4 with its index first"], PLAYABLE["mp4 in fragments"]),
}


@functools.cache
def files(name: str) -> tuple[bytes, bytes]:
    first, second = ENCODERS[name]
    return first(FIRST), second(SECOND)


def parts(one: bytes, other: bytes, size: int) -> Iterator[bytes]:
    data = one + other
    yield from (data[at : at + size] for at in range(0, len(data), size)) if size else (one, other)


def likeness_within(got: bytes, source: bytes) -> float:
    """Return the correlation of `source` with the part of `got` that is most like it."""
    one, other = (np.frombuffer(pcm, "<i2").astype(np.float64) for pcm in (got, source))
    size = 1 << len(one).bit_length()  # the wrapped part lies past the last valid place
    products = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)), size)
    at = int(products[: len(one) - len(other) + 1].argmax())
    found = one[at : at + len(other)]
    return float(np.dot(found, other) / np.sqrt(np.dot(found, found) * np.dot(other, other)))


def rest_of(stream: SoundStream) -> bytes:
    rest = stream.end()
    while stream.busy:
        time.sleep(0.001)  # the decoder is a thread
        rest += stream.end()
    stream.close()
    return rest


@pytest.mark.parametrize("kind", [SoundKind.OGG, SoundKind.WEBM])
def test_a_stream_of_flac_holds_the_first_bytes_of_a_file(kind: SoundKind):
    data = b"OggS\0\2" + bytes(30) + b"fLaC\0\0\0\x22" + bytes(40)
    assert FileEnd(kind).feed(data) == (data, None)
    assert FileEnd(SoundKind.WAV).feed(b"RIFF" + data) == (b"RIFF", data)


@pytest.mark.parametrize("size", CHUNKINGS)
@pytest.mark.parametrize("name", ENCODERS)
def test_files_in_a_row_are_played_in_order(name: str, size: int):
    stream = SoundStream()
    pcm = b"".join(map(stream.feed, parts(*files(name), size))) + rest_of(stream)
    assert stream.fault == ""
    assert len(pcm) == pytest.approx(len(FIRST + SECOND), abs=PADDING_BYTES)
    assert likeness_within(pcm[: len(FIRST) + PADDING_BYTES], FIRST) > MIN_LIKENESS
    assert likeness_within(pcm[-len(SECOND) - PADDING_BYTES :], SECOND) > MIN_LIKENESS


def test_a_decoder_that_is_not_through_gets_nothing_of_the_next_file(monkeypatch: pytest.MonkeyPatch):
    """Minutes of silence keep the first file's decoder busy while the second arrives, in parts."""
    monkeypatch.setattr("bot.engine.container_stream.MAX_READY_BYTES", SPEAK_RATE * 2)
    stream = SoundStream()
    silence = bytes(SPEAK_RATE * 2 * 20)
    pcm = stream.feed(encode(silence, SPEAK_RATE, "flac", "flac"))
    second = files("flac")[1]
    pcm += b"".join(map(stream.feed, parts(second, b"", 5000))) + rest_of(stream)
    assert (stream.fault, pcm) == ("", silence + SECOND)


def test_what_waits_for_a_busy_decoder_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(ContainerStream, "busy", True)
    stream = SoundStream()
    stream.feed(files("flac")[0])
    for _ in range(20):
        stream.feed(files("flac")[1][:1000].ljust(MAX_WAITING_BYTES // 19, b"\0"))
    assert stream.fault
    assert not stream.busy
