"""The main job, end to end: real Opus, DAVE and UDP on one side, HTTP and SSE on the other, real time between."""

from bot.audio import SPEAK_RATE
from bot.sandbox import clips
from bot.sandbox.compare import correlation
from bot.sandbox.model_behaviour import Answer
from tests.e2e.conftest import House, until

HEARD = 16_000
OUT = 48_000


async def test_somebody_asks_and_hears_the_answer(house: House) -> None:
    house.model.default = Answer.clip("bot-rice")
    async with house.bot():
        anna = await house.sandbox.person("Anna")
        outcome = await house.join(anna)
        assert outcome.ephemeral
        await anna.say(clips.load("anna-cook", OUT))
        [request] = await house.model.wait_for_chats(1)
        assert correlation(clips.load("anna-cook", HEARD), request.newest, HEARD) >= 0.95
        answer = clips.load("bot-rice", OUT)
        await anna.ears.wait_for(house.sandbox.bot.id, len(answer) / 2 / OUT, 20)
        assert correlation(answer, anna.ears.heard(house.sandbox.bot.id), OUT) >= 0.95
        await until(lambda: any("-#" in line for line in house.lines()))
        said = [line for line in house.lines() if clips.get("anna-cook").sentence in line]
        assert len(said) == 1 and said[0].startswith("**Anna**")
        assert any(clips.get("bot-rice").sentence in line for line in house.lines())
    assert not house.model.refused
