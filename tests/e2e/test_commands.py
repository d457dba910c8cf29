"""Every command once, in one call, with its answer as people see it."""

from collections.abc import Iterator
from typing import Any

import discord

from bot.audio import HEAR_RATE
from bot.chat.cooldown import Cooldowns
from sandbox import clips
from sandbox.people.compare import correlation
from sandbox.people.outcome import CommandOutcome
from tests.chat.answers import ALIKE, Use
from tests.e2e.conftest import Harness, until
from tests.e2e.test_jobs import recording

COMMANDS: list[Use] = [
    ("join", {}, "you agreed"),
    ("ask", {"text": "What is it?"}, "What is it?"),
    ("replay", {}, "Playing it again"),
    ("stop", {}, ""),
    ("call status", {}, "answers: 1"),
    ("call why", {}, "haven't heard anything yet"),
    ("catchup", {"minutes": 5, "private": True}, "the last 5 minutes"),
    ("analyze", {"recording": "file", "private": True}, "voice.ogg · 0:01"),
    ("memory show", {}, "What is it?"),
    ("memory export", {}, ": 2"),
    ("memory clear", {}, "can't be undone"),
    ("settings access", {"action": "answer", "role": "role"}, "be answered"),
    *ALIKE,
    ("usage", {}, "$"),
    ("privacy about", {}, "operator"),
    ("leave", {}, "I left"),
]
ELSEWHERE = {
    "podcast",
    "minutes",
    "captions",
    "interpret",
    "Analyze recording",
    "Answer aloud",
    "That's not what I said",
}
"""Tested in files of their own."""


def names(commands: list[dict[str, Any]]) -> Iterator[str]:
    for command in commands:
        below = [option["name"] for option in command.get("options", ()) if option["type"] == 1]
        yield from [f"{command['name']} {name}" for name in below] or [command["name"]]


async def test_every_command_answers(harness: Harness) -> None:
    file = harness.sandbox.file("voice.ogg", recording("anna-quickest"))
    role = harness.sandbox.world.add_role(
        harness.sandbox.guild, "Managers", discord.Permissions(manage_guild=True).value
    )
    async with harness.bot() as app:
        assert set(names(harness.sandbox.commands())) == {name for name, *_ in COMMANDS} | ELSEWHERE
        mia = await harness.sandbox.person("Mia", roles=[role])
        await mia.join(harness.lounge.id)
        for name, options, answer in COMMANDS:
            app.client.cooldowns = Cooldowns()  # nobody types this fast
            given = {key: {"file": file, "role": role}.get(value, value) for key, value in options.items()}
            used: CommandOutcome = await harness.sandbox.command(mia.user, name, given, channel_id=harness.lounge.id)
            outcome = await used.settled()
            seen = outcome.text + "".join(note.content for note in outcome.followups)
            assert seen, name
            assert answer in seen, name
            assert "⚠️" not in seen, name
            if name == "ask":
                await until(lambda: any("-#" in line for line in harness.lines()))  # spoken to its end


async def test_a_voice_message_to_it_is_answered_aloud(harness: Harness) -> None:
    async with harness.bot():
        mia = await harness.sandbox.person("Mia")
        await harness.join(mia)
        greeting = await harness.sandbox.posted(
            harness.lounge.id, lambda message: "can hear everyone" in message.content
        )
        sent = [("voice-message.ogg", recording("anna-cook"))]
        await harness.sandbox.write(mia.user, harness.lounge.id, "", sent, reply_to=greeting, voice_seconds=3.0)
        [request] = await harness.model.wait_for_chats(1)
        assert correlation(clips.load("anna-cook", HEAR_RATE), request.newest, HEAR_RATE) >= 0.9
        await mia.recorder.wait_for(harness.sandbox.bot.id, 1.0, 60)
    assert not harness.model.refused
