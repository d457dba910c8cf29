import numpy as np
import pytest

from bot import audio
from bot.errors import BadAudio


def test_a_wav_survives_the_round_trip() -> None:
    pcm = np.arange(-160, 160, dtype="<i2").tobytes()
    assert audio.from_wav(audio.to_wav(pcm, 16_000)) == (pcm, 16_000)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\x00\x00\x00\x00WAVE", b"ID3" + bytes(99), b"\x00" * 44])
def test_what_is_no_wav_is_refused(data: bytes) -> None:
    with pytest.raises(BadAudio):
        audio.from_wav(data)


@pytest.mark.parametrize(
    ("pcm", "level"),
    [
        (b"", audio.SILENCE_DBFS),
        (bytes(640), audio.SILENCE_DBFS),
        (np.full(320, 16384, "<i2").tobytes(), -6.02),
        (np.full(320, -32768, "<i2").tobytes(), 0.0),
    ],
)
def test_levels(pcm: bytes, level: float) -> None:
    assert audio.dbfs(pcm) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (65.9, "1:05"), (3599, "59:59"), (3725, "1:02:05")])
def test_a_length_as_people_read_it(seconds: float, shown: str) -> None:
    assert audio.clock(seconds) == shown
