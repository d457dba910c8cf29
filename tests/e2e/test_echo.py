"""People on loudspeakers, through the whole bot: it must not hear itself, and must hear them."""

import asyncio
import json

import pytest

from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.people.compare import correlation
from sandbox.people.echo_path import EchoConditions
from sandbox.people.open_loudspeaker import open_loudspeaker
from sandbox.people.person import Person
from tests.e2e.conftest import Harness, until

OUT = 48_000
HEARD = 16_000
QUIET_SECONDS = 3.0
"""After an answer: an echo would have been asked about by then."""


def sentence(clip: str) -> str:
    return clips.get(clip).sentence


def of_others(harness: Harness) -> list[str]:
    """Return the lines that are not the bot's."""
    return [line for line in harness.lines() if not line.startswith("**Kikite**")]


async def said(harness: Harness, clip: str, turns: int = 1) -> None:
    await until(lambda: sum(sentence(clip) in line and "-#" in line for line in harness.lines()) >= turns, 40)


def heard_by(person: Person, harness: Harness, clip: str) -> float:
    return correlation(clips.load(clip, OUT), person.recorder.heard(harness.sandbox.bot.id), OUT)


@pytest.mark.parametrize(
    "conditions",
    [
        EchoConditions(delay=0.12, level=-8.0),
        EchoConditions(delay=0.3, level=-20.0, room=True, canceller=True, noise=-70.0),
    ],
    ids=["loud and dry", "the residue of a canceller"],
)
async def test_a_loudspeaker_is_no_question(harness: Harness, conditions: EchoConditions) -> None:
    harness.model.default = Speak.clip("bot-moon")
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        async with open_loudspeaker(anna, conditions) as room:
            await room.say(clips.load("anna-cook", OUT))
            await said(harness, "bot-moon")
            await asyncio.sleep(QUIET_SECONDS)
        assert sum("planet" in (words.heard or "") for words in harness.model.transcriptions) <= 1, "one wasted at most"
        assert sum(chat.answer_text == sentence("bot-moon") for chat in harness.model.chats) <= 2
        assert heard_by(anna, harness, "bot-moon") >= 0.95
        assert not any("planet" in line for line in of_others(harness))
        why = await harness.sandbox.command(anna.user, "call why", channel_id=harness.lounge.id)
        assert "my own voice came back from your speakers" in why.content
        hints = [m for m in harness.sandbox.messages(harness.lounge.id, ephemeral=True) if "headphones" in m.content]
        assert [(hint.ephemeral, hint.seen_by) for hint in hints] == [(True, anna.id)], "told once, and only to her"


async def test_two_loudspeakers_in_one_channel(harness: Harness) -> None:
    harness.model.default = Speak.clip("bot-rice")
    async with harness.bot(answering="always"):
        anna, ben = await harness.sandbox.person("Anna"), await harness.sandbox.person("Ben")
        await harness.join(anna)
        await ben.join(harness.lounge.id)
        async with (
            open_loudspeaker(anna, EchoConditions(delay=0.1, level=-12.0, room=True)) as room,
            open_loudspeaker(ben, EchoConditions(delay=0.26, level=-18.0, room=True, seed=2)),
        ):
            for turn in (1, 2):
                await room.say(clips.load("anna-cook", OUT))
                await said(harness, "bot-rice", turn)
                await asyncio.sleep(QUIET_SECONDS)
        assert sum("-#" in line and sentence("bot-rice") in line for line in harness.lines()) == 2
        assert not any("one pan" in line for line in of_others(harness))


async def test_speaking_over_the_echo_stops_the_answer_and_reaches_the_model(harness: Harness) -> None:
    rice, harness.model.default = Speak.clip("bot-rice"), Speak.clip("bot-moon")
    async with harness.bot():
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        async with open_loudspeaker(anna, EchoConditions(delay=0.15, level=-10.0, room=True)) as room:
            await room.say(clips.load("anna-cook", OUT))
            await anna.recorder.wait_for(harness.sandbox.bot.id, 3.0, 60)
            harness.model.default = rice
            await room.say(clips.load("anna-wait", OUT))
            await said(harness, "bot-rice")
            await asyncio.sleep(QUIET_SECONDS)
        assert not any("slowly became the moon" in line for line in harness.lines()), "it was stopped"
        asked = [chat for chat in harness.model.chats if chat.answer_text]
        assert max(correlation(clips.load("anna-wait", HEARD), chat.newest, HEARD) for chat in asked) >= 0.6
        assert not any("planet" in json.dumps(chat.body["messages"][-1]) for chat in asked)
        assert not any("planet" in line for line in of_others(harness))
