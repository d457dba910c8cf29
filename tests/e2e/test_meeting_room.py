"""A room of five people, two of one name: captions in three ways at once, a correction, three languages, minutes."""

import asyncio
import json

import pytest

from sandbox import clips
from sandbox.model.behaviour import Speak
from sandbox.model.log import ReceivedRequest
from sandbox.people.person import RTP_RATE
from tests.e2e.conftest import Harness, until
from tests.e2e.test_corrections import MENU

PEOPLE = {"Zoë O'Brien": "anna-boss", "李 明": "ben-train", "Ben": "ben-moon", "*Yuki*": "yuki-when"}
LANGUAGES = {None: "Captions · Lounge", "ja": "Captions · Lounge · 日本語", "en": "Captions · Lounge · English"}
IN_JAPANESE, IN_ENGLISH = "訳しました。", "It is translated."


def written(request: ReceivedRequest) -> Speak:
    """Translate captions, take minutes, and interpret everything else."""
    system = json.dumps(request.body["messages"][0], ensure_ascii=False)
    if "Translate a line" in system:
        return Speak(IN_JAPANESE if "into Japanese" in system else IN_ENGLISH, speed=0)
    if "You take the minutes" in system:
        return Speak('{"decisions": [], "actions": [], "subjects": [{"text": "The moon", "lines": [1]}]}', speed=0)
    return Speak.clip("bot-heard")


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_a_meeting_of_five(harness: Harness) -> None:
    harness.model.default = written
    sandbox, general = harness.sandbox, harness.sandbox.general
    async with harness.bot(answering="listen"):
        people = [await sandbox.person(name) for name in PEOPLE]
        other = await sandbox.person("Ben")
        await harness.join(people[0])
        for person in (*people[1:], other):
            await person.join(harness.lounge.id)
        threads = {}
        for who, (language, name) in zip(people, LANGUAGES.items(), strict=False):
            options = {"language": language} if language else {}
            outcome = await sandbox.command(who.user, "captions", options, channel_id=general.id)
            assert "Captions are in" in (await outcome.settled()).text
            [threads[language]] = [place for place in sandbox.guild.channels.values() if place.name == name]
        said = zip(people, PEOPLE.values(), strict=True)
        await asyncio.gather(
            *(who.say(clips.load(clip, RTP_RATE)) for who, clip in said), other.say(clips.load("anna-cook", RTP_RATE))
        )

        def captions(language: str | None) -> list[str]:
            return [line for text in harness.lines(threads[language])[1:] for line in text.split("\n")]

        names = ["Zoë O'Brien", "李 明", "Ben", "\\*Yuki\\*"]
        spoken = {f"**{name}** {clips.get(clip).sentence}" for name, clip in zip(names, PEOPLE.values(), strict=True)}
        spoken.add(f"**Ben (2)** {clips.get('anna-cook').sentence}")
        await until(lambda: spoken <= set(captions(None)), 30)
        for language, text in (("ja", IN_JAPANESE), ("en", IN_ENGLISH)):
            wanted = {f"**{name}** {text}" for name in (*names, "Ben (2)")}
            await until(lambda language=language, wanted=wanted: set(captions(language)) == wanted, 30)

        moon = clips.get("ben-moon").sentence
        await until(lambda: any(moon in line for line in harness.lines()))
        message = next(item for item in sandbox.messages(harness.lounge.id) if moon in item.content)
        form = await sandbox.menu(people[2].user, MENU, message)
        await (await sandbox.submit(form, {"words:1": "How far is *Luxor*?"})).settled()
        await until(lambda: "**Ben** How far is \\*Luxor\\*? ✎" in captions(None))

        asked = await sandbox.command(
            people[1].user, "interpret", {"languages": "英語、日本語、ドイツ語"}, channel_id=harness.lounge.id
        )
        assert "English ⇄ 日本語 ⇄ Deutsch" in (await asked.settled()).text
        await people[3].say(clips.load("yuki-game", RTP_RATE))
        way = "What is said in Japanese, say in English and then in German."
        await until(lambda: any(way in json.dumps(sent.body["messages"][0]) for sent in harness.model.chats))
        await until(lambda: any("-#" in line for line in harness.lines()), 30)

        before = len(harness.lines())
        private = await sandbox.command(people[0].user, "minutes", {"private": True}, channel_id=harness.lounge.id)
        told = await private.settled()
        assert told.ephemeral and "The moon" in told.text
        transcript = next(file for file in told.attachments if file.filename == "transcript.md").data.decode()
        assert "How far is" in transcript
        assert len(harness.lines()) == before
    assert not harness.model.refused
