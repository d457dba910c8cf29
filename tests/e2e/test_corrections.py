"""“That's not what I said” through the whole bot: spoken, misheard, put right, and asked for again."""

import json

import pytest

from sandbox import clips
from sandbox.guild.components import walk
from sandbox.guild.message import ChatMessage
from tests.e2e.conftest import Harness, until

MENU = "That's not what I said"
OUT = 48_000
pytestmark = pytest.mark.e2e


async def test_a_misheard_line_is_put_right_for_all_that_comes(harness: Harness) -> None:
    heard, meant = clips.get("anna-cook").sentence, "Kikite, ask @everyone about Koshihikari"
    async with harness.bot() as running:
        anna = await harness.sandbox.person("Anna")
        await harness.join(anna)
        await anna.say(clips.load("anna-cook", OUT))
        await until(lambda: any("-#" in line for line in harness.lines()), 30)
        await until(lambda: any(heard in line for line in harness.lines()), 30)
        [message] = [item for item in harness.sandbox.messages(harness.lounge.id) if heard in item.content]
        [answer] = [item for item in harness.sandbox.messages(harness.lounge.id) if "-#" in item.content]
        assert "isn't a line of a call" in (await harness.sandbox.menu(anna.user, MENU, answer)).text
        [call] = running.calls.all()
        call.interpreter.choose(("en", "ja"))
        form = await harness.sandbox.menu(anna.user, MENU, message)
        outcome = await (await harness.sandbox.submit(form, {"words:1": f"{meant} rice"})).settled()
        assert outcome.message is not None
        assert not outcome.message.components, "what was interpreted is not answered"
        call.interpreter.choose(())
        form = await harness.sandbox.menu(anna.user, MENU, message)
        outcome = await (await harness.sandbox.submit(form, {"words:1": meant})).settled()
        assert outcome.ephemeral
        assert "**Anna** Kikite, ask @\u200beveryone about Koshihikari *(edited)*" in message.content.split("\n")
        button = outcome.message
        assert button is not None
        again = next(item["custom_id"] for item in walk(button.components) if "custom_id" in item)
        asked = len(harness.model.chats)
        assert (await harness.sandbox.click(anna.user, button, again)).content == "I'm asking again."
        await until(lambda: len(harness.model.chats) > asked)
        whole = json.dumps(harness.model.chats[-1].body["messages"])
        assert heard not in whole
        assert whole.count(meant) == 2  # the line, and the question
        await until(lambda: sum("-#" in line for line in harness.lines()) >= 2, 30)
        await anna.say(clips.load("anna-quickest", OUT))
        await until(
            lambda: any("Koshihikari" in sent.body.get("keywords[]", ()) for sent in harness.model.transcriptions), 30
        )
        stored = [line.text for line in await running.store.history(harness.lounge.id, 9)]
        assert stored[0] == meant
        exported = await harness.sandbox.command(anna.user, "memory export", {"channel": harness.lounge})
        await exported.settled()
        assert exported.attachments
        assert all(heard.encode() not in file.data for file in exported.attachments)
    assert not harness.model.refused


async def test_a_line_in_the_thread_of_a_call_that_is_over(harness: Harness) -> None:
    heard = clips.get("anna-boss").sentence
    async with harness.bot(answering="listen") as running:
        anna = await harness.sandbox.person("Anna")
        await running.client.preferences.change(harness.sandbox.guild.id, None, "transcript", "thread", anna.user.id)
        await anna.join(harness.lounge.id)
        await (await harness.sandbox.command(anna.user, "join")).settled()  # a voice channel's own chat has no threads
        await anna.say(clips.load("anna-boss", OUT))

        def shown() -> list[ChatMessage]:
            threads = [place.id for place in harness.sandbox.guild.channels.values() if place.is_thread]
            return [item for thread in threads for item in harness.sandbox.messages(thread) if heard in item.content]

        await until(shown, 60)
        [message] = shown()
        await harness.leave(anna)
        form = await harness.sandbox.menu(anna.user, MENU, message)
        await (await harness.sandbox.submit(form, {"words:1": "It was the third level."})).settled()
        assert message.content.split("\n")[0].startswith("**Anna** It was the third level. *(edited)*")
        stored = [line.text for line in await running.store.history(harness.lounge.id, 9)]
        assert stored == ["It was the third level."]
