"""A server lets only some people use the bot: through the whole bot."""

import asyncio
import json

import discord

from sandbox import clips
from sandbox.model.behaviour import Speak
from tests.e2e.conftest import Harness, until
from tests.e2e.test_conversation import OUT, said, sentence
from tests.e2e.test_privacy import parts


async def test_whoever_is_not_listed_holds_the_floor_and_nothing_else(harness: Harness) -> None:
    harness.model.default = Speak.clip("bot-heard")
    sandbox, lounge = harness.sandbox, harness.lounge.id
    crew = sandbox.world.add_role(sandbox.guild, "Crew", 0)
    managers = sandbox.world.add_role(sandbox.guild, "Managers", discord.Permissions(manage_guild=True).value)
    async with harness.bot(answering="always", consent="notice"):
        mia = sandbox.add_user("Mia", [managers])
        anna, ben = await sandbox.person("Anna", roles=[crew]), await sandbox.person("Ben")
        await harness.join(anna)
        await ben.join(lounge)
        outcome = await sandbox.command(mia, "settings access", {"action": "answer", "role": crew.id})
        assert f"be answered: <@&{crew.id}>" in outcome.content  # and it holds in the call that runs
        await ben.say(clips.load("ben-train", OUT))
        await asyncio.sleep(2.0)
        assert not harness.model.chats
        assert not harness.model.transcriptions
        talking = asyncio.create_task(ben.say(clips.load("ben-story", OUT) + clips.load("ben-moon", OUT)))
        await anna.say(clips.load("anna-cook", OUT))
        assert not talking.done()
        spoken = await talking
        await said(harness, "bot-heard")
        await until(lambda: any(line.startswith("**Anna** ") for line in harness.lines()))
        began = next(frame.at for frame in ben.recorder.frames(sandbox.bot.id))
        print(f"the answer began {began - spoken.last:.2f} s after whoever is not listed fell silent")
        assert began > spoken.last, "the floor was held"
        assert all(set(parts(chat.body)) == {"Anna"} for chat in harness.model.chats)
        asked = json.dumps([chat.body["messages"] for chat in harness.model.chats], ensure_ascii=False)
        assert not any(sentence(clip) in asked for clip in ("ben-train", "ben-story", "ben-moon"))
        written = [words.heard or "" for words in harness.model.transcriptions]
        assert not any(sentence(clip) in text for clip in ("ben-train", "ben-story", "ben-moon") for text in written)
        assert not any(line.startswith("**Ben** ") for line in harness.lines())
        why = await sandbox.command(anna.user, "call why", {}, channel_id=lounge)
        assert "**Ben** not allowed here" in why.content
        assert "**Anna** answered" in why.content
        outcome = await sandbox.command(ben.user, "ask", {"text": "Why?"}, channel_id=lounge)
        assert ("managers chose" in outcome.content, outcome.ephemeral) == (True, True)
        await sandbox.command(mia, "settings reset", {"setting": "access"})
        await ben.say(clips.load("ben-train", OUT))
        await until(lambda: any(line.startswith("**Ben** ") for line in harness.lines()))
    assert not harness.model.refused


async def test_the_first_join_of_a_large_server_says_how_to_close_it(harness: Harness) -> None:
    sandbox = harness.sandbox
    for number in range(201):
        sandbox.add_user(f"member {number}")
    async with harness.bot():
        ada = sandbox.add_user("Ada")
        for told in (True, False):
            outcome = await sandbox.command(ada, "join", {"channel": sandbox.lounge.id})
            assert ("/settings access" in (await outcome.settled()).text) is told
            await (await sandbox.command(ada, "leave", {})).settled()
