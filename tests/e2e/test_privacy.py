"""/privacy from the outside: the code of the call, and forgetting what was said and answered aloud."""

import asyncio
import json
import re

from sandbox import clips
from sandbox.people.person import Person
from tests.e2e.conftest import House, until
from tests.e2e.test_conversation import said, sentence

OUT = 48_000


async def about(house: House, person: Person) -> str:
    return (await house.sandbox.command(person.user, "privacy about", channel_id=house.lounge.id)).content


def code_in(text: str) -> str:
    """Return the digits of the privacy code a text shows in groups of five; empty when it shows none."""
    found = re.search(r"`((?:\d{5} ){5}\d{5})`", text)
    return found[1].replace(" ", "") if found else ""


async def agreed_on(house: House, *people: Person) -> str:
    """Return the code that the bot shows, once everyone in the call computes the same."""
    async with asyncio.timeout(20):
        while True:
            code = code_in(await about(house, people[0]))
            if code and {person.privacy_code for person in people} == {code}:
                return code
            await asyncio.sleep(0.1)


async def test_the_code_it_shows_is_the_one_the_others_compute_and_goes_with_the_call(house: House) -> None:
    async with house.bot():
        anna, ben = await house.sandbox.person("Anna", "davey"), await house.sandbox.person("Ben", "libdave")
        assert code_in(await about(house, anna)) == "", "there is no call yet"
        await house.join(anna)
        await anna.say(clips.load("anna-quickest", OUT))
        alone = await agreed_on(house, anna)
        await ben.join(house.lounge.id)
        assert await agreed_on(house, anna, ben) != alone, "another group, another code"
        await house.sandbox.command(anna.user, "leave", {}, channel_id=house.lounge.id)
        await until(lambda: house.sandbox.bot.id not in house.sandbox.guild.voice_states)
        assert code_in(await about(house, anna)) == ""


async def test_who_is_forgotten_is_in_no_file_and_in_no_later_request(house: House) -> None:
    async with house.bot() as app:
        anna, ben = await house.sandbox.person("Anna"), await house.sandbox.person("Ben")
        await house.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await said(house, "bot-rice", 1)
        async with asyncio.timeout(20):
            while len(lines := await app.store.history(house.lounge.id, 9)) < 2:
                await asyncio.sleep(0.05)
        assert [line.asked_by for line in lines] == [(), (anna.id,)]
        assert lines[1].audio_id
        outcome = await house.sandbox.command(anna.user, "privacy forget", channel_id=house.lounge.id)
        assert outcome.message is not None
        await house.sandbox.click(anna.user, outcome.message, outcome.components[0]["components"][0]["custom_id"])
        shown = house.sandbox.message(outcome.message.id)
        await until(lambda: "Forgotten. Lines deleted: 2." in shown.content)
        stored = b"".join(path.read_bytes() for path in house.folder.glob("bot.db*"))
        for trace in (sentence("anna-cook"), sentence("bot-rice"), lines[1].audio_id):
            assert trace.encode() not in stored
        await anna.leave()
        await ben.join(house.lounge.id)
        await ben.say(clips.load("anna-quickest", OUT))
        await until(lambda: len(house.model.chats) > 1 and "messages" in house.model.chats[-1].body)
        later = json.dumps(house.model.chats[-1].body["messages"], ensure_ascii=False)
        for trace in (sentence("anna-cook"), sentence("bot-rice"), lines[1].audio_id, "Anna"):
            assert trace not in later
