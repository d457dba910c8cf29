"""/ask where there is no call: answered in writing, with the sound attached."""

import struct
from collections.abc import AsyncIterator

import pytest

from bot.errors import OutOfCredit
from bot.jobs import media
from tests.chat.stage import Stage, stage

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
    (sound,) = outcome.attachments
    assert sound.filename == "answer.ogg"
    assert media.to_pcm(sound.data)
    (charge,) = await house.store.charges(house.sandbox.guild.id, house.services.wall().replace(hour=0, minute=0))
    assert (charge.kind, charge.user_ids) == ("job", (eve.id,))


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
    assert outcome.attachments
