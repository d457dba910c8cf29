"""Makes recordings of many formats, valid and broken."""

import io
import struct
import wave
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer

from bot.audio import HEAR_RATE
from bot.files.recordings import reader
from bot.files.recordings.facts import sound_bytes
from bot.jobs.encoder import encode

RATE = 24_000


def tone(seconds: float = 2.0, pitch: float = 440.0, rate: int = RATE, level: float = 8000.0) -> bytes:
    """Return a sine, s16le mono."""
    return (np.sin(2 * np.pi * pitch * np.arange(int(rate * seconds)) / rate) * level).astype("<i2").tobytes()


TONE = tone()


def to_pcm(source: bytes | Path, rate: int = HEAR_RATE, longest: float = 600.0) -> bytes:
    """Decode the first `longest` seconds of a recording to s16le mono. Raises BadAudio."""
    limit = sound_bytes(longest, rate)
    pcm = bytearray()
    for piece in reader.read(source, rate):
        pcm += piece
        if len(pcm) >= limit:
            break
    return bytes(pcm[:limit])


def pitch(pcm: bytes, rate: int) -> float:
    """Return the loudest frequency, in Hz."""
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * rate / samples.size)


def made(container: str, codec: str, rate: int = RATE, channels: int = 1, seconds: float = 2.0) -> bytes:
    """Return a file that ffmpeg encodes, with the same tone on each channel."""
    out = io.BytesIO()
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    with av.open(out, mode="w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        formats = stream.codec_context.codec.audio_formats
        _fill(file, stream, rate, seconds, formats[0].name if formats else "s16", layout)
    return out.getvalue()


def _fill(file: OutputContainer, stream: av.AudioStream, rate: int, seconds: float, form: str, layout: str) -> None:
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
            _fill(file, sound, RATE, 2.0, "fltp", "mono")
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
    picture = b"\0image/jpeg\0\3\0" + bytes(200_000)
    frame = b"APIC" + struct.pack(">IH", len(picture), 0) + picture
    size = len(frame)
    synchsafe = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + synchsafe + frame + encode(TONE, RATE, "mp3")
