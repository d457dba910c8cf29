"""/call status and /call why: what it is doing, and what became of what was said."""

from collections.abc import Mapping

from discord import app_commands

from bot.chat import escape, lines
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.types import Verdict

VERDICTS = 20
"""Utterances explained; the call keeps as many."""


class Call(app_commands.Group):
    def __init__(self) -> None:
        super().__init__(name="call", description="What I am doing in the voice channel, and why", guild_only=True)

    @app_commands.command(description="What I am doing now")
    async def status(self, interaction: Interaction) -> None:
        words = interaction.client.words_to(interaction)
        call = interaction.client.call_in(interaction.guild_id)
        status = call.status()
        text = words(
            "status",
            state=words(f"panel {status.state}"),
            channel=f"<#{call.venue.channel_id}>",
            minutes=int(status.seconds // 60),
            turns=status.turns,
            cost=lines.money(status.cost, words),
            people=len(call.venue.people()),
            agreed=len(call.venue.people().keys() & call.agreed()),
        )
        await interaction.response.send_message(text, ephemeral=True)

    @app_commands.command(description="What became of the last things said, and why")
    async def why(self, interaction: Interaction) -> None:
        words = interaction.client.words_to(interaction)
        call = interaction.client.call_in(interaction.guild_id)
        people = call.venue.people()
        rows = [_row(verdict, people, words) for verdict in list(call.verdicts)[-VERDICTS:]]
        text = "\n".join([words("why title"), *rows]) if rows else words("why nothing")
        await interaction.response.send_message(lines.split(text)[0], ephemeral=True)


def _row(verdict: Verdict, people: Mapping[int, str], words: Words) -> str:
    name = escape.name(people.get(verdict.user_id, "?"))
    detail = [_number(key, value) for key, value in verdict.detail.items()]
    return " · ".join([f"**{name}** {words(f'verdict {verdict.outcome}')}", *detail])


def _number(key: str, value: float | str) -> str:
    match key, value:
        case "seconds", float() | int():
            return f"{value:.2f} s"
        case "dbfs", float() | int():
            return f"{value:.0f} dBFS".replace("-", "−")
        case "count", float() | int():
            return f"×{value:.0f}"
        case _:
            return escape.escape(str(value), 60)
