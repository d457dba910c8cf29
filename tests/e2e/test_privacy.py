"""/privacy end to end: the call's privacy code, and forgetting what people said and the bot answered."""

import asyncio
import json
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any

from bot.audio import HEAR_RATE
from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.people.compare import correlation
from sandbox.people.person import Person
from tests.e2e.conftest import Harness, until
from tests.e2e.test_conversation import said, sentence

OUT = 48_000


async def about(harness: Harness, person: Person) -> str:
    return (await harness.sandbox.command(person.user, "privacy about", channel_id=harness.lounge.id)).content


def code_in(text: str) -> str:
    """Return the digits of the privacy code in a text, which shows them in groups of five; empty without a code."""
    found = re.search(r"`((?:\d{5} ){5}\d{5})`", text)
    return found[1].replace(" ", "") if found else ""


async def agreed_on(harness: Harness, *people: Person) -> str:
    """Return the code that the bot shows once everyone in the call has the same one."""
    async with asyncio.timeout(60):
        while True:
            code = code_in(await about(harness, people[0]))
            if code and {person.privacy_code for person in people} == {code}:
                return code
            await asyncio.sleep(0.1)


async def test_the_code_it_shows_is_the_one_the_others_compute_and_goes_with_the_call(harness: Harness) -> None:
    async with harness.bot():
        anna, ben = await harness.sandbox.person("Anna", "davey"), await harness.sandbox.person("Ben", "libdave")
        assert code_in(await about(harness, anna)) == "", "there is no call yet"
        await harness.join(anna)
        await anna.say(clips.load("anna-quickest", OUT))
        alone = await agreed_on(harness, anna)
        await ben.join(harness.lounge.id)
        assert await agreed_on(harness, anna, ben) != alone, "another group, another code"
        await harness.leave(anna)
        assert code_in(await about(harness, anna)) == ""


async def test_who_is_forgotten_is_in_no_file_and_in_no_later_request(harness: Harness) -> None:
    async with harness.bot() as app:
        anna, ben = await harness.sandbox.person("Anna"), await harness.sandbox.person("Ben")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(harness, "bot-heard", 1)
        async with asyncio.timeout(60):
            while len(lines := await app.store.history(harness.lounge.id, 9)) < 2:
                await asyncio.sleep(0.05)
        assert [line.asked_by for line in lines] == [(), (anna.id,)]
        assert lines[1].audio_id
        outcome = await harness.sandbox.command(anna.user, "privacy forget", channel_id=harness.lounge.id)
        assert outcome.message is not None
        await harness.sandbox.click(anna.user, outcome.message, outcome.components[0]["components"][0]["custom_id"])
        shown = harness.sandbox.message(outcome.message.id)
        await until(lambda: "Deleted. Lines: 2." in shown.content)
        stored = b"".join(path.read_bytes() for path in harness.folder.glob("bot.db*"))
        for trace in (sentence("anna-cook"), sentence("bot-heard"), lines[1].audio_id):
            assert trace.encode() not in stored
        await anna.leave()
        await ben.join(harness.lounge.id)
        asked = len(harness.model.chats)
        await ben.say(clips.load("anna-quickest", OUT))
        await until(lambda: len(harness.model.chats) > asked)
        later = json.dumps(harness.model.chats[-1].body["messages"], ensure_ascii=False)
        for trace in (sentence("anna-cook"), sentence("bot-heard"), lines[1].audio_id, "Anna"):
            assert trace not in later


async def test_who_withdraws_while_the_model_thinks_is_taken_out_of_the_turn(harness: Harness) -> None:
    harness.model.default = replace(Speak.clip("bot-heard"), first_audio=4.0)
    async with harness.bot(answering="always", speculation="off"):
        anna, ben = await harness.sandbox.person("Anna"), await harness.sandbox.person("Ben")
        await harness.join(anna)
        await ben.join(harness.lounge.id)
        await asyncio.gather(anna.say(clips.load("anna-quickest", OUT)), ben.say(clips.load("ben-moon", OUT)))
        await until(lambda: harness.model.chats)
        together = len(harness.model.chats)
        assert set(parts(harness.model.chats[-1].body)) == {"Anna", "Ben"}  # they began at once
        await harness.sandbox.command(anna.user, "privacy withdraw", channel_id=harness.lounge.id)
        await until(lambda: len(harness.model.chats) > together)
        body = harness.model.chats[-1].body
        assert set(parts(body)) == {"Ben"}
        assert sentence("anna-quickest") not in json.dumps(body["messages"])
        await said(harness, "bot-heard")
        assert harness.model.chats[together - 1].aborted_at is not None
        await anna.say(clips.load("anna-boss", OUT))
        await asyncio.sleep(1.0)
        assert len(harness.model.chats) == together + 1, "nobody hears her any more"
    stored = b"".join(path.read_bytes() for path in harness.folder.glob("bot.db*"))
    assert sentence("ben-moon").encode() in stored
    assert sentence("anna-quickest").encode() not in stored


async def test_who_leaves_is_answered_all_the_same(harness: Harness) -> None:
    async with harness.bot(answering="always", speculation="off"):
        anna, ben = await harness.sandbox.person("Anna"), await harness.sandbox.person("Ben")
        await harness.join(anna)
        await ben.join(harness.lounge.id)
        talking = asyncio.create_task(anna.say(clips.load("anna-cook", OUT)))
        await asyncio.sleep(3.4)
        talking.cancel()
        await anna.leave()
        await said(harness, "bot-heard", 1)
        assert parts(harness.model.chats[-1].body) == ["Anna"]
        assert (
            correlation(
                clips.load("anna-cook", HEAR_RATE)[: 3 * 2 * HEAR_RATE], harness.model.chats[-1].newest, HEAR_RATE
            )
            > 0.9
        )


def parts(body: Any) -> list[str]:
    """Return the names before the parts with sound of a request, in order."""
    last = body["messages"][-1]["content"]
    return [label["text"].split('"')[1] for label, said in pairwise(last) if said["type"] == "input_audio"]
