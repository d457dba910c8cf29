"""What captions write when they end, whatever is under way at that moment."""

import asyncio
from types import SimpleNamespace
from typing import Any

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
        return SimpleNamespace(edit=self.edit)

    async def edit(self, **_: object) -> None: ...


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
