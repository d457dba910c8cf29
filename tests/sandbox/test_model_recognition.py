"""Recognition of the shipped clips."""

import numpy as np
import pytest

from bot.jobs.encoder import encode
from sandbox import clips, media
from sandbox.model.recognition import recognise

RATE = 16_000
SPEECH = [clip.id for clip in clips.speech()]


def quiet(seconds: float) -> bytes:
    return bytes(int(seconds * RATE) * 2)


def through_opus(id: str) -> bytes:
    return media.to_pcm(encode(clips.load(id, 48_000), 48_000, "ogg", "libopus", 24_000), RATE)


def lossy(pcm: bytes, share: float) -> bytes:
    """Drop frames of 20 ms."""
    samples, dice = np.frombuffer(pcm, "<i2").copy(), np.random.default_rng(3)
    for at in range(0, len(samples), 320):
        if dice.random() < share:
            samples[at : at + 320] = 0
    return samples.tobytes()


def noisy(pcm: bytes, level: float) -> bytes:
    samples = np.frombuffer(pcm, "<i2") + np.random.default_rng(3).normal(0, level, len(pcm) // 2)
    return samples.clip(-32768, 32767).astype("<i2").tobytes()


def texts(pcm: bytes) -> list[str]:
    return [found.text for found in recognise(pcm)]


def sentence(id: str) -> str:
    return clips.get(id).sentence


@pytest.mark.parametrize("id", SPEECH)
def test_each_sentence_is_known_after_opus(id: str):
    assert texts(quiet(0.4) + through_opus(id) + quiet(0.5)) == [sentence(id)]


@pytest.mark.parametrize("id", [id for id in SPEECH if not id.endswith("stop")])
def test_each_sentence_is_known_when_its_ends_are_cut(id: str):
    assert texts(through_opus(id)[3200:-3200]) == [sentence(id)]


def test_through_loss_and_noise():
    assert texts(lossy(through_opus("anna-boss"), 0.1)) == [sentence("anna-boss")]
    assert texts(noisy(through_opus("ben-train"), 500)) == [sentence("ben-train")]


def test_several_in_order_with_their_places():
    pcm = b"".join(quiet(0.5) + through_opus(id) for id in ("anna-cook", "anna-stop", "yuki-game"))
    found = recognise(pcm)
    assert [item.clip.id for item in found] == ["anna-cook", "anna-stop", "yuki-game"]
    assert [round(item.start, 1) for item in found] == pytest.approx([0.5, 4.5, 5.6], abs=0.15)
    assert all(item.score > 0.85 for item in found)


def test_a_pause_that_ended_the_utterance():
    pcm = through_opus("ben-pause")
    assert texts(quiet(0.3) + pcm[: int(2.5 * RATE) * 2] + quiet(0.5)) == ["Kikite, could you tell us, well,"]
    assert texts(quiet(0.3) + pcm[int(2.6 * RATE) * 2 :] + quiet(0.5)) == ["what a lunar eclipse is?"]


@pytest.mark.parametrize("id", ["cough", "laughter", "keyboard", "music"])
def test_noises_are_no_words(id: str):
    assert texts(through_opus(id)) == []


@pytest.mark.parametrize(
    "pcm", [b"", quiet(3), b"\0", noisy(quiet(2), 1000)], ids=["nothing", "quiet", "a byte", "hiss"]
)
def test_nothing_said(pcm: bytes):
    assert texts(pcm[: len(pcm) // 2 * 2]) == []
