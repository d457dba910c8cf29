"""/podcast end to end: a text in, two attachments out, with confirmation, failures, restarts and Cancel."""

import re
from itertools import pairwise

import discord
import pytest

from sandbox.guild.interactions import Interactions
from sandbox.guild.knobs import Failure
from sandbox.guild.message import ChatMessage
from sandbox.model.behaviour import Hang, Refuse, Speak
from sandbox.model.log import ReceivedRequest
from sandbox.people.outcome import CommandOutcome
from tests.e2e.conftest import Harness, until
from tests.e2e.measure import chapters, length, lufs
from tests.e2e.test_conversation import button_id
from tests.e2e.test_jobs import told
from tests.files.documents.packages import docx, p
from tests.files.documents.pdfs import Line, pdf
from tests.files.documents.test_subtitles import SRT
from tests.jobs.conftest import podcasting
from tests.jobs.test_podcast import text

BROKEN = Refuse(500, "oops", "server_error")


async def asked(harness: Harness, length: int, container: str = "ogg", name: str = "moon.md") -> CommandOutcome:
    """Let Eve ask for a podcast of a text with `length` characters."""
    eve = next((user for user in harness.sandbox.world.users.values() if user.global_name == "Eve"), None)
    file = harness.sandbox.file(name, text(length).encode())
    options = {"file": file, "format": container}
    return await harness.sandbox.command(eve or harness.sandbox.add_user("Eve"), "podcast", options)


async def posted(harness: Harness, seconds: float = 60) -> ChatMessage:
    return await harness.sandbox.posted(
        harness.sandbox.general.id, lambda message: len(message.attachments) >= 2, seconds
    )


async def press(harness: Harness, outcome: CommandOutcome, label: str) -> CommandOutcome:
    assert outcome.message is not None
    message = outcome.message
    return await harness.sandbox.click(outcome.interaction.user, message, button_id(message, label))


def is_spoken(request: ReceivedRequest) -> bool:
    return request.body.get("modalities") == ["text", "audio"]


def left_over(harness: Harness) -> list[str]:
    return [path.name for path in (harness.folder / "jobs").glob("*")]


@pytest.mark.parametrize("container", ["ogg", "mp3"])
async def test_a_podcast_and_its_summary_come_in_one_message(harness: Harness, container: str) -> None:
    harness.model.default = podcasting
    async with harness.bot():
        outcome = await (await asked(harness, 14_000, container)).settled()
        assert "About the moon" in outcome.content
        message = await posted(harness)
        sound, summary = message.attachments
        assert (sound.filename, summary.filename) == (f"podcast.{container}", "summary.md")
        assert not sound.waveform  # Discord has one in voice messages only: docs/decisions/jobs.md
        assert abs(lufs(sound.data) - -16) < 1
        marks = chapters(sound.data)
        assert [title for title, _, _ in marks] == ["A chapter"] * 3
        assert all(abs(end - start) < 0.01 for (_, _, end), (_, start, _) in pairwise(marks))
        assert abs(length(sound) - marks[-1][2]) < 0.2
        assert len(sound.data) * 8 / length(sound) < 110_000
        words = summary.data.decode()
        assert words.startswith("# About the moon")
        assert words.count("## In short") >= 3
        assert f"- 0:{int(marks[1][1]):02} A chapter" in words
        assert "$" in message.content
        await until(lambda: outcome.content == message.content and not outcome.components)
        await until(lambda: not left_over(harness))
    assert not harness.model.refused


async def test_what_nobody_wants_to_hear_is_not_paid_for(harness: Harness) -> None:
    harness.model.default = podcasting
    body = p("The moon is far, see https://example.org/moon [1].") + p("[1] Doe, J. doi:10.1000/182")
    async with harness.bot():
        eve = harness.sandbox.add_user("Eve")
        await harness.sandbox.command(eve, "podcast", {"file": harness.sandbox.file("moon.docx", docx(body))})
        await posted(harness)
    sent = "".join(str(request.body["messages"]) for request in harness.model.chats)
    assert "The moon is far, see." in sent
    assert not any(unheard in sent for unheard in ("example.org", "[1]", "10.1000"))


async def test_papers_and_subtitles_are_read(harness: Harness) -> None:
    harness.model.default = podcasting
    async with harness.bot():
        eve = harness.sandbox.add_user("Eve")
        for number, (name, data) in enumerate(
            (("paper.pdf", pdf([Line(50, 500, "Hello there.")])), ("film.srt", SRT.encode())), 1
        ):
            options = {"file": harness.sandbox.file(name, data), "voices": "one"}
            await harness.sandbox.command(eve, "podcast", options)
            posts = harness.sandbox.messages
            await until(lambda: sum(len(m.attachments) == 2 for m in posts(harness.sandbox.general.id)) == number, 30)  # noqa: B023
        read = [str(request.body["messages"][1]) for request in harness.model.chats if not is_spoken(request)]
        assert sum("Hello there" in text for text in read) == len(read) == 4
        assert not any("-->" in text for text in read)
        assert {request.body["audio"]["voice"] for request in harness.model.chats if is_spoken(request)} == {"marin"}


async def test_a_dear_podcast_is_asked_about_and_can_be_cancelled(harness: Harness) -> None:
    def stuck(request: ReceivedRequest) -> Speak | Hang:
        return Hang() if sum(map(is_spoken, harness.model.chats)) > 4 else podcasting(request)

    harness.model.default = stuck
    async with harness.bot():
        ben = harness.sandbox.add_user("Ben")
        outcome = await (await asked(harness, 60_000)).settled()
        assert "≈ $1." in outcome.content
        assert "Create it?" in outcome.content
        assert not harness.model.chats
        assert outcome.message is not None
        refused = await harness.sandbox.click(ben, outcome.message, button_id(outcome.message, "Create"))
        assert "Only the person who asked" in told(refused)
        await press(harness, outcome, "Create")
        await until(lambda: re.search(r"Recording: 4 of 33\n-# \d:\d\d · \$\d", outcome.content), 30)
        again = await (await asked(harness, 60_000)).settled()
        await press(harness, again, "Create")
        await until(lambda: "already working" in again.content)
        await press(harness, outcome, "Cancel")
        await until(lambda: "Cancelled. Cost so far: $" in outcome.content)
        assert not outcome.components
        await until(lambda: not left_over(harness))


async def test_a_part_that_fails_is_named_and_the_others_are_kept(harness: Harness) -> None:
    def never(request: ReceivedRequest) -> Speak | Refuse:
        return BROKEN if is_spoken(request) and "co-host" in str(request.body["messages"][0]) else podcasting(request)

    harness.model.default = never
    async with harness.bot():
        outcome = await asked(harness, 3_000)
        await until(lambda: "Part 2 of 3 of the audio failed. Finished parts are kept" in outcome.content)
        assert not outcome.components
    harness.model.default = podcasting
    async with harness.bot():  # not resumed by itself, only on request
        before = len(harness.model.chats)
        await asked(harness, 3_000)
        message = await posted(harness)
        assert [file.filename for file in message.attachments] == ["podcast.ogg", "summary.md"]
        assert len(harness.model.chats) - before == 1


async def test_what_is_too_large_for_the_server_is_split(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    limit, plain = 60_000, Interactions._payload
    monkeypatch.setattr("sandbox.guild.compose.MAX_ATTACHMENT_BYTES", limit)
    monkeypatch.setattr(Interactions, "_payload", lambda *made: plain(*made) | {"attachment_size_limit": limit})
    harness.model.default = podcasting
    async with harness.bot():
        await asked(harness, 18_000)
        message = await posted(harness)
        *sounds, summary = message.attachments
        assert [sound.filename for sound in sounds] == [f"podcast-{number}.ogg" for number in range(1, len(sounds) + 1)]
        assert len(sounds) >= 2
        assert summary.filename == "summary.md"
        assert all(len(sound.data) <= limit for sound in sounds)
        assert sum(map(length, sounds)) > 10


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [("a.pdf", b"%PDF-1.7 broken", "is damaged"), ("a.txt", b"x " * 150_000, "too long")],
)
async def test_a_bad_document_is_said_so(harness: Harness, name: str, data: bytes, said: str) -> None:
    async with harness.bot():
        eve = harness.sandbox.add_user("Eve")
        outcome = await harness.sandbox.command(eve, "podcast", {"file": harness.sandbox.file(name, data)})
        assert said in told(await outcome.settled())
        assert not harness.model.chats


async def test_what_could_not_be_posted_is_not_begun(harness: Harness) -> None:
    denied = discord.Permissions(attach_files=True).value
    async with harness.bot():
        harness.sandbox.moderator.overwrite(harness.sandbox.general, harness.sandbox.bot, deny=denied)
        outcome = await asked(harness, 3_000)
        assert "Attach Files" in told(await outcome.settled())
        assert not harness.model.chats


async def test_a_hundred_thousand_characters_with_three_failures_a_restart_and_a_cancel(harness: Harness) -> None:
    failing = {5, 20, 33}

    def sometimes(request: ReceivedRequest) -> Speak | Refuse:
        number = sum(map(is_spoken, harness.model.chats))
        if is_spoken(request) and number in failing:
            failing.discard(number)
            return BROKEN
        return podcasting(request).with_(first_audio=0.1)

    harness.model.default = sometimes
    async with harness.bot():
        outcome = await (await asked(harness, 100_000)).settled()
        await press(harness, outcome, "Create")
        await until(lambda: len(list((harness.folder / "jobs").glob("*/*.pcm"))) >= 20, 120)
    spoken = sum(map(is_spoken, harness.model.chats))
    async with harness.bot():
        message = await posted(harness, 100)
        await until(lambda: outcome.content == message.content and not outcome.components)
        sound, summary = message.attachments
        assert abs(lufs(sound.data) - -16) < 1
        assert len(chapters(sound.data)) == 17
        assert abs(length(sound) - chapters(sound.data)[-1][2]) < 0.5
        assert summary.data.decode().count("## In short") >= 17
        assert not failing
        assert sum(map(is_spoken, harness.model.chats)) - spoken <= 51 - 20 + 3
        harness.model.default = lambda request: Hang() if is_spoken(request) else podcasting(request)
        outcome = await (await asked(harness, 100_000)).settled()
        await press(harness, outcome, "Create")
        await until(lambda: "Recording: 0 of 51" in outcome.content, 60)
        await press(harness, outcome, "Cancel")
        await until(lambda: "Cancelled. Cost so far: $" in outcome.content)
        await until(lambda: not left_over(harness))
    assert not harness.model.refused


@pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")  # within aiohttp's own multipart reader
async def test_what_discord_finds_too_large_is_sent_smaller(harness: Harness) -> None:
    harness.model.default = podcasting
    refusal = '{"message": "Request entity too large", "code": 40005}'
    kind = {"Content-Type": "application/json"}
    harness.sandbox.knobs.failures.append(Failure(r"POST /webhooks/", 413, body=refusal, headers=kind))
    async with harness.bot():
        await (await asked(harness, 14_000)).settled()
        message = await posted(harness)
        *sounds, summary = message.attachments
        assert summary.filename == "summary.md"
        asked_for = len(harness.model.chats)
        assert sum(len(sound.data) * 8 for sound in sounds) / sum(map(length, sounds)) < 40_000
        await until(lambda: not left_over(harness))
    assert len(harness.model.chats) == asked_for, "nothing is paid for twice"
