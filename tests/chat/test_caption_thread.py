"""What captions write when they end, whatever is under way then, and when somebody takes away what they show."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from bot.call.captions import MAX_READERS
from bot.chat.captions import caption_thread
from bot.chat.captions.caption_thread import CaptionThread
from bot.types import Caption, Heard
from sandbox.guild.entities import GuildChannel
from sandbox.guild.permissions import P
from tests.chat.quiet_bot import QuietBot, quiet_bot, until
from tests.chat.test_entrance import chat


@pytest.fixture
async def quiet(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[QuietBot]:
    monkeypatch.setattr(caption_thread, "EDIT_GAP_SECONDS", 0.05)
    async with quiet_bot() as opened:
        yield opened


def threads(quiet: QuietBot) -> list[GuildChannel]:
    return [channel for channel in quiet.sandbox.guild.channels.values() if channel.is_thread]


class SlowChannel:
    """A chat whose first message takes until `go`."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.began = asyncio.Event()
        self.sent: list[str] = []
        self.edited: list[tuple[float, str]] = []

    async def send(self, content: str, **_: object) -> Any:
        self.began.set()
        await self.go.wait()
        self.sent.append(content)
        return SimpleNamespace(edit=self.edit, delete=self.delete)

    async def edit(self, content: str) -> None:
        self.edited.append((asyncio.get_running_loop().time(), content))

    async def delete(self) -> None:
        self.sent.clear()


@pytest.mark.looptime
async def test_final_words_do_not_wait_for_the_next_edit_of_growing_ones() -> None:
    channel, began = SlowChannel(), asyncio.get_running_loop().time()
    channel.go.set()
    reader = CaptionThread(channel, "key", None, lambda: "over")  # pyright: ignore[reportArgumentType]
    reader.show(Caption(1, 7, "Anna", "Hel", final=False))
    await asyncio.sleep(0.3)
    reader.show(Caption(1, 7, "Anna", "Hello", final=False))
    await asyncio.sleep(0.1)
    assert channel.edited == []
    reader.show(Caption(1, 7, "Anna", "Hello there", final=True))
    await asyncio.sleep(0.5)
    [(at, text)] = channel.edited
    assert text == "**Anna** Hello there"
    assert at - began < 0.6


@pytest.mark.looptime
async def test_final_words_that_wait_are_not_written_once_their_speaker_withdraws() -> None:
    """What is written stays."""
    channel = SlowChannel()
    channel.go.set()
    reader = CaptionThread(channel, "key", None, lambda: "over")  # pyright: ignore[reportArgumentType]
    reader.show(Caption(1, 7, "Anna", "We meet at nine.", final=True))
    reader.show(Caption(2, 8, "Ben", "Fine.", final=True))
    await asyncio.sleep(0.3)
    assert channel.sent == ["**Anna** We meet at nine.\n**Ben** Fine."]
    reader.show(Caption(3, 7, "Anna", "A secret.", final=True))
    reader.show(Caption(4, 8, "Ben", "Hm.", final=True))
    reader.withdraw(7)
    await asyncio.sleep(3.0)
    assert [text for _, text in channel.edited] == ["**Anna** We meet at nine.\n**Ben** Fine.\n**Ben** Hm."]


@pytest.mark.looptime
async def test_what_was_posted_though_its_answer_was_lost_is_not_posted_twice() -> None:
    sent: dict[int, str] = {}
    answers = iter([False, False, True, False])

    async def send(content: str, *, nonce: int, **_: object) -> Any:
        sent.setdefault(nonce, content)

        async def edit(content: str) -> None:
            sent[nonce] = content

        if not next(answers, True):
            raise aiohttp.ServerDisconnectedError
        return SimpleNamespace(edit=edit)

    reader = CaptionThread(SimpleNamespace(send=send), "key", None, lambda: "over")  # pyright: ignore[reportArgumentType]
    reader.show(Caption(1, 7, "Anna", "We meet", final=False))
    await asyncio.sleep(0.5)
    reader.show(Caption(1, 7, "Anna", "We meet at nine.", final=True))
    await asyncio.sleep(20.0)
    assert list(sent.values()) == ["**Anna** We meet at nine."]
    await reader.end()
    assert list(sent.values()) == ["**Anna** We meet at nine.", "over"]


async def test_captions_that_end_while_a_message_is_sent_say_so_once() -> None:
    channel = SlowChannel()
    reader = CaptionThread(channel, "key", None, lambda: "over")  # pyright: ignore[reportArgumentType]
    reader.show(Caption(1, 7, "Anna", "Hello", final=True))
    await channel.began.wait()
    ending = asyncio.create_task(reader.end())
    await asyncio.sleep(0)  # it has asked for a last write, while the first is under way
    channel.go.set()
    await ending
    assert channel.sent[1:] == ["over"]


@pytest.mark.looptime
@pytest.mark.parametrize("under_way", [True, False], ids=["while it is written", "between two edits"])
async def test_words_that_wait_are_not_written_once_others_may_read_the_thread(under_way: bool) -> None:
    channel = SlowChannel()
    reader = CaptionThread(channel, "key", None, lambda: "over")  # pyright: ignore[reportArgumentType]
    for number in range(20):  # two messages
        reader.show(Caption(number, 7, "Anna", f"first {number}", final=True))
    await channel.began.wait()
    if not under_way:
        channel.go.set()
        await asyncio.sleep(30)
    count = len(channel.sent)
    for number in (19, 20):
        reader.show(Caption(number, 7, "Anna", "SECRET", final=True))
    reader.cut()
    channel.go.set()
    await reader.end()
    assert channel.sent[max(count, 1) :] == ["over"]
    assert not any("SECRET" in text for text in (*channel.sent, *(text for _, text in channel.edited)))


@pytest.mark.parametrize(
    ("language", "beside", "in_transcript", "left"),
    [
        (None, True, True, []),  # the transcript's line says it
        (None, True, False, ["**Anna** Hello …"]),  # the transcript could not write it down
        (None, False, True, ["**Anna** Hello …"]),
        ("ja", True, True, ["**Anna** Hello …"]),  # the transcript has other words
    ],
)
async def test_final_words_that_the_transcript_shows_in_the_same_chat_are_not_said_twice(
    language: str | None, beside: bool, in_transcript: bool, left: list[str]
) -> None:
    channel = SlowChannel()
    channel.go.set()
    reader = CaptionThread(channel, "key", language, lambda: "over", lambda: beside)  # pyright: ignore[reportArgumentType]
    growing = Caption(1, 7, "Anna", "Hello", final=False)
    reader.show(growing)
    await channel.began.wait()
    reader.show(replace(growing, final=True, in_transcript=in_transcript))
    await reader.end()
    assert channel.sent == [*left, "over"]


async def test_whoever_takes_captions_away_is_not_shown_them_again_but_those_that_follow(quiet: QuietBot) -> None:
    """A message is deleted; the thread is archived, which a new message undoes; the thread is deleted."""
    ada = await quiet.joined()
    [call] = quiet.calls.all()
    asking = (quiet.sandbox.command(ada, "captions") for _ in range(2))
    one, other = [await outcome.settled() for outcome in await asyncio.gather(*asking)]
    assert one.text == other.text, "two who ask at once share a thread"
    [thread] = threads(quiet)
    [reader] = call.captions.readers
    reader.show(Caption(1, 7, "Anna", "Hello", final=True))
    reader.show(Caption(2, 8, "Ben", "And", final=False))
    await until(lambda: len(chat(quiet, thread)) == 2)
    quiet.sandbox.parts.board.delete(quiet.sandbox.messages(thread.id)[-1])
    reader.show(Caption(2, 8, "Ben", "And now", final=True))
    await until(lambda: chat(quiet, thread)[1:] == ["**Ben** And now"])
    thread.archived = True
    reader.show(Caption(3, 8, "Ben", "Go on.", final=True))
    await until(lambda: chat(quiet, thread)[1:] == ["**Ben** And now", "**Ben** Go on."])
    await quiet.sandbox.moderator.delete_channel(thread)
    reader.show(Caption(4, 8, "Ben", "Nobody reads this.", final=True))
    await until(lambda: not call.captions.readers)
    await (await quiet.sandbox.command(ada, "captions")).settled()
    assert len(call.captions.readers) == 1


async def test_captions_end_where_the_bot_may_not_write_and_leave_no_empty_thread(quiet: QuietBot) -> None:
    """Nobody pays for what nobody can read."""
    sandbox, ada = quiet.sandbox, await quiet.joined()
    [call] = quiet.calls.all()
    await (await sandbox.command(ada, "captions")).settled()
    [reader] = call.captions.readers
    sandbox.moderator.overwrite(sandbox.general, sandbox.bot, deny=int(P.SEND_MESSAGES_IN_THREADS))
    reader.show(Caption(1, 7, "Anna", "Hello", final=True))
    await until(lambda: not call.captions.readers)
    refused = await (await sandbox.command(ada, "captions")).settled()
    assert "⚠️" in refused.text
    assert not call.captions.readers
    assert [thread.archived for thread in threads(quiet)] == [False, True]


async def test_captions_for_which_there_is_no_room_make_no_thread(quiet: QuietBot) -> None:
    ada = await quiet.joined()
    [call] = quiet.calls.all()
    call.captions.readers += [cast("CaptionThread", None)] * MAX_READERS
    refused = await (await quiet.sandbox.command(ada, "captions")).settled()
    call.captions.readers.clear()
    assert "⚠️" in refused.text
    assert not threads(quiet)


@pytest.mark.parametrize("end", ["deleted", "locked", "archived"])
async def test_a_transcript_whose_thread_is_gone_goes_on_in_the_chat(quiet: QuietBot, end: str) -> None:
    sandbox, ada = quiet.sandbox, await quiet.enter("Ada")
    await quiet.client.preferences.change(sandbox.guild.id, None, "transcript", "thread", ada.id)
    await (await sandbox.command(ada, "join")).settled()
    [call], [thread] = quiet.calls.all(), threads(quiet)
    await until(lambda: chat(quiet, thread))
    if end == "deleted":
        await sandbox.moderator.delete_channel(thread)
    else:
        sandbox.moderator.close_thread(thread, lock=end == "locked")
    await call.venue.audience.heard(Heard(1, ada.id, "I am still here", 1.0), "Ada")
    goes_on = thread if end == "archived" else sandbox.lounge
    await until(lambda: "**Ada** I am still here" in chat(quiet, goes_on))
