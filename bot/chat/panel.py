"""The panel: one Components V2 message per call with the call's state and the buttons everybody needs.

The bot edits it in place and turns it into a summary at the end. The buttons have fixed ids, so they still work after a
restart.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Self

import discord
from discord import ui

from bot.call.call import CallStatus
from bot.chat import actions, escape, lines
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.chat.requests import NONCE_BITS, is_edge_fault
from bot.chat.throttle import Throttle
from bot.types import CallState

PANEL_EDIT_GAP_SECONDS = 2.0
"""Least time between two edits."""
MAX_PANEL_NAMES = 15
"""People the panel names. It counts the others."""

LEFTOVER_SEARCH_MESSAGES = 30
"""How many earlier messages to search for a panel that a crash left behind."""

_ACTIONS: dict[str, Callable[[Interaction], Awaitable[None]]] = {
    "stop": actions.stop,
    "replay": actions.replay,
    "talk": actions.agree,
    "leave": actions.leave,
}
_STYLES = {"talk": discord.ButtonStyle.success, "stop": discord.ButtonStyle.danger}
_COLOURS = {
    CallState.LISTENING: discord.Colour.green(),
    CallState.THINKING: discord.Colour.gold(),
    CallState.SPEAKING: discord.Colour.blurple(),
}


class Button(ui.Button[ui.LayoutView]):
    """One of the panel's buttons."""

    def __init__(self, action: str, words: Words) -> None:
        style = _STYLES.get(action, discord.ButtonStyle.secondary)
        super().__init__(custom_id=f"kikite:{action}", label=words(f"button {action}"), style=style)
        self._act = _ACTIONS[action]

    async def callback(self, interaction: discord.Interaction) -> None:
        await actions.pressed(interaction, self._act)


class PanelView(ui.LayoutView):
    """The panel as a discord.py view."""

    def __init__(self, words: Words, text: str, colour: discord.Colour | None = None, *, buttons: bool = True) -> None:
        super().__init__(timeout=None)
        container = ui.Container(ui.TextDisplay(text), accent_colour=colour)
        if buttons:
            container.add_item(ui.ActionRow(*(Button(action, words) for action in _ACTIONS)))
        self.add_item(container)

    def once(self) -> Self:
        """Return self, stopped so that discord.py does not keep it: one persistent view handles all panels' buttons."""
        self.stop()
        return self


class Panel:
    """A call's panel in `channel`. `status` returns the call's status, None once it has ended."""

    def __init__(
        self,
        channel: discord.abc.Messageable,
        words: Callable[[], Words],
        status: Callable[[], CallStatus | None],
        impaired: Callable[[], str | None],
    ) -> None:
        self._channel = channel
        self._words = words
        self._get_status = status
        self._impaired = impaired
        self._state = CallState.JOINING
        self._status: CallStatus | None = None
        self._message: discord.Message | None = None
        self._nonce = secrets.randbits(NONCE_BITS)
        "so that a panel whose answer was lost is not posted twice"
        self._leftovers_closed = False
        self._edits = Throttle(self._draw, PANEL_EDIT_GAP_SECONDS, "panel")

    def changed(self, state: CallState | None = None) -> None:
        """Schedule an edit that shows the current state."""
        self._state = state or self._state
        self._status = self._get_status() or self._status
        self._edits.poke()

    async def idle(self) -> None:
        await self._edits.idle()

    def cancel(self) -> None:
        self._edits.cancel()

    async def _draw(self) -> None:
        self._status = self._get_status() or self._status
        if self._message is None and self._state in (CallState.JOINING, CallState.LEAVING):
            return  # no call to show: it has not begun, or it never did
        view = self._view().once()
        if self._message is None:
            self._message = await self._channel.send(view=view, silent=True, nonce=self._nonce)
        else:
            await self._edit(self._message, view)
        if not self._leftovers_closed:
            await self._close_leftovers(self._message)
            self._leftovers_closed = True

    async def _edit(self, message: discord.Message, view: PanelView) -> None:
        try:
            await message.edit(view=view)
        except discord.NotFound as error:
            if is_edge_fault(error):
                raise
            # Somebody deleted it, and people need its buttons to give consent.
            if self._state is not CallState.LEAVING:
                self._nonce = secrets.randbits(NONCE_BITS)
                self._message = await self._channel.send(view=self._view().once(), silent=True, nonce=self._nonce)

    async def _close_leftovers(self, mine: discord.Message) -> None:
        """Close the panels that a crash left in this chat, because only one may be live."""
        async for message in self._channel.history(limit=LEFTOVER_SEARCH_MESSAGES, before=mine):
            if message.author.id == mine.author.id and message.flags.components_v2 and _is_live(message):
                words = self._words()
                await message.edit(view=PanelView(words, f"### {words('panel over')}", buttons=False))

    def _view(self) -> PanelView:
        words = self._words()
        if self._state is CallState.LEAVING:
            return PanelView(words, f"### {words('panel over')}\n-# {self._figures()}", buttons=False)
        impaired = self._impaired()
        title = words(f"panel {impaired}") if impaired else words(f"panel {self._state}")
        colour = discord.Colour.red() if impaired else _COLOURS.get(self._state)
        return PanelView(words, f"### {title}\n{self._present()}\n-# {self._figures()}", colour)

    def _present(self) -> str:
        agreed = self._status.agreed if self._status else frozenset()
        people = self._status.people if self._status else {}
        marks = [f"{'🎙️' if user in agreed else '🔇'} {escape.name(name)}" for user, name in people.items()]
        rest = [self._words()("panel more", count=len(marks) - MAX_PANEL_NAMES)] if len(marks) > MAX_PANEL_NAMES else []
        present = " · ".join([*marks[:MAX_PANEL_NAMES], *rest]) or "—"
        if any(user not in agreed for user in people):
            present += "\n" + self._words()("panel unheard")
        return present

    def _figures(self) -> str:
        status = self._status
        if status is None:
            return "—"
        minutes = int(status.seconds // 60)
        figures = [self._words()("panel minutes", minutes=minutes), self._words()("panel turns", turns=status.turns)]
        return lines.join(*figures, lines.price(status.cost, self._words()))


def _is_live(message: discord.Message) -> bool:
    """Whether a message is a panel that still has its buttons."""
    items = ui.LayoutView.from_message(message, timeout=None).walk_children()
    return any(str(getattr(item, "custom_id", "")).startswith("kikite:") for item in items)
