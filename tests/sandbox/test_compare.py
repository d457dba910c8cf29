import numpy as np
import pytest

from sandbox import clips
from sandbox.people.compare import correlation

RATE = 48_000
MOON, COOK = clips.load("ben-moon", RATE), clips.load("anna-cook", RATE)
SECOND = bytes(2 * RATE)


def quieter(pcm: bytes, factor: float) -> bytes:
    return (np.frombuffer(pcm, "<i2") * factor).astype("<i2").tobytes()


def noisy(pcm: bytes, level: float) -> bytes:
    noise = np.random.default_rng(1).normal(0, level, len(pcm) // 2)
    return np.clip(np.frombuffer(pcm, "<i2") + noise, -32768, 32767).astype("<i2").tobytes()


HALF = len(MOON) // 4 * 2


@pytest.mark.parametrize(
    ("heard", "least", "most"),
    [
        pytest.param(MOON, 0.999, 1.001, id="itself"),
        pytest.param(SECOND + MOON + SECOND, 0.999, 1.001, id="itself, later"),
        pytest.param(quieter(MOON, 0.3), 0.99, 1.001, id="itself, quieter"),
        pytest.param(noisy(MOON, 300), 0.9, 0.999, id="under noise"),
        pytest.param(MOON[HALF:], 0.3, 0.8, id="the second half"),
        pytest.param(MOON[HALF:] + SECOND * 2 + MOON[:HALF], 0.3, 0.8, id="its halves in the other order"),
        pytest.param(COOK, 0.0, 0.5, id="something else"),
        pytest.param(COOK + SECOND * 3 + MOON, 0.99, 1.001, id="after something else"),
        pytest.param(SECOND, 0.0, 0.001, id="silence"),
        pytest.param(b"", 0.0, 0.001, id="nothing"),
    ],
)
def test_how_much_of_a_sentence_is_in_a_recording(heard: bytes, least: float, most: float) -> None:
    assert least <= correlation(MOON, heard, RATE) <= most


def test_a_pause_of_another_length_does_no_harm() -> None:
    assert correlation(MOON + SECOND + COOK, MOON + SECOND[: RATE // 2] + COOK, RATE) > 0.95


def test_silence_is_in_nothing() -> None:
    assert correlation(SECOND, MOON, RATE) == 0.0
