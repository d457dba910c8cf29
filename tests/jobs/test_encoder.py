"""Encoded files play and have chapters; waveforms follow the sound."""

from io import BytesIO

import av
import numpy as np
import pytest

from bot.jobs.encoder import ChapterMark, FileEncoder, encode, waveform
from tests.files.sounds import RATE, pitch, to_pcm, tone


@pytest.mark.parametrize("container", ["ogg", "mp3"])
def test_a_file_written_in_pieces_is_whole(container: str) -> None:
    pcm, out = tone(3), BytesIO()
    chapters = [ChapterMark("One", 0, 0.6), ChapterMark("二", 0.6, 1.5), ChapterMark("=", 1.5, 3)]
    with FileEncoder(out, RATE, container, chapters=chapters, metadata={"title": "A talk"}) as encoder:
        for at in range(0, len(pcm), 7_000):
            encoder.write(pcm[at : at + 7_000])
    back = to_pcm(out.getvalue(), RATE)
    assert abs(len(back) - len(pcm)) / 48_000 < 0.03
    assert abs(pitch(back, RATE) - 440) < 2
    with av.open(BytesIO(out.getvalue())) as file:
        found = file.chapters()
        assert [chapter["metadata"]["title"] for chapter in found] == ["One", "二", "="]
        assert [float(chapter["start"] * (chapter["time_base"] or 0)) for chapter in found] == [0, 0.6, 1.5]
        assert "A talk" in {**file.metadata, **file.streams.audio[0].metadata}.values()


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
@pytest.mark.parametrize("piece", [480, 7_001, 1_000_000])
def test_an_ogg_is_as_long_as_it_says(rate: int, piece: int) -> None:
    pcm, out = bytes(rate * 3 * 2), BytesIO()
    with FileEncoder(out, rate) as encoder:
        for at in range(0, len(pcm), piece * 2):
            encoder.write(pcm[at : at + piece * 2])
    data = out.getvalue()
    pre_skip = int.from_bytes(data[38:40], "little")  # RFC 7845 section 5.1
    last_page = data.rindex(b"OggS")
    assert int.from_bytes(data[last_page + 6 : last_page + 14], "little") - pre_skip == 3 * 48_000
    with av.open(BytesIO(data), "r") as file:
        assert sum(frame.samples for frame in file.decode(audio=0)) == 3 * 48_000


def test_a_higher_bit_rate_makes_a_longer_file() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, RATE * 3).astype("<i2").tobytes()
    assert len(encode(noise, RATE, bit_rate=16_000)) < 0.7 * len(encode(noise, RATE, bit_rate=48_000))


def test_the_waveform_follows_the_loudness() -> None:
    pcm = tone(10, level=2_000) + tone(10, level=20_000) + bytes(10 * RATE * 2)
    shape = waveform([pcm[:50_000], pcm[50_000:]], RATE, 30)
    assert len(shape) == 256
    assert max(shape[:80]) == pytest.approx(25, abs=2)
    assert min(shape[90:165]) > 240
    assert max(shape[175:]) == 0


@pytest.mark.parametrize(("seconds", "steps"), [(0.02, 1), (3, 30), (600, 256)])
def test_the_waveform_has_a_value_each_100_ms_but_256_at_most(seconds: float, steps: int) -> None:
    assert len(waveform([tone(0.5)], RATE, seconds)) == steps


def test_silence_has_a_flat_waveform() -> None:
    assert waveform([bytes(RATE * 2)], RATE, 1) == bytes(10)
