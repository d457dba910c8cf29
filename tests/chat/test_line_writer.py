"""The writer of a channel, in virtual time, against a channel that keeps Discord's rate limit."""

import asyncio
import itertools
import json
from collections import deque
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import pytest

from bot.chat.transcript.forbidden_pause import FORBIDDEN_PAUSE_SECONDS
from bot.chat.transcript.line_writer import LINE_EDIT_GAP_SECONDS, LineWriter
from bot.chat.transcript.waiting_lines import MAX_WAITING_LINES

pytestmark = pytest.mark.looptime


class Message:
    def __init__(self, chat: "Chat", content: str, row: Any = None) -> None:
        self._chat = chat
        self.content = content
        self.row = row

    async def edit(self, *, content: str, view: Any = None) -> None:
        await self._chat.act("edit")
        self.content = content
        self.row = view or self.row

    async def delete(self) -> None:
        await asyncio.sleep(0.1)
        self._chat.messages.remove(self)


class Chat:
    """A channel that lets five posts and five edits through in five seconds, as discord.py does by the headers."""

    id = 1

    def __init__(self, *faults: Exception) -> None:
        self.messages: list[Message] = []
        self.acts: list[tuple[float, str]] = []
        self._faults = deque(faults)
        self.slow = 0.0
        "seconds that a post waits for a rate limit"
        self._lost: deque[Exception] = deque()
        self._posted: dict[int, Message] = {}
        self._slots = {"post": asyncio.Semaphore(5), "edit": asyncio.Semaphore(5)}

    def fail(self, fault: Exception) -> None:
        self._faults.append(fault)

    async def send(self, content: str, *, silent: bool, suppress_embeds: bool, nonce: int, **extras: Any) -> Message:
        assert silent
        assert suppress_embeds
        await asyncio.sleep(self.slow)
        lost = self._lost.popleft() if self._lost else None
        await self.act("post")
        if nonce not in self._posted:
            self.messages.append(Message(self, content, extras.get("view")))
            self._posted[nonce] = self.messages[-1]
        if lost:
            raise lost
        return self._posted[nonce]

    async def act(self, kind: str) -> None:
        await self._slots[kind].acquire()
        loop = asyncio.get_running_loop()
        loop.call_later(5.0, self._slots[kind].release)
        await asyncio.sleep(0.1)
        if self._faults:
            raise self._faults.popleft()
        self.acts.append((loop.time(), kind))

    async def refuse(self) -> None:
        raise http_error(discord.Forbidden, 403, 50001)

    def lose(self, fault: Exception) -> None:
        """Carry out the next post, and answer with this fault."""
        self._lost.append(fault)

    @property
    def contents(self) -> list[str]:
        return [message.content for message in self.messages]


def http_error(kind: type[discord.HTTPException], status: int, code: int = 0, **headers: str) -> discord.HTTPException:
    """Return a refusal of Discord's (with its `code`), or of somebody on the way (0, in plain text)."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    response: Any = SimpleNamespace(status=status, reason="", headers=names)
    return kind(response, {"code": code, "message": "no"} if code else "error code: 1015")


def words(code: str, **values: object) -> str:
    return f"[{code} {values.get('count') or ''}]"


async def test_lines_keep_their_order_and_pile_into_messages() -> None:
    chat = Chat()
    scroll = LineWriter(chat)
    scroll.post("1")
    await asyncio.sleep(0.05)
    for number in range(2, 41):
        scroll.post(str(number))
    await scroll.idle()
    assert chat.contents == ["1", "\n".join(str(number) for number in range(2, 41))]


async def test_a_growing_line_is_edited_at_most_every_so_often_and_ends_right() -> None:
    chat = Chat()
    scroll = LineWriter(chat)
    line = scroll.post("w0", growing=True)
    for number in range(1, 100):
        await asyncio.sleep(0.1)
        scroll.revise(line, f"w{number}")
    scroll.revise(line, "the end")
    await scroll.idle()
    assert chat.contents == ["the end"]
    edits = [at for at, kind in chat.acts if kind == "edit"]
    assert len(edits) >= 8
    assert all(later - earlier >= LINE_EDIT_GAP_SECONDS - 0.01 for earlier, later in itertools.pairwise(edits))


async def test_a_new_line_goes_ahead_of_an_edit() -> None:
    chat = Chat()
    scroll = LineWriter(chat)
    line = scroll.post("bot", growing=True)
    await asyncio.sleep(0.5)
    scroll.revise(line, "bot one")
    await asyncio.sleep(0.2)
    scroll.revise(line, "bot two")
    scroll.post("person")
    await asyncio.sleep(0.2)
    assert chat.contents == ["bot one", "person"]
    await scroll.idle()
    assert chat.contents == ["bot two", "person"]


async def test_a_line_may_grow_over_a_message_and_shrink_again() -> None:
    chat = Chat()
    scroll = LineWriter(chat)
    line = scroll.post("Start.", growing=True)
    await scroll.idle()
    scroll.revise(line, "A sentence of words. " * 150)
    await scroll.idle()
    assert [len(content) <= 2000 for content in chat.contents] == [True, True]
    scroll.revise(line, "Cut.")
    await scroll.idle()
    assert chat.contents == ["Cut."]


@pytest.mark.parametrize("refused", [False, True], ids=["deleted", "that cannot be deleted"])
async def test_a_line_that_changes_leaves_a_channel_that_others_read(refused: bool) -> None:
    home, thread = Chat(), Chat()
    thread.id = 2
    writer = LineWriter(home)
    writer.channel = thread
    writer.post("said before")
    await writer.idle()
    line = writer.post("An answer", growing=True)
    await writer.idle()
    writer.revise(line, "An answer that")  # waits for its turn
    writer.retreat()
    if refused:
        thread.messages[-1].delete = thread.refuse
    writer.revise(line, "An answer that is a secret")
    await writer.idle()
    assert thread.contents == ["said before", *["An answer"] * refused]
    assert home.contents == ["An answer that is a secret"]
    writer.revise(line, "An answer that is a secret.")
    await writer.idle()
    assert home.contents == ["An answer that is a secret."]


async def test_a_channel_is_left_between_two_messages_of_a_line() -> None:
    home, thread = Chat(), Chat()
    thread.id = 2
    writer = LineWriter(home)
    writer.channel = thread
    line = writer.post("Words. " * 400, growing=True)
    await writer.idle()
    first = thread.messages[0]
    edit = first.edit

    async def edited(**changes: Any) -> None:
        await edit(**changes)
        writer.retreat()

    first.edit = edited
    writer.revise(line, "Secret words. " * 200)
    await writer.idle()
    assert not any("Secret" in content for content in thread.contents)
    assert "".join(home.contents).count("Secret") == 200


@pytest.mark.parametrize("act", ["post", "posts", "edit"])
async def test_what_was_on_its_way_into_a_channel_is_taken_out_of_it(act: str) -> None:
    home, thread = Chat(), Chat()
    thread.id = 2
    writer = LineWriter(home)
    writer.channel = thread
    first, second = writer.post("first", growing=act != "posts", speaker=1), writer.post("second", speaker=2)
    if act == "edit":
        await writer.idle()
        writer.revise(first, "first, changed")
    thread.slow = 1.0
    send, sent = thread.act, asyncio.Event()

    async def acting(kind: str) -> None:
        sent.set()
        await asyncio.sleep(1.0)
        await send(kind)

    thread.act = acting
    await sent.wait()
    writer.retreat()
    while act == "posts" and not thread.messages:  # nothing changes until they stand there, together
        await asyncio.sleep(0.05)
    writer.drop(lambda line: line.speaker == 2)
    await writer.idle()
    assert thread.contents == (["second"] if act == "edit" else [])
    assert home.contents == [first.text]
    assert second.text == "second"


@pytest.mark.parametrize("act", ["post", "edit"])
async def test_what_was_on_its_way_is_taken_out_of_a_channel_though_the_rest_is_forbidden(act: str) -> None:
    home, thread = Chat(http_error(discord.Forbidden, 403, 50001)), Chat()
    thread.id = 2
    writer = LineWriter(home)
    writer.channel = thread
    line = writer.post("Words. " * 400, growing=True)
    if act == "edit":
        await writer.idle()
        writer.revise(line, "Secret words. " * 200)
    done, acts = thread.act, itertools.count()

    async def acting(kind: str) -> None:
        await done(kind)
        if next(acts) == (act == "edit"):  # the first post, the second edit
            writer.retreat()
            if act == "edit":
                raise http_error(discord.Forbidden, 403, 50001)

    thread.act = acting
    await writer.idle()
    assert not thread.messages
    assert not home.messages


async def test_a_line_that_leaves_a_channel_keeps_its_buttons_and_is_dropped_like_one_that_waits() -> None:
    home, thread, row = Chat(), Chat(), object()
    thread.id = 2
    writer = LineWriter(home)
    writer.channel = thread
    lines = [writer.post(f"Answer {number}.", row=row) for number in range(3)]  # type: ignore[arg-type]
    await writer.idle()
    for line in lines:
        writer.revise(line, line.text + " All of it.")
    lines[1].asked_by = lines[2].asked_by = (7,)
    writer.retreat()
    delete, took = thread.messages[1].delete, asyncio.Event()

    async def taken() -> None:
        await delete()
        took.set()
        await asyncio.sleep(1.0)

    thread.messages[1].delete = taken
    await took.wait()  # one is on its way, another still stands there
    writer.drop(lambda line: 7 in line.asked_by)
    await writer.idle()
    assert not thread.messages
    assert home.contents == ["Answer 0. All of it."]
    assert [message.row for message in home.messages] == [row]


async def test_buttons_stand_under_the_last_message_of_a_line() -> None:
    chat = Chat()
    scroll = LineWriter(chat)
    row: Any = object()
    scroll.post("At once.", row=row)
    line = scroll.post("Start.", growing=True)
    await scroll.idle()
    scroll.revise(line, "Start.", row)
    await scroll.idle()
    grown = scroll.post("Start.", growing=True)
    await scroll.idle()
    scroll.revise(grown, "A sentence of words. " * 150, row)
    await scroll.idle()
    assert [message.row for message in chat.messages] == [row, row, None, row]


async def test_what_changes_before_it_is_posted_is_posted_once() -> None:
    chat = Chat()
    scroll = LineWriter(chat)
    scroll.revise(scroll.post("early", growing=True), "late")
    await scroll.idle()
    assert (chat.contents, scroll.counts["edits"]) == (["late"], 0)


async def test_an_outage_is_waited_out() -> None:
    chat = Chat(OSError(), http_error(discord.DiscordServerError, 503))
    scroll = LineWriter(chat)
    scroll.post("a")
    scroll.post("b")
    await scroll.idle()
    assert (chat.contents, scroll.counts["unreachable"]) == (["a\nb"], 2)


EDGE_FAULTS = [
    ConnectionResetError(104, "reset"),
    TimeoutError(),
    aiohttp.ServerDisconnectedError(),
    http_error(discord.HTTPException, 429),
    http_error(discord.Forbidden, 403),
    http_error(discord.DiscordServerError, 503),
    json.JSONDecodeError("no JSON", "", 0),
    discord.RateLimited(40.0),
]


@pytest.mark.parametrize("fault", EDGE_FAULTS, ids=lambda fault: type(fault).__name__)
async def test_no_line_is_lost_at_discords_edge_and_late_ones_say_so(fault: Exception) -> None:
    chat = Chat(*[fault] * 8)
    scroll = LineWriter(chat, words=lambda: words)  # pyright: ignore[reportArgumentType]
    for number in range(10):
        scroll.post(str(number))
        await asyncio.sleep(1.0)
    await scroll.idle()
    assert chat.contents[0] == "[notice outage ]"
    assert [line for line in "\n".join(chat.contents[1:]).split("\n") if line.isdigit()] == [*"0123456789"]
    assert "0\n[line.late ]" in chat.contents[1]
    scroll.post("in time")
    await scroll.idle()
    assert chat.contents[-1] == "in time"
    assert sum("notice" in content for content in chat.contents) == 1


async def test_lines_are_late_too_when_discord_py_waits_by_itself() -> None:
    chat = Chat()
    scroll = LineWriter(chat, words=lambda: words)  # pyright: ignore[reportArgumentType]
    chat.slow = 60.0
    scroll.post("first")
    await asyncio.sleep(1.0)
    chat.slow = 0.0
    scroll.post("second")
    await asyncio.sleep(58.0)
    scroll.post("third")
    await scroll.idle()
    assert chat.contents == ["first\n[line.late ]", "[notice outage ]", "second\n[line.late ]\nthird"]


async def test_retry_after_is_kept_to() -> None:
    chat = Chat(http_error(discord.HTTPException, 429, Retry_After="77"))
    scroll = LineWriter(chat)
    began = asyncio.get_running_loop().time()
    scroll.post("a")
    await scroll.idle()
    assert chat.acts[0][0] - began >= 77.0


async def test_what_was_posted_though_its_answer_was_lost_is_not_posted_twice() -> None:
    chat = Chat()
    chat.lose(http_error(discord.DiscordServerError, 503))
    scroll = LineWriter(chat)
    scroll.post("a")
    scroll.post("b")
    await scroll.idle()
    assert chat.contents == ["a\nb"]


async def test_an_edit_that_fails_at_the_edge_is_made_later_and_holds_up_no_line() -> None:
    chat = Chat()
    scroll = LineWriter(chat)
    row: Any = object()
    line = scroll.post("bot", growing=True)
    await scroll.idle()
    chat.fail(http_error(discord.DiscordServerError, 503))
    scroll.revise(line, "bot one")
    await asyncio.sleep(0.5)
    scroll.revise(line, "bot two", row)
    scroll.post("person")
    await asyncio.sleep(0.2)
    assert chat.contents == ["bot", "person"]
    await scroll.idle()
    assert chat.contents == ["bot two", "person"]
    assert chat.messages[0].row is row


async def test_lines_beyond_the_bound_are_counted_and_told() -> None:
    chat = Chat(*[OSError()] * 8)
    scroll = LineWriter(chat, words=lambda: words)  # pyright: ignore[reportArgumentType]
    scroll.post("first")
    await asyncio.sleep(0.2)
    for number in range(MAX_WAITING_LINES + 3):
        scroll.post(str(number))
    await scroll.idle()
    assert chat.contents[0] == "[notice outage_lost 3]"
    lines = [line for line in "\n".join(chat.contents[1:]).split("\n") if not line.startswith("[")]
    assert lines == ["first", *map(str, range(3, MAX_WAITING_LINES + 3))]
    assert scroll.counts["lines_dropped"] == 3


async def test_a_forbidden_channel_is_left_alone_for_a_while() -> None:
    chat = Chat(http_error(discord.Forbidden, 403, 50013))
    scroll = LineWriter(chat)
    scroll.post("a")
    await scroll.idle()
    scroll.post("b")
    await scroll.idle()
    assert (chat.contents, scroll.counts["refused"]) == ([], 2)
    await asyncio.sleep(FORBIDDEN_PAUSE_SECONDS)
    scroll.post("c")
    await scroll.idle()
    assert chat.contents == ["c"]


@pytest.mark.parametrize("told", [True, False], ids=["once permissions change", "once another line gets through"])
async def test_what_people_must_read_waits_while_it_is_forbidden(told: bool) -> None:
    chat = Chat(http_error(discord.Forbidden, 403, 50013))
    scroll = LineWriter(chat)
    scroll.post("I hear you", kept=True)
    await scroll.idle()
    scroll.post("so do I", kept=True)
    scroll.post("a")
    await scroll.idle()
    assert chat.contents == []
    if told:
        scroll.allowed()
    else:
        await asyncio.sleep(FORBIDDEN_PAUSE_SECONDS)
        scroll.post("b")
    await scroll.idle()
    assert chat.contents == ["b"] * (not told) + ["I hear you\nso do I"]
    scroll.allowed()
    await scroll.idle()
    assert len(chat.contents) == 2 - told


async def test_what_names_somebody_who_is_forgotten_does_not_wait_for_permission() -> None:
    chat = Chat(http_error(discord.Forbidden, 403, 50013))
    scroll = LineWriter(chat)
    scroll.post("Ann, I hear you", speaker=7, kept=True)
    scroll.post("Ben, I hear you", speaker=8, kept=True)
    await scroll.idle()
    scroll.drop(lambda line: line.speaker == 7)
    scroll.allowed()
    await scroll.idle()
    assert chat.contents == ["Ben, I hear you"]


async def test_a_deleted_message_harms_nothing() -> None:
    chat = Chat()
    scroll = LineWriter(chat)
    line = scroll.post("a", growing=True)
    await scroll.idle()
    chat.fail(http_error(discord.NotFound, 404, 10008))
    scroll.revise(line, "b")
    await scroll.idle()
    scroll.post("c")
    await scroll.idle()
    assert (chat.contents, scroll.counts["failed"]) == (["a", "c"], 1)


async def test_waiting_lines_are_bounded() -> None:
    chat = Chat()
    scroll = LineWriter(chat)
    for number in range(MAX_WAITING_LINES + 10):
        scroll.post(str(number))
    await scroll.idle()
    assert scroll.counts["lines_dropped"] == 10
    assert "\n".join(chat.contents).split("\n")[-1] == str(MAX_WAITING_LINES + 9)


async def test_half_an_hour_of_five_people_loses_no_line() -> None:
    chat = Chat()
    scroll = LineWriter(chat)
    said: list[str] = []
    for turn in range(400):  # a sentence every 4.5 s, every third one answered
        said.append(f"**Person {turn % 5}** sentence {turn}")
        scroll.post(said[-1])
        if turn % 3 == 0:
            line = scroll.post("**Bot** ", growing=True)
            for word in range(30):
                await asyncio.sleep(0.1)
                scroll.revise(line, f"**Bot** {turn}" + " word" * word)
            said.append(f"**Bot** {turn} done")
            scroll.revise(line, said[-1])
            await asyncio.sleep(1.5)
        else:
            await asyncio.sleep(4.5)
    await scroll.idle()
    assert "\n".join(chat.contents).split("\n") == said
    for kind in ("post", "edit"):
        times = [at for at, act in chat.acts if act == kind]
        assert all(later - earlier >= 5.0 for earlier, later in zip(times, times[5:], strict=False))


async def test_what_waits_for_discord_can_be_dropped() -> None:
    chat = Chat(*(aiohttp.ClientOSError() for _ in range(2)))
    writer = LineWriter(chat)
    for number, speaker in enumerate((1, 2, 1)):
        writer.post(f"line {number} of {speaker}", speaker=speaker)
    alone = writer.post("an answer to 1", growing=True)
    alone.asked_by = (1,)
    await asyncio.sleep(0.1)
    assert not chat.messages, "all of it waits, some on its way"
    writer.drop(lambda line: line.speaker == 1)
    writer.drop(lambda line: 1 in line.asked_by)
    writer.post("line of 2", speaker=2)
    await writer.idle()
    assert "\n".join(message.content for message in chat.messages).splitlines() == ["line 1 of 2", "line of 2"]


async def test_a_message_whose_lines_are_all_dropped_is_not_posted() -> None:
    chat = Chat(aiohttp.ClientOSError())
    writer = LineWriter(chat)
    writer.post("line of 1", speaker=1)
    await asyncio.sleep(0.1)
    writer.drop(lambda line: line.speaker == 1)
    await writer.idle()
    assert chat.messages == []


@pytest.mark.parametrize(("speakers", "left"), [((1,), []), ((1, 2, 1), ["line 1 of 2"])])
async def test_what_is_dropped_while_discord_takes_it_is_taken_back(speakers: tuple[int, ...], left: list[str]) -> None:
    chat = Chat()
    writer = LineWriter(chat)
    for number, speaker in enumerate(speakers):
        writer.post(f"line {number} of {speaker}", speaker=speaker)
    await asyncio.sleep(0.05)
    writer.drop(lambda line: line.speaker == 1)
    await writer.idle()
    assert chat.contents == left
    assert len(chat.acts) >= 1, "it was posted"
