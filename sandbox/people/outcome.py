"""What a person sees of the bot's answer to a command, click or menu."""

import asyncio

from sandbox.guild.components import text_of
from sandbox.guild.fault import Json
from sandbox.guild.interactions import Callback, Interaction
from sandbox.guild.message import Attachment, ChatMessage


class NoAnswer(Exception):
    """Discord shows "The application did not respond"."""


class CommandOutcome:
    """The answer to one command, click or menu, with its later edits."""

    def __init__(self, interaction: Interaction) -> None:
        self.interaction = interaction

    @property
    def message(self) -> ChatMessage | None:
        """The original response; for a deferred update, the message that holds the component."""
        return self.interaction.original

    @property
    def followups(self) -> list[ChatMessage]:
        return self.interaction.followups

    @property
    def content(self) -> str:
        return self.message.content if self.message else ""

    @property
    def text(self) -> str:
        """The content and the text displays of Components V2."""
        parts = [self.content, text_of(self.components)]
        return "\n".join(part for part in parts if part)

    @property
    def components(self) -> list[Json]:
        return self.message.components if self.message else []

    @property
    def attachments(self) -> list[Attachment]:
        return self.message.attachments if self.message else []

    @property
    def ephemeral(self) -> bool:
        return self.message is not None and self.message.ephemeral

    @property
    def deferred(self) -> bool:
        """Whether the first response was "is thinking…" or invisible, whatever came later."""
        return self.interaction.callback in (Callback.DEFERRED, Callback.DEFERRED_UPDATE)

    @property
    def modal(self) -> Json | None:
        return self.interaction.modal

    @property
    def choices(self) -> list[Json]:
        """The proposals of an autocomplete."""
        return self.interaction.choices or []

    async def settled(self, seconds: float = 60.0) -> "CommandOutcome":
        """Wait until there is something to see. Raises NoAnswer."""
        try:
            async with asyncio.timeout(seconds):
                await self.interaction.settled.wait()
        except TimeoutError:
            raise NoAnswer(f"still thinking after {seconds} s") from None
        return self
