"""Makes recordings of many formats, valid and broken."""

import io
import os
import struct
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer

from bot.audio import HEAR_RATE
from bot.files.recordings.facts import Limits, sound_bytes
from bot.files.recordings.reader import Recording
from bot.jobs.encoder import encode

RATE = 24_000


def tone(seconds: float = 2.0, pitch: float = 440.0, rate: int = RATE, level: float = 8000.0) -> bytes:
    """Return a sine, s16le mono."""
    return (np.sin(2 * np.pi * pitch * np.arange(int(rate * seconds)) / rate) * level).astype("<i2").tobytes()


TONE = tone()


def to_pcm(source: bytes | Path, rate: int = HEAR_RATE, longest: float = 600.0) -> bytes:
    """Decode the first `longest` seconds of a recording to s16le mono. Raises BadAudio."""
    with at_path(source) as path:
        recording = Recording.open(path, Limits())
        sound = b"".join(piece for _, part in recording.parts(longest, rate=rate) for piece in part.sound())
    return sound[: sound_bytes(longest, rate)]


@contextmanager
def at_path(source: bytes | Path) -> Iterator[Path]:
    """Give a recording as its reader gets it: as a file in memory."""
    if isinstance(source, Path):
        yield source
        return
    held = os.memfd_create("recording")
    try:
        os.write(held, source)
        yield Path(f"/proc/self/fd/{held}")
    finally:
        os.close(held)


def pitch(pcm: bytes, rate: int) -> float:
    """Return the loudest frequency, in Hz."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * rate / samples.size)


def made(
    container: str,
    codec: str,
    rate: int = RATE,
    channels: int = 1,
    seconds: float = 2.0,
    options: dict[str, str] | None = None,
) -> bytes:
    """Return a file that ffmpeg encodes, with the same tone on each channel."""
    out = io.BytesIO()
    layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[channels]
    with av.open(out, mode="w", format=container, options=options or {}) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        formats = stream.codec_context.codec.audio_formats
        fill(file, stream, rate, seconds, formats[0].name if formats else "s16", layout)
    return out.getvalue()


def fill(file: OutputContainer, stream: av.AudioStream, rate: int, seconds: float, form: str, layout: str) -> None:
    resampler = av.AudioResampler(
        format=form, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size or 1024
    )
    frame = av.AudioFrame(format="s16", layout="mono", samples=int(rate * seconds))
    frame.sample_rate = rate
    frame.planes[0].update(tone(seconds, rate=rate).ljust(frame.planes[0].buffer_size, b"\0"))
    for part in (*resampler.resample(frame), *resampler.resample(None), None):
        file.mux(stream.encode(part))


def film(with_sound: bool = True) -> bytes:
    """Return a film: half a second of black, with or without two seconds of tone."""
    out = io.BytesIO()
    with av.open(out, mode="w", format="matroska") as file:
        picture = file.add_stream("mpeg4", rate=10)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuv420p"
        sound = file.add_stream("aac", rate=RATE, layout="mono") if with_sound else None
        for number in range(5):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts = number
            file.mux(picture.encode(frame))
        file.mux(picture.encode(None))
        if sound is not None:
            fill(file, sound, RATE, 2.0, "fltp", "mono")
    return out.getvalue()


def plain_wav(rate: int = RATE, width: int = 2, channels: int = 1, seconds: float = 2.0) -> bytes:
    """Return a WAV file from the standard library; `width` is in bytes."""
    samples = np.frombuffer(tone(seconds, rate=rate), "<i2").repeat(channels)
    data = {
        1: lambda: (samples // 256 + 128).astype(np.uint8).tobytes(),
        2: samples.tobytes,
        3: lambda: (
            np.stack([np.zeros(samples.size, np.uint8), samples & 0xFF, samples >> 8], 1).astype(np.uint8).tobytes()
        ),
        4: lambda: (samples.astype("<i4") << 16).tobytes(),
    }[width]()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return out.getvalue()


def header(
    *,
    rate: int = RATE,
    channels: int = 1,
    bits: int = 16,
    claimed: int | None = None,
    data: bytes = TONE,
    form: int = 1,
) -> bytes:
    """Return a WAV file with the given header; `claimed` is the size of its data chunk."""
    align = max(1, channels * bits // 8) & 0xFFFF
    size = len(data) if claimed is None else claimed
    return (
        struct.pack("<4sI4s4sI", b"RIFF", min(36 + size, 0xFFFFFFFF), b"WAVE", b"fmt ", 16)
        + struct.pack("<HHIIHH", form, channels, rate, (rate * align) & 0xFFFFFFFF, align, bits)
        + struct.pack("<4sI", b"data", size)
        + data
    )


def corrupted(data: bytes, share: float, seed: int = 1) -> bytes:
    """Return `data` with a share of its bytes after the first 600 replaced by noise, in runs of 40."""
    noise = np.random.default_rng(seed)
    bent = bytearray(data)
    for _ in range(int((len(data) - 600) * share / 40)):
        at = int(noise.integers(600, max(601, len(data) - 40)))
        bent[at : at + 40] = noise.bytes(40)
    return bytes(bent[: len(data)])


def tagged_mp3() -> bytes:
    """Return an mp3 whose ID3 tag contains 200 kB of zeros as a picture."""
    return id3_tagged(encode(TONE, RATE, "mp3"))


def id3_tagged(data: bytes) -> bytes:
    """Return a recording with that tag before it."""
    picture = b"\0image/jpeg\0\3\0" + bytes(200_000)
    frame = b"APIC" + struct.pack(">IH", len(picture), 0) + picture
    size = len(frame)
    synchsafe = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + synchsafe + frame + data


def gapped(stretches: list[tuple[float, float]], container: str = "matroska", *, picture: bool = True) -> bytes:
    """Return a film whose sound has time stamps with gaps. `stretches`: when a tone begins, and its seconds."""
    out = io.BytesIO()
    with av.open(out, mode="w", format=container) as file:
        film_track = file.add_stream("mpeg4", rate=1) if picture else None
        sound = file.add_stream("flac", rate=RATE, layout="mono")
        assert isinstance(sound, av.AudioStream)
        if film_track is not None:
            film_track.width, film_track.height, film_track.pix_fmt = 64, 64, "yuv420p"
            image = av.VideoFrame(64, 64, "yuv420p")
            image.pts = 0
            file.mux([*film_track.encode(image), *film_track.encode(None)])
        for begin, seconds in stretches:
            size = RATE // 10
            pcm = tone(seconds)
            for number in range(round(seconds * 10)):
                frame = av.AudioFrame(format="s16", layout="mono", samples=size)
                frame.planes[0].update(pcm[number * size * 2 :][: size * 2].ljust(frame.planes[0].buffer_size, b"\0"))
                frame.sample_rate, frame.pts = RATE, round(begin * RATE) + number * size
                file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
    return out.getvalue()


def sounding(pcm: bytes, rate: int = HEAR_RATE) -> list[tuple[float, float]]:
    """Return when sound begins and ends, in seconds."""
    size = rate // 50
    loud = np.abs(np.frombuffer(pcm, "<i2")[: len(pcm) // 2 // size * size].reshape(-1, size)).max(axis=1) > 500
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]])))
    return [(begin / 50, end / 50) for begin, end in edges.reshape(-1, 2).tolist()]


def extensible(data: bytes, bits: int, valid: int) -> bytes:
    """Return a mono WAV of integers in WAVE_FORMAT_EXTENSIBLE."""
    integers = bytes.fromhex("0100000000001000800000aa00389b71")
    size = bits // 8
    fmt = struct.pack("<HHIIHHHHI", 0xFFFE, 1, RATE, RATE * size, size, bits, 22, valid, 4) + integers
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def dsd(multiple: int) -> bytes:
    """Return two seconds of a tone as DSF: a bit a sample, at a multiple of 44.1 kHz."""
    rate = 44_100 * multiple
    wave_ = np.sin(2 * np.pi * 440 * np.arange(rate // 4) / rate) * 0.3  # whole periods, so that it can be repeated
    bits = np.diff(np.floor(np.cumsum((wave_ + 1) / 2)), prepend=0).astype(np.uint8)
    sound = np.tile(np.packbits(bits, bitorder="little"), 8).tobytes()
    block = 4096
    fmt = struct.pack("<4sQIIIIIIQII", b"fmt ", 52, 1, 0, 1, 1, rate, 1, len(sound) * 8, block, 0)
    sound += b"\x69" * (-len(sound) % block)
    data = struct.pack("<4sQ", b"data", 12 + len(sound)) + sound
    return struct.pack("<4sQQQ", b"DSD ", 28, 28 + len(fmt) + len(data), 0) + fmt + data


def preskipped(data: bytes, samples: int) -> bytes:
    """Return an Ogg Opus file whose header tells to skip so many samples at 48 kHz."""
    end = 28 + data[27]
    page = bytearray(data[:end])
    place = page.index(b"OpusHead") + 10
    page[place : place + 2] = struct.pack("<H", samples)
    page[22:26] = bytes(4)
    crc = 0
    for byte in page:  # RFC 3533 section 6
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1 ^ 0x04C11DB7 if crc & 0x8000_0000 else crc << 1) & 0xFFFF_FFFF
    page[22:26] = struct.pack("<I", crc)
    return bytes(page) + data[end:]


def with_cluster_index() -> bytes:
    """Return a Matroska file of unknown size that ends in an index of its clusters (RFC 9559 section 5.1.1)."""
    found = made("matroska", "libopus", 48_000)
    cluster = b"\x1f\x43\xb6\x75"
    entry = b"\x53\xab\x84" + cluster + b"\x53\xac\x82" + struct.pack(">H", found.index(cluster) & 0xFFFF)
    seek = b"\x4d\xbb" + bytes([0x80 | len(entry)]) + entry
    return found + b"\x11\x4d\x9b\x74" + bytes([0x80 | len(seek)]) + seek


def streamed_asf(data: bytes) -> bytes:
    """Return an ASF file as a recorder writes it to a pipe: its data object tells its own header's size alone."""
    at = data.index(b"\x36\x26\xb2\x75\x8e\x66\xcf\x11")
    return data[: at + 16] + struct.pack("<Q", 50) + data[at + 24 :]


def piped(container: str, codec: str, seconds: float = 2.0) -> bytes:
    """Return a file as FFmpeg writes it to a pipe, where it cannot go back and fill in sizes."""
    out = Pipe()
    with av.open(out, mode="w", format=container) as file:
        stream = file.add_stream(codec, rate=RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        fill(file, stream, RATE, seconds, "s16", "mono")
    return bytes(out.data)


class Pipe:
    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)
