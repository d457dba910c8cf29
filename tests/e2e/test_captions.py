"""Captions end to end: real speech in, a live message in a thread out."""

import asyncio

import pytest

from sandbox import clips
from sandbox.people.person import RTP_RATE
from tests.e2e.conftest import Harness, until
from tests.e2e.test_conversation import sentence


@pytest.mark.timeout(120)
async def test_captions_in_a_thread_and_in_the_chat(harness: Harness) -> None:
    async with harness.bot(answering="listen"):
        anna, ben = await harness.sandbox.person("Anna"), await harness.sandbox.person("Ben")
        await harness.join(anna)
        await ben.join(harness.lounge.id)
        general = harness.sandbox.general
        outcome = await harness.sandbox.command(anna.user, "captions", {}, channel_id=general.id)
        assert "Captions are in" in (await outcome.settled()).text
        thread = next(item for item in harness.sandbox.guild.channels.values() if item.is_thread)
        await ben.say(clips.load("ben-story", RTP_RATE))
        line = f"**Ben** {sentence('ben-story')}"
        await until(lambda: any(line in text for text in harness.lines(thread)))
        [live] = [message for message in harness.sandbox.messages(thread.id) if line in message.content]
        assert live.content == line
        assert live.edited_at is not None, "it was there before it was final"
        await anna.say(clips.load("anna-boss", RTP_RATE))
        await until(lambda: f"**Anna** {sentence('anna-boss')}" in live.content)
        assert live.content.startswith(line), "one message for all speakers"
        again = await harness.sandbox.command(anna.user, "captions", {}, channel_id=general.id)
        assert "Captions off" in (await again.settled()).text
        await until(lambda: "captions off" in harness.lines(thread)[-1])
        assert "$" in harness.lines(thread)[-1]

        # In the voice channel's own chat the transcript stands beside them: what is final stands there alone.
        started = await harness.sandbox.command(anna.user, "captions", {}, channel_id=harness.lounge.id)
        assert "Captions are in" in (await started.settled()).text
        speaking = asyncio.create_task(ben.say(clips.load("ben-train", RTP_RATE)))
        await until(lambda: any(text.endswith(" …") for text in harness.lines()))
        await speaking
        last = f"**Ben** {sentence('ben-train')}"
        await until(lambda: [text for text in harness.lines() if text.startswith("**Ben**")] == [line, last])
    assert not harness.model.refused
