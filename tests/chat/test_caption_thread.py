"""What captions write when they end, whatever is under way at that moment."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.chat.captions.caption_thread import CaptionThread
from bot.types import Caption


class SlowChannel:
    """A chat whose first message takes until `go`."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.began = asyncio.Event()
        self.sent: list[str] = []

    async def send(self, content: str, **_: object) -> Any:
        self.began.set()
        await self.go.wait()
        self.sent.append(content)
        return SimpleNamespace(edit=self.edit, delete=self.delete)

    async def edit(self, **_: object) -> None: ...

    async def delete(self) -> None:
        self.sent.clear()


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
