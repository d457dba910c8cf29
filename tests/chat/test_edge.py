"""Discord's edge answers instead of Discord: lines, panel, answers and downloads live through it.

The faults are those of sandbox/rest/edge.py; tests/chat/test_line_writer.py has the exact moments in virtual time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import aiohttp
import discord
import pytest
import structlog
from discord.http import Route

from bot.chat import attachments, requests
from bot.chat.cooldown import Cooldowns
from bot.chat.error_messages import Refusal
from bot.chat.transcript import outage
from bot.jobs.context import JobContext
from bot.jobs.job_folder import JobFolder
from bot.jobs.services import JobServices
from bot.types import Heard, Message, Spoken
from sandbox.guild.components import text_of
from sandbox.guild.knobs import Failure
from sandbox.rest import edge
from tests.chat.quiet_bot import QuietBot, quiet_bot, until
from tests.chat.test_untold import ANSWER, DearStudio, analyze

pytestmark = pytest.mark.e2e
POSTS, EDITS = r"POST /channels/\d+/messages", r"PATCH /channels/\d+/messages"
FAULTS: dict[str, Callable[[str, int], Failure]] = {
    "ban as text": lambda pattern, times: edge.cloudflare_ban(pattern, times=times, retry_after=1),
    "ban as a page": lambda pattern, times: edge.cloudflare_ban(pattern, status=403, times=times),
    "429 with Via": lambda pattern, times: edge.rate_limited(pattern, 0.3, times=times),
    "429 without Via": lambda pattern, times: edge.rate_limited(pattern, 0.3, times=times, via=False),
    "429 shared": lambda pattern, times: edge.rate_limited(pattern, 0.3, scope="shared", times=times),
    "429 global": lambda pattern, times: edge.rate_limited(pattern, 0.3, scope="global", times=times),
    "503": lambda pattern, times: Failure(pattern, 503, times, "no healthy upstream"),
    "520": lambda pattern, times: Failure(pattern, 520, times, "error code: 520"),
    "503 after": lambda pattern, times: Failure(pattern, 503, times, after=True),
    "reset": lambda pattern, times: edge.reset(pattern, times=times),
    "reset after": lambda pattern, times: edge.reset(pattern, times=times, after=True),
    "hung": lambda pattern, times: Failure(pattern, 503, times, seconds=2.0),
    "hung after": lambda pattern, times: Failure(pattern, 503, times, after=True, seconds=2.0),
    "no JSON": lambda pattern, times: Failure(pattern, 200, times, "<html>", headers={"Content-Type": "text/html"}),
}


def long(name: str) -> Any:
    return pytest.param(name, marks=pytest.mark.long)


@pytest.fixture
async def quiet(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[QuietBot]:
    monkeypatch.setattr(requests, "EDGE_RETRY_DELAYS_SECONDS", (0.1, 0.2))
    monkeypatch.setattr(requests, "REQUEST_TIMEOUT", aiohttp.ClientTimeout(sock_read=1.0))
    monkeypatch.setattr(outage, "LATE_LINE_SECONDS", 0.25)
    monkeypatch.setattr(outage, "OUTAGE_SECONDS", 0.25)
    async with quiet_bot() as opened:
        yield opened


async def ask(quiet: QuietBot, user: object, text: str) -> None:
    quiet.client.cooldowns = Cooldowns()
    await quiet.sandbox.command(user, "ask", {"text": text})  # pyright: ignore[reportArgumentType]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("fault", FAULTS)
async def test_lines_come_late_but_whole_and_once(quiet: QuietBot, fault: str) -> None:
    ada = await quiet.joined()
    quiet.sandbox.knobs.failures.append(FAULTS[fault](POSTS, 4))
    writer = quiet.calls.all()[0].venue.writer  # type: ignore[attr-defined]
    for number in range(6):
        writer.post(f"**Ada** line {number}")
    await ask(quiet, ada, "Why?")
    await until(lambda: any("An answer with" in message.content for message in quiet.shown()), 20)
    await writer.idle()
    lines = "\n".join(message.content for message in quiet.shown()).split("\n")
    assert [line for line in lines if line.startswith("**Ada** line")] == [f"**Ada** line {n}" for n in range(6)]
    assert sum("An answer with" in line for line in lines) == 1
    assert sum("Discord didn't accept my messages" in line for line in lines) <= 1
    assert "🕓" in "".join(lines) or fault.endswith("after")


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_panel_is_left_live_and_none_is_posted_twice(quiet: QuietBot, fault: str) -> None:
    quiet.sandbox.knobs.failures.append(FAULTS[fault](POSTS, 2))
    ada = await quiet.enter("Ada")
    await (await quiet.sandbox.command(ada, "join")).settled()
    await until(lambda: quiet.panels() and "Listening" in text_of(quiet.panels()[0].components), 20)
    quiet.sandbox.knobs.failures.append(FAULTS[fault](EDITS, 3))
    await (await quiet.sandbox.command(ada, "leave")).settled()
    await until(lambda: "Call ended" in text_of(quiet.panels()[0].components), 20)
    assert len(quiet.panels()) == 1


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "no JSON"])
async def test_a_command_is_answered_though_its_first_answer_meets_the_edge(quiet: QuietBot, fault: str) -> None:
    ada = await quiet.joined()
    quiet.sandbox.knobs.failures.append(FAULTS[fault]("POST /interactions/", 1))
    with structlog.testing.capture_logs() as logs:
        outcome = await quiet.sandbox.command(ada, "call status")
        await until(lambda: outcome.content)
        await until(lambda: not any(task.get_name() == "CommandTree-invoker" for task in asyncio.all_tasks()))
    assert not [line for line in logs if line["event"] == "command_failed"]


@pytest.mark.parametrize(
    "fault", ["ban as text", *(long(name) for name in ("ban as a page", "429 without Via", "520"))]
)
async def test_an_answer_that_is_turned_away_comes_later(quiet: QuietBot, fault: str) -> None:
    eve = quiet.sandbox.add_user("Eve")
    asked = await quiet.sandbox.command(eve, "ask", {"text": "Why?"})
    quiet.sandbox.knobs.failures.append(FAULTS[fault]("(POST|PATCH) /webhooks/", 2))
    await until(lambda: "An answer with" in asked.content, 20)
    await until(lambda: asked.followups)
    assert len(quiet.sandbox.messages(quiet.sandbox.general.id)) == 2, "the words and the voice message, once"


async def test_files_that_are_sent_again_are_whole(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    line = Message("user", ada.id, "Ada", "a word", quiet.services.wall())
    await quiet.store.remember(quiet.sandbox.guild.id, quiet.sandbox.lounge.id, [line])
    quiet.sandbox.knobs.failures.append(FAULTS["ban as text"]("(POST|PATCH) /webhooks/", 2))
    outcome = await quiet.sandbox.command(ada, "memory export")
    await until(lambda: outcome.attachments, 20)
    assert all(b"a word" in file.data for file in outcome.attachments)


@pytest.mark.long
@pytest.mark.parametrize("fault", ["reset", "reset after", "hung after", "no JSON"])
async def test_an_edit_that_may_have_come_through_is_made_again(quiet: QuietBot, fault: str, tmp_path: Path) -> None:
    studio: Any = DearStudio()
    quiet.client.__dict__["jobs"] = JobContext(JobServices.of(quiet.services), studio, JobFolder(tmp_path))
    quiet.sandbox.knobs.failures.append(FAULTS[fault]("PATCH /webhooks/", 2))
    outcome = await analyze(quiet, quiet.sandbox.add_user("Eve"))
    await until(lambda: ANSWER in outcome.content, 20)


@pytest.mark.parametrize("fault", ["503", "reset", "ban as text", "520"])
@pytest.mark.parametrize("times", [1, 2])
async def test_a_download_that_breaks_is_tried_again_once(
    quiet: QuietBot, fault: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "DOWNLOAD_RETRY_SECONDS", 0.05)
    ada = await quiet.joined()
    quiet.sandbox.knobs.failures.append(FAULTS[fault]("GET /ephemeral-attachments/|GET /attachments/", times))
    file = quiet.sandbox.file("words.txt", b"what it is about " * 200)
    with structlog.testing.capture_logs() as logs:
        outcome = await (await quiet.sandbox.command(ada, "ask", {"text": "Why?", "file": file})).settled()
    assert ("couldn't download that file" in outcome.content) == (times == 2)
    assert not [line for line in logs if line["event"] == "command_failed"]
    if times == 1:
        await until(lambda: quiet.engine.requests)
        assert "what it is about" in quiet.engine.requests[0].turn.typed[0].words


async def test_a_page_in_place_of_a_file_is_no_deleted_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "DOWNLOAD_RETRY_SECONDS", 0.0)
    for kind, told in {
        "text/plain": "file_gone",
        "application/xml": "file_gone",
        "text/html": "file_unreachable",
    }.items():
        response = Mock(status=403, reason="Forbidden", headers={"Content-Type": kind})
        file = Mock(url="https://cdn.discordapp.com/attachments/1/2/a.ogg", size=1)
        file.read = AsyncMock(side_effect=discord.Forbidden(response, "cannot retrieve asset"))
        with pytest.raises(Refusal) as refused:
            await attachments.download(Mock(settings=Mock(discord_api_base="http://127.0.0.1:9")), file)
        assert refused.value.sentence_code.endswith(told)


@pytest.mark.parametrize("wrong", [b"OggS", b"<html>a page, with status 200</html>", b""])
async def test_what_has_not_the_length_that_discord_told_is_not_the_file(
    wrong: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "DOWNLOAD_RETRY_SECONDS", 0.0)
    host, file = Mock(settings=Mock(discord_api_base="http://127.0.0.1:9")), Mock(size=8)
    file.url = "https://cdn.discordapp.com/attachments/1/2/a.ogg"
    file.read = AsyncMock(side_effect=[wrong, b"OggSOggS"])
    assert await attachments.download(host, file) == b"OggSOggS"
    file.read = AsyncMock(return_value=wrong)
    with pytest.raises(Refusal, match="file_unreachable"):
        await attachments.download(host, file)


@pytest.mark.parametrize(
    ("status", "body", "readable"),
    [
        (200, b'{"id": "1"}', True),
        (200, b"[]", True),
        (204, b"", True),
        (200, b"<html>", False),
        (200, b"null", False),
        (429, b'{"retry_after": 0.5}', True),
        (429, b"{}", False),
        (429, b'["x"]', False),
        (429, b"error code: 1015", False),
        (429, b"", False),
        (503, b"<html>", True),
    ],
)
async def test_only_discords_own_words_reach_discord_py(status: int, body: bytes, readable: bool) -> None:
    """It raises TypeError for others, and what it believes of them is lost without a trace."""
    request = Mock(url=f"{Route.BASE}/channels/1/messages")
    response = Mock(status=status, content_type="text/html", read=AsyncMock(return_value=body))
    sending = requests.refuse_unreadable(request, AsyncMock(return_value=response))
    if readable:
        assert await sending is response
    else:
        with pytest.raises(requests.UnreadableAnswer) as refused:
            await sending
        assert requests.is_edge_fault(refused.value)


async def test_who_confirms_is_forgotten_though_the_answer_meets_the_edge(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    line = Message("user", ada.id, "Ada", "a secret", quiet.services.wall())
    await quiet.store.remember(quiet.sandbox.guild.id, quiet.sandbox.lounge.id, [line])
    asked = await quiet.sandbox.command(ada, "privacy forget")
    quiet.sandbox.knobs.failures.append(FAULTS["reset"]("POST /interactions/", 1))
    assert asked.message is not None
    confirm = asked.components[0]["components"][0]["custom_id"]
    outcome = await quiet.sandbox.click(ada, asked.message, confirm)
    await until(lambda: "⚠️" in outcome.text)
    assert await quiet.store.history(quiet.sandbox.lounge.id, 10) == []


async def test_it_leaves_though_the_answer_meets_the_edge(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    quiet.sandbox.knobs.failures.append(FAULTS["reset"]("POST /interactions/", 1))
    outcome = await quiet.sandbox.command(ada, "leave")
    await until(lambda: "⚠️" in outcome.text)
    assert not quiet.calls.all()


def refused(status: int, body: object) -> discord.HTTPException:
    return discord.HTTPException(Mock(status=status, reason="", headers={}), body)  # pyright: ignore[reportArgumentType]


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("fault", "once", "repeatable"),
    [
        (refused(429, "error code: 1015"), 2, 2),
        (refused(403, "<html>"), 2, 2),
        (refused(503, "no healthy upstream"), 1, 2),
        (aiohttp.ServerDisconnectedError(), 1, 2),
        (refused(403, {"code": 50013, "message": "no"}), 1, 1),
        (refused(400, "no"), 1, 1),
    ],
)
async def test_what_is_sent_anew(fault: Exception, once: int, repeatable: int) -> None:
    for may_be_repeated, attempts in ((False, once), (True, repeatable)):
        request = AsyncMock(side_effect=[fault, "done"])
        insisting = requests.insist(3.0, request, repeatable=may_be_repeated)
        if attempts == 2:
            assert await insisting == "done"
        else:
            with pytest.raises(type(fault)):
                await insisting
        assert request.await_count == attempts
        request = AsyncMock(side_effect=fault)
        with pytest.raises(type(fault)):
            await requests.insist(3.0, request, repeatable=may_be_repeated)
        assert request.await_count == attempts, "not for longer than that"


@pytest.mark.parametrize("how", ["withdraw", "forget"])
async def test_words_that_wait_for_discord_are_dropped_with_their_speakers_leave(quiet: QuietBot, how: str) -> None:
    ada = await quiet.joined()
    call = quiet.calls.all()[0]
    quiet.sandbox.knobs.failures.append(FAULTS["503"](POSTS, 4))
    await call.venue.audience.heard(Heard(1, ada.id, "the canary sings", 1.0), "Ada")
    await call.venue.audience.said(Spoken(1, "a canary, you say", 1.0, None, asked_by=(ada.id,)))
    await call.venue.audience.heard(Heard(2, 5, "what a day", 1.0), "Ben")
    if how == "withdraw":
        await quiet.sandbox.command(ada, "privacy withdraw")
    else:
        await quiet.calls.erasure.forget_person(ada.id)
    await until(lambda: any("what a day" in message.content for message in quiet.shown()), 20)
    shown = "\n".join(message.content for message in quiet.shown())
    assert "the canary sings" not in shown
    assert ("a canary, you say" in shown) == (how == "withdraw"), "what it answered is the bot's own"
