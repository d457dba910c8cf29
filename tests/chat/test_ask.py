"""/ask where there is no call: answered in writing and by a voice message."""

import base64
import struct
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import discord
import pytest

from bot.errors import OutOfCredit, StoreUnavailable
from bot.jobs import encoder, media
from sandbox.guild.message import MessageFlag
from tests.chat.quiet_bot import Stage, stage, until

pytestmark = pytest.mark.e2e
RECORDING = struct.pack("<8000h", *([0, 4000] * 4000))


@pytest.fixture
async def house() -> AsyncIterator[Stage]:
    async with stage() as opened:
        yield opened


async def test_words_and_sound(house: Stage) -> None:
    eve = house.sandbox.add_user("Eve")
    outcome = await (await house.sandbox.command(eve, "ask", {"text": "Why *this*?"})).settled()
    assert not outcome.ephemeral
    assert outcome.content.splitlines() == [
        r"**Eve** Why \*this\*?",
        r"**Kikite** An answer with \*\*stars\*\*.",
        "-# 0.0 s · $0.004",
    ]
    await until(lambda: outcome.followups)
    (bubble,) = outcome.followups
    assert bubble.flags & MessageFlag.IS_VOICE_MESSAGE
    (sound,) = bubble.attachments
    assert media.to_pcm(sound.data)
    assert sound.duration_secs == 0.1  # of 20 ms of sound
    assert len(base64.b64decode(sound.waveform or "")) >= 1
    assert not outcome.attachments
    (charge,) = await house.store.charges(house.sandbox.guild.id, house.services.wall().replace(hour=0, minute=0))
    assert (charge.kind, charge.user_ids) == ("job", (eve.id,))


async def test_while_the_store_is_away_bill_and_memory_wait(house: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> None:
        raise StoreUnavailable("gone")

    eve, lounge = house.sandbox.add_user("Eve"), house.sandbox.lounge.id
    with monkeypatch.context() as gone:
        gone.setattr(house.store, "charge", away)
        gone.setattr(house.store, "remember", away)
        asked = await house.sandbox.command(eve, "ask", {"text": "Why?"}, channel_id=lounge)
        assert "An answer" in (await asked.settled()).content
        assert len(house.services.outbox) == 3
    await until(lambda: not len(house.services.outbox))
    assert [line.asked_by for line in await house.store.history(lounge, 9)] == [(), (eve.id,)]
    assert len(await house.store.charges(house.sandbox.guild.id, datetime.min.replace(tzinfo=UTC))) == 1


async def test_without_the_permission_the_sound_is_a_file(house: Stage) -> None:
    eve, denied = house.sandbox.add_user("Eve"), discord.Permissions(send_voice_messages=True).value
    house.sandbox.moderator.overwrite(house.sandbox.general, house.sandbox.bot, deny=denied)
    outcome = await (await house.sandbox.command(eve, "ask", {"text": "Why?"})).settled()
    (sound,) = outcome.attachments
    assert sound.filename == "answer.ogg"
    assert media.to_pcm(sound.data)
    assert not outcome.followups


async def test_a_bubble_that_is_refused_comes_as_a_file(house: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    eve = house.sandbox.add_user("Eve")
    monkeypatch.setattr(encoder, "waveform_text", lambda *_: "no base64")
    outcome = await (await house.sandbox.command(eve, "ask", {"text": "Why?"})).settled()
    await until(lambda: outcome.followups)
    assert [item.filename for item in outcome.followups[0].attachments] == ["answer.ogg"]


async def test_a_recording_is_heard(house: Stage) -> None:
    eve = house.sandbox.add_user("Eve")
    file = house.sandbox.file("voice-message.ogg", media.encode(RECORDING, 16_000))
    await (await house.sandbox.command(eve, "ask", {"text": "What is said?", "file": file})).settled()
    (utterance,) = house.engine.requests[0].turn.utterances
    assert abs(len(utterance.pcm) - len(RECORDING)) < 2000


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"\xff\xfe\x00junk", "Send an audio file"), (b"a" * 100_001, "too long")],
    ids=["junk", "long"],
)
async def test_a_bad_file_is_said_so(house: Stage, data: bytes, sentence: str) -> None:
    eve = house.sandbox.add_user("Eve")
    outcome = await house.sandbox.command(eve, "ask", {"text": "?", "file": house.sandbox.file("x", data)})
    assert sentence in (await outcome.settled()).text + "".join(note.content for note in outcome.followups)
    assert not house.engine.requests


async def test_a_model_error_is_said_so(house: Stage) -> None:
    eve = house.sandbox.add_user("Eve")
    house.engine.failure = OutOfCredit()
    outcome = await (await house.sandbox.command(eve, "ask", {"text": "Why?"})).settled()
    assert "out of credit" in outcome.text + "".join(note.content for note in outcome.followups)


async def test_in_a_call_those_outside_are_answered_here(house: Stage) -> None:
    await house.joined()
    eve = house.sandbox.add_user("Eve")
    outcome = await (await house.sandbox.command(eve, "ask", {"text": "Why?"})).settled()
    await until(lambda: outcome.followups and outcome.followups[0].attachments)
