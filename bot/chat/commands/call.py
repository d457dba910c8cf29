"""/call status and /call why: what the bot is doing, and what it did with the last utterances."""

from discord import app_commands

from bot.chat import escape, lines
from bot.chat.destinations import destinations
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.chat.rights import Action
from bot.chat.venue import DiscordVenue
from bot.types import Verdict


class CallCommands(app_commands.Group):
    def __init__(self) -> None:
        super().__init__(name="call", description="See what the bot is doing in the call, and why", guild_only=True)

    @app_commands.command(description="Show what the bot is doing right now")
    async def status(self, interaction: Interaction) -> None:
        words = interaction.client.words_to(interaction)
        call = interaction.client.call_for(interaction, Action.LOOK)
        status = call.status()
        impaired = call.venue.impaired() if isinstance(call.venue, DiscordVenue) else None
        text = words(
            "status",
            state=words(f"panel {impaired or status.state}"),
            channel=f"<#{call.venue.channel_id}>",
            minutes=int(status.seconds // 60),
            turns=status.turns,
            cost=lines.money(status.cost, words),
            people=len(call.venue.people()),
            agreed=len(call.venue.people().keys() & call.agreed()),
        )
        text += "\n" + destinations(interaction.client.settings, words)
        await interaction.response.send_message(text, ephemeral=True)

    @app_commands.command(description="Show what happened to the last 20 things said, and why")
    async def why(self, interaction: Interaction) -> None:
        words = interaction.client.words_to(interaction)
        call = interaction.client.call_for(interaction, Action.EXPLAIN)
        services = interaction.client.services
        epoch = services.wall().timestamp() - services.clock()
        verdicts = sorted(call.verdicts.latest, key=lambda verdict: verdict.at)
        rows = [_row(verdict, call.record.name(verdict.user_id), epoch, words) for verdict in verdicts]
        title = words("why title") if rows else words("why nothing")
        while len(title) + sum(1 + len(row) for row in rows) > lines.MAX_MESSAGE_CHARACTERS:
            rows.pop(0)  # when names are long, keep the newest rows
        await interaction.response.send_message("\n".join([title, *rows]), ephemeral=True)


def _row(verdict: Verdict, name: str, epoch: float, words: Words) -> str:
    """Return who spoke, the verdict, its numbers and the time. `epoch`: Unix time when the call's clock was 0."""
    detail = [_number(key, value, words) for key, value in verdict.detail.items()]
    when = f"<t:{epoch + verdict.at:.0f}:R>"
    return " · ".join([f"**{escape.name(name)}** {words(f'verdict {verdict.outcome}')}", *detail, when])


def _number(key: str, value: float | str, words: Words) -> str:
    match key, value:
        case "seconds", float() | int():
            return words("line.seconds", seconds=f"{value:.2f}")
        case "dbfs", float() | int():
            return f"{value:.0f} dBFS".replace("-", "−")
        case "ms", float() | int():
            return f"{value:.0f} ms"
        case "count", float() | int():
            return f"×{value:.0f}"
        case "tools", str():
            return escape.escape(value, 200)
        case _:
            return escape.escape(str(value), 60)
