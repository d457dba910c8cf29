"""Captions in one chat: a message that is edited while people speak, and left alone once it is full."""

import asyncio
import secrets
from collections.abc import Callable

import discord
import structlog

from bot.chat.captions.pages import CaptionPage, CaptionPages
from bot.chat.requests import NONCE_BITS, is_chat_gone, is_forbidden, is_message_gone
from bot.chat.throttle import Throttle
from bot.types import Caption

log = structlog.get_logger(__name__)

EDIT_GAP_SECONDS = 1.2
"""Discord allows about five requests in five seconds in one channel."""

GATHER_SECONDS = 0.15
"""The words of several people are asked for together, and come a little apart: one edit shows them all."""


class CaptionThread:
    """One reader of a call's captions (ports.CaptionReader)."""

    def __init__(
        self,
        channel: discord.abc.Messageable,
        key: object,
        language: str | None,
        ending: Callable[[], str],
        beside_transcript: Callable[[], bool] = lambda: False,
    ) -> None:
        """`key` tells which command opens and ends it; `ending` gives the last line, with what it has cost.

        `beside_transcript` tells whether the same chat shows the call's transcript: final words then stand there alone.
        """
        self.language = language
        self.key = key
        self.channel = channel
        self.on_gone: Callable[[CaptionThread], None] = lambda _: None
        "told that the chat is gone, or the bot may not write in it: nobody reads on, and nothing more is paid"
        self._ending = ending
        self._beside_transcript = beside_transcript
        self._pages = CaptionPages()
        self._shown: dict[CaptionPage, tuple[discord.Message, str]] = {}
        self._nonces: dict[CaptionPage | None, int] = {}
        "of what was sent and not confirmed: the answer to an attempt may be lost; None: the last line"
        self._throttle = Throttle(self._write, EDIT_GAP_SECONDS, "captions", GATHER_SECONDS)
        self._ended = False
        self._closed = False
        "the last line is written"

    def show(self, caption: Caption) -> None:
        if caption.in_transcript and self.language is None and self._beside_transcript():
            self._pages.drop(caption.utterance_id)
        else:
            self._pages.show(caption)
        if caption.final:
            self._throttle.soon()
        else:
            self._throttle.poke()

    def has(self, utterance_id: int) -> bool:
        return self._pages.has(utterance_id)

    def drop(self, utterance_id: int) -> None:
        self._pages.drop(utterance_id)
        self._throttle.poke()

    def withdraw(self, user_id: int) -> None:
        for page in self._pages.pages:
            _, text = self._shown.get(page, (None, ""))
            page.withdraw(user_id, text)
        self._throttle.poke()

    def forget(self, user_id: int) -> None:
        self._pages.forget(user_id)
        self._throttle.poke()

    def cut(self) -> None:
        """Write no words any more, not even those that wait: whoever reads here may not read them."""
        self._pages.cut()

    async def end(self) -> None:
        self._ended = True
        self._throttle.hurry()
        try:
            await self._throttle.idle()
        except asyncio.CancelledError:
            self._throttle.cancel()
            raise

    async def _write(self) -> None:
        """Bring every message up to date, oldest first."""
        try:
            await self._write_pages()
        except discord.HTTPException as error:
            if not (is_forbidden(error) or is_chat_gone(error)):
                raise
            self._closed = True
            self.on_gone(self)

    async def _write_pages(self) -> None:
        if self._closed:
            return
        for page in list(self._pages.pages):
            if page not in self._pages.pages:  # cut off while another was written
                continue
            await self._write_page(page)
            if page.settled and page in self._shown:
                self._pages.done(page)
        kept = set(self._pages.pages)
        self._shown = {page: shown for page, shown in self._shown.items() if page in kept}
        self._nonces = {page: nonce for page, nonce in self._nonces.items() if page is None or page in kept}
        if self._ended and not self._closed:  # an edit may be under way when it ends, and another follows
            await self._send(self._ending(), None)
            self._closed = True

    async def _write_page(self, page: CaptionPage) -> None:
        text = page.text
        if shown := self._shown.get(page):
            message, before = shown
            if text == before:
                return
            try:
                if text:
                    await message.edit(content=text)
                    self._shown[page] = message, text
                    return
                del self._shown[page]
                await message.delete()
            except discord.HTTPException as error:
                if not is_message_gone(error):
                    raise
                self._shown.pop(page, None)
                text = page.without(before)  # somebody took it away: only what is new goes on
        if text and page not in self._shown:
            again = page in self._nonces
            message = await self._send(text, page)
            self._shown[page] = message, "" if again else text
            if again:  # it may be what an attempt before had posted, when less was said
                await message.edit(content=text)
                self._shown[page] = message, text

    async def _send(self, text: str, page: CaptionPage | None) -> discord.Message:
        nonce = self._nonces.setdefault(page, secrets.randbits(NONCE_BITS))
        message = await self.channel.send(text, silent=True, suppress_embeds=True, nonce=nonce)
        del self._nonces[page]
        return message
