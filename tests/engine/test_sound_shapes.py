"""Sound in every form that servers were seen to send: played as it was meant, or not at all."""

import numpy as np
import pytest

from bot.engine.openai_audio import OpenAIEngine
from bot.errors import UnplayableSound
from sandbox.model.behaviour import Oddity, Speak
from sandbox.model.server import ModelServer
from sandbox.model.sound_wire import PLAYABLE, UNPLAYABLE
from tests.engine.listen import listen
from tests.engine.make import request

pytestmark = pytest.mark.looptime

RICE = Speak.clip("bot-rice")
LOSSY_LIKENESS = 0.95
"""Correlation with the source, at the best shift of up to 0.1 s."""


def likeness(got: bytes, source: bytes) -> float:
    one, other = (np.frombuffer(pcm, "<i2").astype(np.float64) for pcm in (got, source))
    size = 1 << (len(one) + len(other)).bit_length()
    product = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size)))
    near = np.concatenate((product[:2400], product[-2400:]))
    return float(near.max() / np.sqrt(np.dot(one, one) * np.dot(other, other)))


@pytest.mark.parametrize("whole", [False, True], ids=["streamed", "in one answer"])
@pytest.mark.parametrize("encoding", PLAYABLE)
async def test_sound_is_played_as_it_was_meant(model: ModelServer, engine: OpenAIEngine, encoding: str, whole: bool):
    answer = RICE.with_(*([Oddity.WHOLE] if whole else []), encoding=encoding)
    model.script(answer)
    got = await listen(engine)
    assert (got.text, got.error, len(model.chats)) == (RICE.text, None, 1)
    assert len(got.pcm) == pytest.approx(len(RICE.pcm), abs=9600)
    assert likeness(bytes(got.pcm), RICE.pcm) > LOSSY_LIKENESS


@pytest.mark.parametrize("clip", ["bot-rice", "bot-kikoeta"])
@pytest.mark.parametrize("encoding", UNPLAYABLE)
async def test_noise_is_never_played(model: ModelServer, engine: OpenAIEngine, encoding: str, clip: str):
    answer = Speak.clip(clip)
    model.script(answer.with_(encoding=encoding), answer)
    got = await listen(engine)
    assert (got.text, bytes(got.pcm), type(got.error)) == (answer.text, b"", UnplayableSound)
    assert got.done
    assert not got.done.complete
    assert len(model.chats) == 1, "the same would come again"
    assert (await listen(engine)).pcm == answer.pcm


@pytest.mark.parametrize("oddity", [Oddity.DATA_URL, Oddity.URL_SAFE, Oddity.LINE_BREAKS])
@pytest.mark.parametrize("encoding", ["", "wav float", "mp3"])
async def test_base64_is_read_in_all_its_ways(model: ModelServer, engine: OpenAIEngine, encoding: str, oddity: Oddity):
    model.script(RICE.with_(oddity, encoding=encoding))
    got = await listen(engine)
    assert got.error is None
    assert likeness(bytes(got.pcm), RICE.pcm) > LOSSY_LIKENESS


async def test_whole_answers_are_written_down_too(model: ModelServer, engine: OpenAIEngine):
    model.script(RICE.with_(Oddity.WHOLE))
    got = await listen(engine, request(text_only=True))
    assert (got.text, got.pcm, got.error) == (RICE.text, b"", None)
