"""Where tools are used on the command line: whoever has the machine may have all of them used."""

import asyncio
from collections.abc import Mapping, Set

from bot.engine.quoting import seen
from bot.types import Standing


class TerminalPlace:
    """The port `ToolPlace`."""

    guild_id = channel_id = 0

    def people(self) -> Mapping[int, str]:
        return {}

    def standing(self, user_id: int) -> Standing:
        return Standing(manager=True, reads=True)

    async def fresh_standing(self, user_id: int) -> Standing:
        return Standing(manager=True, reads=True)

    async def confirmed(self, tool: str, detail: str, user_ids: Set[int]) -> bool:
        """Ask on the terminal; where nobody can answer, nobody agrees."""
        question = f"Use {tool} {' '.join(seen(detail).split())}? [y/N] "
        try:
            return (await asyncio.to_thread(input, question)).strip().lower() in ("y", "yes")
        except (EOFError, OSError):
            return False
