"""Strangers' files become PCM, or a sentence."""

from pathlib import Path

import numpy as np
import pytest

from bot.errors import BadAudio
from bot.jobs import media

RATE = 24_000
TONE = (np.sin(2 * np.pi * 440 * np.arange(RATE * 2) / RATE) * 8000).astype("<i2").tobytes()


def pitch(pcm: bytes, rate: int) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * rate / samples.size)


@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("ogg", "libopus"),
        ("mp3", "libmp3lame"),
        ("webm", "libopus"),
        ("mp4", "aac"),
        ("wav", "pcm_s16le"),
        ("flac", "flac"),
    ],
)
def test_what_phones_and_browsers_record_is_heard(container: str, codec: str) -> None:
    pcm = media.to_pcm(media.encode(TONE, RATE, container, codec))
    assert 1.9 < len(pcm) / 32_000 < 2.2
    assert abs(pitch(pcm, 16_000) - 440) < 2


def test_a_long_recording_is_cut() -> None:
    assert len(media.to_pcm(media.encode(TONE, RATE), longest=0.5)) == 16_000


@pytest.mark.parametrize(
    "data", [b"", b"plain words", bytes(500), b"OggS" + bytes(100)], ids=["none", "text", "0", "ogg"]
)
def test_junk_is_bad_audio(data: bytes) -> None:
    with pytest.raises(BadAudio):
        media.to_pcm(data)


def test_a_file_without_its_sound_is_bad_audio() -> None:
    with pytest.raises(BadAudio):
        media.to_pcm(media.encode(TONE, RATE)[:60])


def test_a_playlist_opens_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(media.encode(TONE, RATE, "wav", "pcm_s16le"))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n"
    for text in (playlist, f"ffconcat version 1.0\nfile {secret}\n"):
        with pytest.raises(BadAudio):
            media.to_pcm(text.encode())
