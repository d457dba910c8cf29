"""Every way the model server can write a stream gives the same reply."""

from itertools import combinations

import pytest

from bot.engine.openai_audio import OpenAIEngine
from sandbox.model.behaviour import Ending, Oddity, Speak
from sandbox.model.server import ModelServer
from tests.engine.listen import listen

pytestmark = pytest.mark.looptime

ANSWERS = (Speak.clip("bot-heard"), Speak.clip("bot-tenki"))
CUTS = {Oddity.SPLIT_BASE64, Oddity.PADDED, Oddity.UNPADDED, Oddity.ODD_BYTE}
"""Four ways to cut the sound: one at a time."""
ENDS = {Oddity.CR, Oddity.CRLF}
HEADS = {Oddity.DATA_URL, Oddity.SPLIT_BASE64}
"""A data URL begins a file, or a part that is encoded by itself."""
PAIRS = [
    pair
    for pair in combinations(Oddity, 2)
    if all(len(group.intersection(pair)) < 2 for group in (CUTS, ENDS, HEADS)) and Oddity.WHOLE not in pair
]
ALONE = {Oddity.PADDED, Oddity.UNPADDED, Oddity.ODD_BYTE, Oddity.TEXT_BESIDE, Oddity.WHOLE, Oddity.CR, Oddity.DATA_URL}
"""These exclude others."""
ALL = tuple(oddity for oddity in Oddity if oddity not in ALONE)


@pytest.mark.parametrize("oddities", [(), *((oddity,) for oddity in Oddity), ALL], ids=str)
async def test_oddity(model: ModelServer, engine: OpenAIEngine, oddities: tuple[Oddity, ...]):
    for answer in ANSWERS:
        model.script(answer.with_(*oddities))
        got = await listen(engine)
        assert (got.text, got.error) == (answer.text, None)
        assert got.pcm == answer.pcm
        assert got.done
        assert (got.done.complete, got.done.discarded) == (True, 0)
        assert got.done.audio_id == model.chats[-1].audio_id
        assert got.done.estimated == bool({Oddity.NO_USAGE, Oddity.NULL_USAGE}.intersection(oddities))
        assert (got.done.expires_at is None) == (Oddity.NO_EXPIRY in oddities)


async def test_two_at_a_time(model: ModelServer, engine: OpenAIEngine):
    answer = Speak.clip("bot-kikoeta").with_(speed=0)
    for pair in PAIRS:
        model.script(answer.with_(*pair))
        got = await listen(engine)
        assert (pair, got.text, got.pcm == answer.pcm) == (pair, answer.text, True)


@pytest.mark.parametrize("ending", Ending)
async def test_endings(model: ModelServer, engine: OpenAIEngine, ending: Ending):
    model.script(ANSWERS[0].with_(ending=ending))
    got = await listen(engine)
    assert got.done
    assert got.done.complete == (ending in (Ending.EXPIRES, Ending.STOP))
    assert (got.done.audio_id is not None) == got.done.complete, "half an answer is never referred to"
