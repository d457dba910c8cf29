"""Anna takes back that she is heard, or all she said, at every moment of her question: through the whole bot."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot import app
from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.people.person import Person
from tests.e2e.conftest import Harness, until
from tests.e2e.test_conversation import OUT, sentence
from tests.e2e.test_jobs import recording
from tests.e2e.test_privacy import parts

QUESTION = "anna-cook"
Moment = Callable[[Harness, Person, Person], Awaitable[None]]


async def in_the_middle_of_it(harness: Harness, anna: Person, ben: Person) -> None:
    talking = asyncio.create_task(anna.say(clips.load(QUESTION, OUT)))
    await asyncio.sleep(2.0)
    asyncio.get_running_loop().call_later(3.0, talking.cancel)


async def in_the_pause_after_it(harness: Harness, anna: Person, ben: Person) -> None:
    """The answer may have been asked for ahead."""
    await anna.say(clips.load(QUESTION, OUT))
    await asyncio.sleep(0.3)


async def while_the_model_thinks(harness: Harness, anna: Person, ben: Person) -> None:
    await anna.say(clips.load(QUESTION, OUT))
    await until(lambda: any(line.startswith("**Anna** ") for line in harness.lines()))


async def while_ben_holds_the_floor(harness: Harness, anna: Person, ben: Person) -> None:
    long = clips.load("ben-story", OUT) + clips.load("ben-moon", OUT)
    talking = asyncio.create_task(ben.say(long))
    await anna.say(clips.load(QUESTION, OUT))
    await asyncio.sleep(1.0)
    assert not talking.done()


async def while_both_are_answered(harness: Harness, anna: Person, ben: Person) -> None:
    harness.model.default = Speak.clip("bot-rice")
    await asyncio.gather(anna.say(clips.load(QUESTION, OUT)), ben.say(clips.load("ben-story", OUT)))
    await until(lambda: any(sentence("bot-rice")[:10] in line for line in harness.lines()), 20)


async def withdraw(harness: Harness, running: app.App, anna: Person) -> None:
    await harness.sandbox.command(anna.user, "privacy withdraw", channel_id=harness.lounge.id)


async def forget(harness: Harness, running: app.App, anna: Person) -> None:
    await running.calls.erasure.forget_person(anna.id)


SHARED: list[Moment] = [while_ben_holds_the_floor, while_both_are_answered]
MOMENTS: list[Moment] = [in_the_middle_of_it, in_the_pause_after_it, while_the_model_thinks, *SHARED]


@pytest.mark.long
@pytest.mark.parametrize("act", [withdraw, forget])
@pytest.mark.parametrize("moment", MOMENTS)
async def test_what_is_taken_back_is_in_no_request_and_no_file(
    harness: Harness, moment: Moment, act: Callable[[Harness, app.App, Person], Awaitable[None]]
) -> None:
    harness.model.default = replace(Speak.clip("bot-rice"), first_audio=3.0)
    async with harness.bot(answering="always", consent="opt-in") as running:
        anna, ben = await harness.sandbox.person("Anna"), await harness.sandbox.person("Ben")
        await harness.join(anna)
        await ben.join(harness.lounge.id)
        await harness.sandbox.command(ben.user, "privacy consent", channel_id=harness.lounge.id)
        await moment(harness, anna, ben)
        before = list(harness.model.chats)
        await act(harness, running, anna)
        await asyncio.sleep(9.0)
        assert all(chat.aborted_at or chat.done_at for chat in before)
        later = [chat.body for chat in harness.model.chats[len(before) :]]
        assert all(set(parts(body)) == {"Ben"} for body in later)
        assert len(later) >= (moment in SHARED)
        assert sentence(QUESTION) not in json.dumps([body["messages"] for body in later], ensure_ascii=False)
        print(f"{moment.__name__}, {act.__name__}: {len(before)} requests before, {len(later)} after")
    stored = b"".join(path.read_bytes() for path in harness.folder.glob("bot.db*"))
    assert sentence(QUESTION).encode() not in stored


async def test_the_answer_to_somebodys_recording_ends_when_they_withdraw(harness: Harness) -> None:
    harness.model.default = Speak.clip("bot-moon")
    async with harness.bot(answering="always"):
        eve, ada = await harness.sandbox.person("Eve"), harness.sandbox.add_user("Ada")
        await harness.join(eve)
        voice = [("voice-message.ogg", recording(QUESTION))]
        message = await harness.sandbox.write(ada, harness.lounge.id, attachments=voice, voice_seconds=2.0)
        await harness.sandbox.menu(eve.user, "Answer aloud", message)
        await eve.recorder.wait_for(harness.sandbox.bot.id, 1.0, 60)
        await harness.sandbox.command(ada, "privacy withdraw", channel_id=harness.lounge.id)
        await asyncio.sleep(4.0)
        whole, heard = clips.load("bot-moon", OUT), eve.recorder.words(harness.sandbox.bot.id)
        assert len(heard) < len(whole) / 2, "it fell silent"
        requests = [chat for chat in harness.model.chats if chat.answer_text]
        assert len(requests) == 1
        assert not any("slowly became the moon" in line for line in harness.lines())
