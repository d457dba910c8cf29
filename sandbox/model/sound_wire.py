"""How a server may put sound on the wire instead of as s16le mono 24 kHz: seen in servers, or in their reports."""

import struct
from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

import av
import numpy as np

from bot.audio import SPEAK_RATE, to_wav
from bot.jobs.encoder import encode
from sandbox.media import resample

_SAMPLE = "<i2"


def _floats(pcm: bytes) -> np.ndarray:
    return np.frombuffer(pcm, _SAMPLE) / 32768


def _wav(tag: int, bits: int, rate: int, channels: int, data: bytes, *, size: int | None = None, guid: bool = False,
         before: bytes = b"", after: bytes = b"") -> bytes:  # fmt: skip
    align = channels * bits // 8
    form = struct.pack("<HHIIHH", 0xFFFE if guid else tag, channels, rate, rate * align, align, bits)
    if guid:
        form += struct.pack("<HHIH14s", 22, bits, 0, tag, bytes.fromhex("000000001000800000aa00389b71"))
    body = b"WAVE" + before + b"fmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", len(data) if size is None else size) + data + after
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def _stereo(pcm: bytes) -> bytes:
    return np.repeat(np.frombuffer(pcm, _SAMPLE), 2).tobytes()


def _wide(pcm: bytes, width: int) -> bytes:
    """Return signed samples of 3 or 4 bytes whose lowest bits are not empty."""
    noise = np.random.default_rng(1).integers(0, 1 << 16, len(pcm) // 2)
    values = (np.frombuffer(pcm, _SAMPLE).astype(np.int64) << 16) + noise
    return values.astype("<i4").view(np.uint8).reshape(-1, 4)[:, 4 - width :].tobytes()


def _law(pcm: bytes, codec: str) -> bytes:
    return encode(pcm, SPEAK_RATE, codec.removeprefix("pcm_"), codec)


def _mp4(pcm: bytes, **options: str) -> bytes:
    """Return AAC in MP4; `options` are ffmpeg's, for the muxer."""
    with NamedTemporaryFile(suffix=".mp4") as out, av.open(out.name, "w", options=options) as file:
        stream = file.add_stream("aac", rate=SPEAK_RATE, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
        frame.sample_rate = SPEAK_RATE
        frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
        resampler = av.AudioResampler("fltp", "mono", SPEAK_RATE, frame_size=1024)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            file.mux(stream.encode(piece))
        file.close()
        return Path(out.name).read_bytes()


_LIST = b"LIST" + struct.pack("<I", 4000) + b"INFO" + np.random.default_rng(2).bytes(3996)
_FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "200000"}

PLAYABLE: Mapping[str, Callable[[bytes], bytes]] = {
    "wav": lambda pcm: to_wav(pcm, SPEAK_RATE),
    "wav of unknown length": lambda pcm: _wav(1, 16, SPEAK_RATE, 1, pcm, size=0xFFFFFFFF),
    "wav of length 0": lambda pcm: _wav(1, 16, SPEAK_RATE, 1, pcm, size=0),
    "wav with notes": lambda pcm: _wav(1, 16, SPEAK_RATE, 1, pcm, before=_LIST, after=_LIST),
    "wav float": lambda pcm: _wav(3, 32, SPEAK_RATE, 1, _floats(pcm).astype("<f4").tobytes()),
    "wav float 48 kHz stereo": lambda pcm: _wav(
        3, 32, 48_000, 2, np.repeat(_floats(resample(pcm, SPEAK_RATE, 48_000)), 2).astype("<f4").tobytes()
    ),
    "wav double": lambda pcm: _wav(3, 64, SPEAK_RATE, 1, _floats(pcm).astype("<f8").tobytes()),
    "wav 24 bit": lambda pcm: _wav(1, 24, SPEAK_RATE, 1, _wide(pcm, 3)),
    "wav 32 bit": lambda pcm: _wav(1, 32, SPEAK_RATE, 1, _wide(pcm, 4)),
    "wav 8 bit": lambda pcm: _wav(1, 8, SPEAK_RATE, 1, np.rint(_floats(pcm) * 127 + 128).astype(np.uint8).tobytes()),
    "wav extensible 24 bit": lambda pcm: _wav(1, 24, SPEAK_RATE, 1, _wide(pcm, 3), guid=True),
    "wav extensible float": lambda pcm: _wav(3, 32, SPEAK_RATE, 1, _floats(pcm).astype("<f4").tobytes(), guid=True),
    "wav stereo": lambda pcm: _wav(1, 16, SPEAK_RATE, 2, _stereo(pcm)),
    "wav 44.1 kHz stereo": lambda pcm: _wav(1, 16, 44_100, 2, _stereo(resample(pcm, SPEAK_RATE, 44_100))),
    "wav 16 kHz": lambda pcm: to_wav(resample(pcm, SPEAK_RATE, 16_000), 16_000),
    "wav 22.05 kHz": lambda pcm: to_wav(resample(pcm, SPEAK_RATE, 22_050), 22_050),
    "wav A-law": lambda pcm: _wav(6, 8, SPEAK_RATE, 1, _law(pcm, "pcm_alaw")),
    "wav mu-law": lambda pcm: _wav(7, 8, SPEAK_RATE, 1, _law(pcm, "pcm_mulaw")),
    "wav ADPCM": lambda pcm: encode(pcm, SPEAK_RATE, "wav", "adpcm_ima_wav"),
    "mp3": lambda pcm: encode(pcm, SPEAK_RATE, "mp3", "libmp3lame"),
    "mp3 without tags": lambda pcm: encode(pcm, SPEAK_RATE, "mp3", "libmp3lame")[45:],
    "flac": lambda pcm: encode(pcm, SPEAK_RATE, "flac", "flac"),
    "ogg opus": lambda pcm: encode(resample(pcm, SPEAK_RATE, 48_000), 48_000, "ogg", "libopus"),
    "aac": lambda pcm: encode(pcm, SPEAK_RATE, "adts", "aac"),
    "webm opus": lambda pcm: encode(resample(pcm, SPEAK_RATE, 48_000), 48_000, "webm", "libopus"),
    "mp4 in fragments": lambda pcm: _mp4(pcm, **_FRAGMENTS),
    "mp4 with its index first": lambda pcm: _mp4(pcm, movflags="faststart"),
    "aiff": lambda pcm: encode(pcm, SPEAK_RATE, "aiff", "pcm_s16be"),
}
"""Name -> an encoder of s16le mono 24 kHz. The bytes say what they are."""

UNPLAYABLE: Mapping[str, Callable[[bytes], bytes]] = {
    "float": lambda pcm: (
        (_floats(pcm) + np.random.default_rng(3).normal(0, 1e-5, len(pcm) // 2)).astype("<f4").tobytes()
    ),
    "float from 16 bit": lambda pcm: _floats(pcm).astype("<f4").tobytes(),
    "double": lambda pcm: (_floats(pcm) * 0.999).astype("<f8").tobytes(),
    "24 bit": lambda pcm: _wide(pcm, 3),
    "32 bit": lambda pcm: _wide(pcm, 4),
    "8 bit": lambda pcm: np.rint(_floats(pcm) * 127 + 128).astype(np.uint8).tobytes(),
    "big-endian": lambda pcm: np.frombuffer(pcm, _SAMPLE).astype(">i2").tobytes(),
    "a byte missing": lambda pcm: pcm[1:],
    "mu-law": lambda pcm: _law(pcm, "pcm_mulaw"),
    "A-law": lambda pcm: _law(pcm, "pcm_alaw"),
    "mp3 from its middle": lambda pcm: encode(pcm, SPEAK_RATE, "mp3", "libmp3lame")[300:],
    "opus without a container": lambda pcm: encode(resample(pcm, SPEAK_RATE, 48_000), 48_000, "ogg", "libopus")[200:],
    "mp4 with its index last": lambda pcm: _mp4(pcm),
    "base64 twice": lambda pcm: b64encode(pcm),
    "wav that lies": lambda pcm: _wav(1, 16, SPEAK_RATE, 1, (_floats(pcm) * 0.999).astype("<f4").tobytes()),
    "wav that makes no sense": lambda pcm: _wav(1, 16, 1, 0, pcm),
    "wav cut in its header": lambda pcm: to_wav(pcm, SPEAK_RATE)[:30],
}
"""Name -> bytes that do not say what they are, or lie, or cannot be decoded before their end."""

SOUND_ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {"": lambda pcm: pcm, **PLAYABLE, **UNPLAYABLE}
"""All, and the plain samples that OpenAI sends."""
