"""/ask where there is no call: answered in writing and by a voice message."""

import base64
import struct
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import discord
import pytest

from bot.errors import OutOfCredit, StoreUnavailable
from bot.jobs import encoder
from bot.jobs.encoder import encode
from bot.types import Message
from sandbox.guild.message import MessageFlag
from sandbox.guild.permissions import P
from tests.chat.quiet_bot import QuietBot, quiet_bot, until

pytestmark = pytest.mark.e2e
RECORDING = struct.pack("<8000h", *([0, 4000] * 4000))


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


async def test_words_and_sound(quiet: QuietBot) -> None:
    eve = quiet.sandbox.add_user("Eve")
    outcome = await (await quiet.sandbox.command(eve, "ask", {"text": "Why *this*?"})).settled()
    assert not outcome.ephemeral
    assert outcome.content.splitlines() == [
        r"**Eve** Why \*this\*?",
        r"**Kikite** An answer with \*\*stars\*\*.",
        "-# 0.0 s · 20 tokens · $0.004",
    ]
    await until(lambda: outcome.followups)
    (bubble,) = outcome.followups
    assert bubble.flags & MessageFlag.IS_VOICE_MESSAGE
    (sound,) = bubble.attachments
    assert sound.data.startswith(b"OggS")
    assert sound.duration_secs == 0.1  # of 20 ms of sound
    assert len(base64.b64decode(sound.waveform or "")) >= 1
    assert not outcome.attachments
    (charge,) = await quiet.store.charges(quiet.sandbox.guild.id, datetime.min.replace(tzinfo=UTC))
    assert (charge.kind, charge.user_ids) == ("job", (eve.id,))


async def test_while_the_store_is_away_bill_and_memory_wait(quiet: QuietBot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> None:
        raise StoreUnavailable("gone")

    eve, lounge = quiet.sandbox.add_user("Eve"), quiet.sandbox.lounge.id
    with monkeypatch.context() as gone:
        gone.setattr(quiet.store, "charge", away)
        gone.setattr(quiet.store, "remember", away)
        asked = await quiet.sandbox.command(eve, "ask", {"text": "Why?"}, channel_id=lounge)
        assert "An answer" in (await asked.settled()).content
        assert len(quiet.services.outbox) == 3
    await until(lambda: not len(quiet.services.outbox))
    assert [line.asked_by for line in await quiet.store.history(lounge, 9)] == [(), (eve.id,)]
    assert len(await quiet.store.charges(quiet.sandbox.guild.id, datetime.min.replace(tzinfo=UTC))) == 1


async def test_without_the_permission_the_sound_is_a_file(quiet: QuietBot) -> None:
    eve, denied = quiet.sandbox.add_user("Eve"), discord.Permissions(send_voice_messages=True).value
    quiet.sandbox.moderator.overwrite(quiet.sandbox.general, quiet.sandbox.bot, deny=denied)
    outcome = await (await quiet.sandbox.command(eve, "ask", {"text": "Why?"})).settled()
    (sound,) = outcome.attachments
    assert sound.filename == "answer.ogg"
    assert sound.data.startswith(b"OggS")
    assert not outcome.followups


async def test_a_bubble_that_is_refused_comes_as_a_file(quiet: QuietBot, monkeypatch: pytest.MonkeyPatch) -> None:
    eve = quiet.sandbox.add_user("Eve")
    monkeypatch.setattr(encoder, "waveform_text", lambda *_: "no base64")
    outcome = await (await quiet.sandbox.command(eve, "ask", {"text": "Why?"})).settled()
    await until(lambda: outcome.followups)
    assert [item.filename for item in outcome.followups[0].attachments] == ["answer.ogg"]


async def test_a_recording_is_heard(quiet: QuietBot) -> None:
    eve = quiet.sandbox.add_user("Eve")
    file = quiet.sandbox.file("voice-message.ogg", encode(RECORDING, 16_000))
    await (await quiet.sandbox.command(eve, "ask", {"text": "What is said?", "file": file})).settled()
    (utterance,) = quiet.engine.requests[0].turn.utterances
    assert abs(len(utterance.pcm) - len(RECORDING)) < 2000


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"\xff\xfe\x00junk", "no text or sound"), (b"a" * 100_001, "too long")],
    ids=["junk", "long"],
)
async def test_a_bad_file_is_said_so(quiet: QuietBot, data: bytes, sentence: str) -> None:
    eve = quiet.sandbox.add_user("Eve")
    outcome = await quiet.sandbox.command(eve, "ask", {"text": "?", "file": quiet.sandbox.file("x", data)})
    assert sentence in (await outcome.settled()).text + "".join(note.content for note in outcome.followups)
    assert not quiet.engine.requests


async def test_a_model_error_is_said_so(quiet: QuietBot) -> None:
    eve = quiet.sandbox.add_user("Eve")
    quiet.engine.failure = OutOfCredit()
    outcome = await (await quiet.sandbox.command(eve, "ask", {"text": "Why?"})).settled()
    assert "out of credit" in outcome.text + "".join(note.content for note in outcome.followups)


async def test_in_a_call_those_outside_are_answered_here(quiet: QuietBot) -> None:
    await quiet.joined()
    eve = quiet.sandbox.add_user("Eve")
    outcome = await (await quiet.sandbox.command(eve, "ask", {"text": "Why?"})).settled()
    await until(lambda: outcome.followups and outcome.followups[0].attachments)


async def test_short_of_memory_it_begins_nothing_new_and_calls_go_on() -> None:
    async with quiet_bot(memory_limit_mb=100) as quiet:  # this very process has more
        ada = await quiet.enter("Ada")
        outcome = await (await quiet.sandbox.command(ada, "ask", {"text": "Why?"})).settled()
        assert "low on memory" in outcome.text
        await (await quiet.sandbox.command(ada, "join")).settled()
        await quiet.sandbox.command(ada, "ask", {"text": "Why?"})
        await until(lambda: len(quiet.engine.requests) == 1)


async def test_who_may_not_read_the_channel_is_told_nothing_of_it(quiet: QuietBot) -> None:
    sandbox, lounge = quiet.sandbox, quiet.sandbox.lounge
    eve, ben = sandbox.add_user("Eve"), sandbox.add_user("Ben")
    await quiet.store.remember(
        sandbox.guild.id, lounge.id, [Message("user", ben.id, "Ben", "a secret", quiet.services.wall())]
    )
    sandbox.moderator.overwrite(lounge, eve, deny=int(P.READ_MESSAGE_HISTORY))
    channel: Any = quiet.client.get_channel(lounge.id)
    await until(lambda: any(target.id == eve.id for target in channel.overwrites))
    for asker, told in ((eve, []), (ben, ["a secret", "Why?"])):
        await (await sandbox.command(asker, "ask", {"text": "Why?"}, channel_id=lounge.id)).settled()
        request = quiet.engine.requests[-1]
        assert [line.text for line in request.history if line.role == "user"] == told
        assert bool(request.turn.channel_id) is bool(told), "by which the engine finds its summaries"
