"""The panel: one Components V2 message per call that says how things stand, with the buttons everyone needs.

It is edited in place and ends as a summary. Its buttons carry fixed ids, so that they work after a restart too.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Self

import discord
from discord import ui

from bot.call.call import CallStatus
from bot.chat import actions, escape, lines
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.chat.throttle import Throttle
from bot.types import CallState

GAP = 2.0
"""Seconds between two edits."""
NAMES_SHOWN = 15
"""People named; the rest are counted."""

LOOK_BACK = 30
"""Messages looked through for a panel that a crash left behind."""

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
    """The panel as Discord shows it."""

    def __init__(self, words: Words, text: str, colour: discord.Colour | None = None, *, buttons: bool = True) -> None:
        super().__init__(timeout=None)
        container = ui.Container(ui.TextDisplay(text), accent_colour=colour)
        if buttons:
            container.add_item(ui.ActionRow(*(Button(action, words) for action in _ACTIONS)))
        self.add_item(container)

    def once(self) -> Self:
        """Return self, not to be kept by discord.py: the one persistent view answers the buttons of every panel."""
        self.stop()
        return self


class Panel:
    """A call's panel in `channel`. `status` gives how the call stands, None when it is over."""

    def __init__(
        self,
        channel: discord.abc.Messageable,
        words: Callable[[], Words],
        status: Callable[[], CallStatus | None],
        people: Callable[[], Mapping[int, str]],
        impaired: Callable[[], str | None],
    ) -> None:
        self._channel = channel
        self._words = words
        self._ask = status
        self._people = people
        self._impaired = impaired
        self._state = CallState.JOINING
        self._status: CallStatus | None = None
        self._message: discord.Message | None = None
        self._paced = Throttle(self._draw, GAP, "panel")

    def changed(self, state: CallState | None = None) -> None:
        """Show how things stand, soon."""
        self._state = state or self._state
        self._status = self._ask() or self._status
        self._paced.poke()

    async def idle(self) -> None:
        await self._paced.idle()

    def cancel(self) -> None:
        self._paced.cancel()

    async def _draw(self) -> None:
        self._status = self._ask() or self._status
        if self._message is None and self._state in (CallState.JOINING, CallState.LEAVING):
            return  # there is no call to show yet, or there never was
        view = self._view().once()
        if self._message is None:
            self._message = await self._channel.send(view=view, silent=True)
            await self._close_leftovers(self._message)
            return
        try:
            await self._message.edit(view=view)
        except discord.NotFound:  # somebody deleted it; without its buttons nobody could agree to be heard
            if self._state is not CallState.LEAVING:
                self._message = await self._channel.send(view=self._view().once(), silent=True)

    async def _close_leftovers(self, mine: discord.Message) -> None:
        """End panels that a crash has left in this chat: there is one per call."""
        async for message in self._channel.history(limit=LOOK_BACK, before=mine):
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
        people = self._people()
        marks = [f"{'🎙️' if user in agreed else '🔇'} {escape.name(name)}" for user, name in people.items()]
        rest = [self._words()("panel more", count=len(marks) - NAMES_SHOWN)] if len(marks) > NAMES_SHOWN else []
        present = " · ".join([*marks[:NAMES_SHOWN], *rest]) or "—"
        if any(user not in agreed for user in people):
            present += "\n" + self._words()("panel unheard")
        return present

    def _figures(self) -> str:
        status = self._status
        if status is None:
            return "—"
        minutes = int(status.seconds // 60)
        figures = [self._words()("panel minutes", minutes=minutes), self._words()("panel turns", turns=status.turns)]
        return " · ".join([*figures, lines.money(status.cost, self._words())])


def _is_live(message: discord.Message) -> bool:
    """Whether a message is a panel with its buttons still on."""
    items = ui.LayoutView.from_message(message, timeout=None).walk_children()
    return any(str(getattr(item, "custom_id", "")).startswith("kikite:") for item in items)
