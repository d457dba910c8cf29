"""Measures recordings without the bot's own code: another decoder, ffmpeg's loudness meter, the file's chapters."""

import base64
from io import BytesIO

import av
import av.error
import numpy as np
from av.filter import Graph

from bot.audio import SPEAK_RATE
from sandbox.guild.message import Attachment, ChatMessage, MessageFlag
from sandbox.media import to_pcm


def lufs(data: bytes) -> float:
    """Return the integrated loudness of a recording by ffmpeg's EBU R128 meter."""
    graph, found = Graph(), float("-inf")
    with av.open(BytesIO(data), "r") as file:
        stream = file.streams.audio[0]
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "metadata=1")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        for frame in file.decode(stream):
            source.push(frame)
            while True:
                try:
                    measured = sink.pull()
                except (av.error.BlockingIOError, av.error.EOFError):
                    break
                found = float(measured.metadata.get("lavfi.r128.I", found))
    return found


def chapters(data: bytes) -> list[tuple[str, float, float]]:
    """Return a recording's chapters: title, start and end in seconds."""
    with av.open(BytesIO(data), "r") as file:
        return [
            (
                chapter["metadata"]["title"],
                float(chapter["start"] * (chapter["time_base"] or 0)),
                float(chapter["end"] * (chapter["time_base"] or 0)),
            )
            for chapter in file.chapters()
        ]


def length(sound: Attachment) -> float:
    """Return the seconds that can be decoded."""
    return len(to_pcm(sound.data, SPEAK_RATE, 10_000)) / (2 * SPEAK_RATE)


def voice_message_sound(message: ChatMessage, rate: int) -> bytes:
    """Return a voice message's sound as s16le mono, after checking that its duration and waveform match the sound."""
    assert message.flags & MessageFlag.IS_VOICE_MESSAGE
    assert not message.content
    (sound,) = message.attachments
    assert sound.content_type.startswith("audio/ogg")
    pcm = to_pcm(sound.data, rate)
    samples = np.abs(np.frombuffer(pcm, "<i2").astype(float))
    seconds = samples.size / rate
    assert abs((sound.duration_secs or 0) - seconds) < 0.1
    waveform = np.frombuffer(base64.b64decode(sound.waveform or "", validate=True), np.uint8)
    assert min(256, int(seconds * 10) - 1) <= waveform.size <= 256
    heard = [part.max() for part in np.array_split(samples, waveform.size)]
    assert np.corrcoef(waveform, heard)[0, 1] > 0.8
    return pcm
