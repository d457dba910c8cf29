"""What people write and send to the bot: recordings with a mention, as a reply, or anywhere where it reads all."""

import struct
from collections.abc import AsyncIterator

import discord
import pytest

from bot.audio import to_wav
from bot.chat import attachments
from bot.chat.cooldown import Cooldowns
from bot.files.recordings.facts import Limits
from bot.jobs import enclosed
from bot.jobs.encoder import encode
from bot.types import Heard, Utterance
from sandbox.guild.entities import User
from sandbox.server import Sandbox
from tests.chat.quiet_bot import QuietBot, Transcriber, quiet_bot, until

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("hurried")]
TONE = struct.pack("<16000h", *([0, 6000, 0, -6000] * 4000))
OGG = encode(TONE, 16_000)


@pytest.fixture
async def quiet() -> AsyncIterator[QuietBot]:
    async with quiet_bot() as opened:
        yield opened


@pytest.fixture
async def reading() -> AsyncIterator[QuietBot]:
    async with Sandbox.open(http=True) as sandbox:
        sandbox.knobs.privileged = discord.Intents(message_content=True).value
        async with quiet_bot(sandbox=sandbox, read_text=True) as quiet:
            yield quiet


async def asked(quiet: QuietBot, number: int) -> tuple[str, float]:
    """Return what the model was asked for the `number`th time: the words, and the seconds of a recording."""
    await until(lambda: len(quiet.engine.requests) >= number)
    (typed,) = quiet.engine.requests[number - 1].turn.typed
    return typed.words, round(len(typed.recording) / 32_000, 1)


async def test_recordings_are_heard_with_a_mention_and_as_a_reply(quiet: QuietBot) -> None:
    ada, lounge, me = await quiet.joined(), quiet.sandbox.lounge.id, f"<@{quiet.sandbox.bot.id}>"
    await quiet.sandbox.write(ada, lounge, f"{me} what is this?", [("note.m4a", encode(TONE, 16_000, "mp3"))])
    assert await asked(quiet, 1) == ("what is this?", 1.0)
    await until(lambda: "An answer" in quiet.shown()[-1].content)
    await quiet.sandbox.write(ada, lounge, attachments=[("voice-message.ogg", OGG)], voice_seconds=1.0)  # to the others
    await quiet.sandbox.write(
        ada, lounge, attachments=[("voice-message.ogg", OGG)], voice_seconds=1.0, reply_to=quiet.shown()[0]
    )
    assert await asked(quiet, 2) == ("(a recording)", 1.0)
    both = [("a.ogg", OGG), ("b.ogg", OGG), ("cat.png", b"\x89PNG")]
    await quiet.sandbox.write(ada, lounge, f"{me} both?", both)
    assert await asked(quiet, 3) == ("both?", 2.0)
    await quiet.sandbox.write(ada, lounge, f"{me} read", [("notes.txt", "ä word".encode())])
    assert await asked(quiet, 4) == ("read\n\nä word", 0.0)


async def test_what_is_said_in_a_recording_is_written_down(quiet: QuietBot, monkeypatch: pytest.MonkeyPatch) -> None:
    async def transcribe(self: Transcriber, utterance: Utterance, *_: object) -> Heard:
        return Heard(utterance.id, utterance.user_id, "So many words.", 1.0)

    monkeypatch.setattr(Transcriber, "transcribe", transcribe)
    ada, lounge, me = await quiet.joined(), quiet.sandbox.lounge.id, f"<@{quiet.sandbox.bot.id}>"
    await quiet.sandbox.write(ada, lounge, f"{me} what is this?", [("note.ogg", OGG)])
    await until(lambda: any("**Ada** So many words." in message.content for message in quiet.shown()))
    await until(lambda: any("An answer" in message.content for message in quiet.shown()))
    await quiet.sandbox.write(ada, lounge, f"{me} and now?")
    await until(lambda: len(quiet.engine.requests) == 2)
    first, second = ([line.text for line in request.history] for request in quiet.engine.requests)
    assert first == []  # it comes as sound
    assert sorted(second) == sorted(["what is this?", "So many words.", quiet.engine.answer])


async def test_where_it_reads_all_it_hears_who_agreed(reading: QuietBot) -> None:
    ada, ben, lounge = await reading.joined(), await reading.enter("Ben"), reading.sandbox.lounge.id

    async def send(who: User, text: str = "") -> None:
        seconds = None if text else 1.0
        await reading.sandbox.write(who, lounge, text, [("voice-message.ogg", OGG)], voice_seconds=seconds)

    await send(ben)
    await send(ben, "words only")
    assert await asked(reading, 1) == ("words only", 0.0)
    verdicts = reading.calls.all()[0].verdicts.latest
    assert [(verdict.user_id, verdict.outcome) for verdict in verdicts] == [(ben.id, "no_consent")] * 2
    await send(ada)
    assert await asked(reading, 2) == ("(a recording)", 1.0)
    await reading.sandbox.write(ada, lounge, "look", [("cat.png", b"\x89PNG")])  # no business of its
    assert await asked(reading, 3) == ("look", 0.0)
    listed = "".join(f"{use}={ada.id};" for use in ("answer", "spend")).rstrip(";")
    await reading.client.preferences.change(reading.sandbox.guild.id, None, "access", listed, ada.id)
    replied = lambda: [item for item in reading.shown() if item.reference_id]  # noqa: E731
    before = len(replied())
    await send(ben, "to the others")
    refused = await reading.sandbox.write(ben, lounge, f"<@{reading.sandbox.bot.id}> and to you")
    await until(lambda: len(replied()) > before)
    assert [item.reference_id for item in replied()[before:]] == [refused.id], "only what was to it gets an answer"
    await send(ada, "more")
    assert await asked(reading, 4) == ("more", 1.0)


async def test_what_cannot_be_heard_is_said_so(quiet: QuietBot, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, lounge, me = await quiet.joined(), quiet.sandbox.lounge.id, f"<@{quiet.sandbox.bot.id}>"
    monkeypatch.setattr(attachments, "MAX_RECORDING_BYTES", 60_000)
    for user in (attachments, enclosed):
        monkeypatch.setattr(user, "QUESTION_LIMITS", Limits(seconds=1.5))
    for name, data, sentence in (
        ("cat.png", b"\x89PNG\r\n\x1a\n" + bytes(64), "sound in that file"),
        ("voice-message.ogg", b"", "recording is empty"),
        ("voice-message.ogg", OGG[:120], "recording"),
        ("long.ogg", encode(TONE * 3, 16_000), "too long for a question"),
        ("big.wav", to_wav(TONE * 3, 16_000), "too large. The limit is"),
    ):
        quiet.client.cooldowns = Cooldowns()
        before = len(quiet.shown())
        await quiet.sandbox.write(ada, lounge, f"{me} and this?", [(name, data)])
        await until(lambda before=before: len(quiet.shown()) > before + 1)
        told = quiet.shown()[-1]
        assert sentence in told.content, name
        assert not told.pings
    assert not quiet.engine.requests


async def test_a_bare_mention_is_not_met_with_silence(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    await quiet.sandbox.write(ada, quiet.sandbox.lounge.id, f"<@{quiet.sandbox.bot.id}>")
    await until(lambda: "don't see any text" in quiet.shown()[-1].content)
    assert not quiet.engine.requests


async def test_nothing_is_fetched_from_elsewhere(quiet: QuietBot, monkeypatch: pytest.MonkeyPatch) -> None:
    ada, lounge = await quiet.joined(), quiet.sandbox.lounge.id
    monkeypatch.setattr(quiet.sandbox.parts.cdn, "base", "http://127.0.0.1:9")
    await quiet.sandbox.write(ada, lounge, f"<@{quiet.sandbox.bot.id}> ?", [("note.ogg", OGG)])
    await until(lambda: "uploaded to Discord" in quiet.shown()[-1].content)
    assert not quiet.engine.requests


async def test_what_is_forwarded_is_heard_and_read(quiet: QuietBot) -> None:
    """A forwarding message has neither words nor files of its own: they stand in its snapshot."""
    ada, general, me = await quiet.joined(), quiet.sandbox.general.id, quiet.sandbox.bot
    spoken = await quiet.sandbox.write(ada, general, "", [("voice.ogg", OGG), ("more.ogg", OGG)])
    written = await quiet.sandbox.write(ada, general, f"<@{me.id}> What is the plan?")
    sound = await quiet.sandbox.write(ada, general, forward=spoken)
    words = await quiet.sandbox.write(ada, general, forward=written)
    await quiet.sandbox.menu(ada, "Answer aloud", sound)
    assert await asked(quiet, 1) == ("(a recording)", 2.0), "both files, one after the other"
    await quiet.sandbox.menu(ada, "Answer aloud", words)
    assert "What is the plan?" in (await asked(quiet, 2))[0]


async def test_a_recording_that_is_cut_off_is_answered_and_said_so(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    me, lounge = f"<@{quiet.sandbox.bot.id}>", quiet.sandbox.lounge.id
    await quiet.sandbox.write(ada, lounge, f"{me} And this?", [("cut.ogg", OGG[:-40])])
    await until(lambda: quiet.engine.requests)
    await until(lambda: any("cut.ogg is cut off" in message.content for message in quiet.sandbox.messages(lounge)))
