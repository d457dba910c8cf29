"""Listening to a reply to its end."""

import asyncio

from bot.errors import BotError
from bot.ports import Engine
from bot.types import AudioDelta, ReplyDone, ReplyRequest, TextDelta
from tests.engine.make import request


class Got:
    """What a reply came to."""

    def __init__(self) -> None:
        self.text = ""
        self.pcm = bytearray()
        self.done: ReplyDone | None = None
        self.error: BotError | None = None
        self.seconds = 0.0
        "until it was over, on the loop's clock"


async def listen(engine: Engine, asked: ReplyRequest | None = None) -> Got:
    got = Got()
    now = asyncio.get_running_loop().time
    started = now()
    try:
        async for event in engine.reply(asked or request()):
            assert got.done is None, "nothing follows ReplyDone"
            match event:
                case TextDelta(text):
                    got.text += text
                case AudioDelta(pcm):
                    got.pcm += pcm
                case ReplyDone():
                    got.done = event
    except BotError as error:
        got.error = error
    got.seconds = now() - started
    return got
