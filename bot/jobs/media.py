"""Any recording -> PCM, and PCM -> a file that phones and browsers play; by PyAV, no ffmpeg to install.

All of it takes CPU: call it in a thread.
"""

import io

import av
import av.error

from bot.audio import HEAR_RATE
from bot.errors import BadAudio

LONGEST = 600.0
"""Seconds of a recording that are read: its tokens are paid for, and a model hears no whole evening at once."""
_FORMATS = "aac,aiff,amr,asf,avi,caf,flac,flv,matroska,mov,mp3,mpegts,ogg,wav,w64"
"""Demuxers let at a stranger's file; playlists are none of them, for they open what they name."""


def to_pcm(data: bytes, rate: int = HEAR_RATE, longest: float = LONGEST) -> bytes:
    """Decode a recording, or the first audio track of a film, to s16le mono, at most `longest` seconds of it.

    Raises BadAudio when it cannot be read or holds no sound.
    """
    limit = int(longest * rate) * 2
    pcm = bytearray()
    try:
        with av.open(io.BytesIO(data), mode="r", container_options={"format_whitelist": _FORMATS}) as container:
            if not container.streams.audio:
                raise BadAudio("no audio track")
            resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
            for frame in container.decode(container.streams.audio[0]):
                for part in resampler.resample(frame):
                    pcm += bytes(part.planes[0])[: part.samples * 2]
                if len(pcm) >= limit:
                    break
            else:
                for part in resampler.resample(None):
                    pcm += bytes(part.planes[0])[: part.samples * 2]
    except (av.error.FFmpegError, ValueError, EOFError, OSError) as error:
        raise BadAudio(type(error).__name__) from error
    if not pcm:
        raise BadAudio("no sound in it")
    return bytes(pcm[:limit])


def encode(pcm: bytes, rate: int, container: str = "ogg", codec: str = "libopus", bit_rate: int = 32_000) -> bytes:
    """Pack s16le mono into a file: `("ogg", "libopus")`, `("mp3", "libmp3lame")`."""
    out = io.BytesIO()
    with av.open(out, mode="w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, bit_rate=bit_rate, layout="mono")
        assert isinstance(stream, av.AudioStream)
        formats = stream.codec_context.codec.audio_formats
        frame = av.AudioFrame(format="s16", layout="mono", samples=len(pcm) // 2)
        frame.sample_rate = rate
        frame.planes[0].update(pcm.ljust(frame.planes[0].buffer_size, b"\0"))
        resampler = av.AudioResampler(
            format=formats[0].name if formats else "s16",
            layout="mono",
            rate=rate,
            frame_size=stream.codec_context.frame_size or 1024,
        )
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            file.mux(stream.encode(part))
    return out.getvalue()
