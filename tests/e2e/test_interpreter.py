"""Two languages in one room, interpreted: real speech, Opus, DAVE and UDP on one side, HTTP and SSE on the other."""

import asyncio
import re
from collections.abc import Sequence
from statistics import median

import pytest

from bot.audio import HEAR_RATE
from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.model.log import ReceivedRequest
from sandbox.model.recognition import recognise
from sandbox.people.compare import correlation
from sandbox.people.echo_path import EchoConditions
from sandbox.people.open_loudspeaker import open_loudspeaker
from sandbox.people.person import RTP_RATE, Person
from tests.e2e.conftest import Harness, until
from tests.settling import settled

IN_ENGLISH, IN_JAPANESE = "bot-heard", "bot-kikoeta"
QUIET_SECONDS = 3.0
"""At the end: an echo would have been interpreted by then."""
MODEL_SECONDS = 0.1
"""Until the model's first sound."""
SPOKEN = ("anna-boss", "yuki-when", "ben-train", "yuki-game", "anna-quickest")


def interpreting(request: ReceivedRequest) -> Speak:
    """Answer as a model would that follows the system message: in the language that the sound is not in."""
    system = request.body["messages"][0]["content"]
    (found,) = recognise(request.newest)[:1]
    spoken = {"en": "English", "ja": "Japanese"}[found.clip.language]
    way = re.search(rf"What is said in {spoken}, say in (\w+)\.", system)
    assert way, system
    return Speak.clip({"English": IN_ENGLISH, "Japanese": IN_JAPANESE}[way[1]])


async def played(harness: Harness, people: dict[str, Person], order: Sequence[str]) -> list[float]:
    """Let clips be said one after the other; check each interpretation, and return the seconds until it sounds."""
    waits: list[float] = []
    bot, listener = harness.sandbox.bot.id, people["Ben"].recorder
    for number, clip in enumerate(order, 1):
        who, language = clips.get(clip).voice, clips.get(clip).language
        spoken = await people[who].say(clips.load(clip, RTP_RATE))
        heard = lambda after=spoken.last: [frame.at for frame in listener.frames(bot) if frame.at > after]  # noqa: E731
        await until(heard, 20)
        waits.append(heard()[0] - spoken.last)
        await until(lambda number=number: interpreted(harness) >= number, 20)
        await settled(lambda: len(listener.frames(bot)))
        said = IN_JAPANESE if language == "en" else IN_ENGLISH
        heard_sound = listener.heard(bot, spoken.last)
        assert correlation(clips.load(said, RTP_RATE), heard_sound, RTP_RATE) >= 0.9, (number, clip)
        request = harness.model.chats[-1]
        assert correlation(clips.load(clip, HEAR_RATE), request.newest, HEAR_RATE) >= 0.9
    return waits


async def room(harness: Harness, order: Sequence[str]) -> list[float]:
    async with harness.bot(answering="name"):
        people = {name: await harness.sandbox.person(name) for name in ("Anna", "Ben", "Yuki")}
        await harness.join(people["Anna"])
        for name in ("Ben", "Yuki"):
            await people[name].join(harness.lounge.id)
        harness.model.default = interpreting
        begun = await harness.sandbox.command(people["Anna"].user, "interpret", {"languages": "英語と日本語"})
        assert "English ⇄ 日本語" in (await begun.settled()).text
        waits = await played(harness, people, order)
        await until(lambda: sum("-#" in line for line in harness.lines()) >= len(order))
        assert sum("-#" in line for line in harness.lines()) == len(order), "each of them once"
        ended = await harness.sandbox.command(people["Anna"].user, "interpret", {})
        assert "Interpreting ended" in (await ended.settled()).text
        asked = len(harness.model.chats)
        await people["Ben"].say(clips.load("ben-train", RTP_RATE))
        await asyncio.sleep(1.5)
        assert len(harness.model.chats) == asked, "without it a name is needed again"
    assert not harness.model.refused
    return waits


@pytest.mark.timeout(120)
async def test_two_languages(harness: Harness) -> None:
    await room(harness, SPOKEN[:3])


@pytest.mark.long
@pytest.mark.timeout(200)
async def test_its_echo_and_that_of_people_make_no_loop(harness: Harness) -> None:
    """Yuki's loudspeaker returns what Anna says, and the bot: each utterance is still said once, by whoever said it."""
    async with harness.bot(answering="name"):
        anna, yuki = await harness.sandbox.person("Anna"), await harness.sandbox.person("Yuki")
        await harness.join(anna)
        await yuki.join(harness.lounge.id)
        harness.model.default = interpreting
        begun = await harness.sandbox.command(anna.user, "interpret", {"languages": "en, ja"})
        await begun.settled()
        said = [("Anna", "anna-boss"), ("Yuki", "yuki-game"), ("Anna", "ben-train")]
        bot = harness.sandbox.bot.id
        async with open_loudspeaker(yuki, EchoConditions(delay=0.12, level=-8.0, room=True)) as room:
            for number, (who, clip) in enumerate(said, 1):
                await (anna.say if who == "Anna" else room.say)(clips.load(clip, RTP_RATE))
                await until(lambda number=number: interpreted(harness) >= number, 30)
                await anna.recorder.quiet(bot, 0.5, 20)
            await asyncio.sleep(QUIET_SECONDS)
        assert interpreted(harness) == len(said), "\n".join(harness.lines())
        people = [line for line in harness.lines() if line.startswith(("**Anna** ", "**Yuki** "))]
        assert people == [f"**{who}** {clips.get(clip).sentence}" for who, clip in said]
        why = await harness.sandbox.command(anna.user, "call why", channel_id=harness.lounge.id)
        assert "another person's voice came back" in why.content
    assert not harness.model.refused


def interpreted(harness: Harness) -> int:
    return sum("-#" in line for line in harness.lines())


@pytest.mark.long
@pytest.mark.timeout(500)
async def test_forty_utterances(harness: Harness) -> None:
    """Prints how long people wait; the machine decides about that."""
    waits = sorted(wait - MODEL_SECONDS for wait in await room(harness, SPOKEN * 8))
    print(f"end of speech to first sound, less the model: median {median(waits):.3f} s, p95 {waits[37]:.3f} s")
    dropped = len(harness.model.chats) - len(waits)
    print(f"requests dropped, unheard, per 100 utterances: {100 * dropped / len(waits):.0f}")
