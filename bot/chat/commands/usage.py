"""/usage: what this server spent, and what is left for today."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

from discord import app_commands

from bot.chat import ledger, lines
from bot.chat.host import Interaction

DAYS = {"today": 1, "week": 7, "month": 30}
PEOPLE_SHOWN = 15


@app_commands.command(description="What this server spent on me, and what is left of the budget")
@app_commands.describe(period="How far back; today when left out")
@app_commands.guild_only()
async def usage(interaction: Interaction, period: Literal["today", "week", "month"] = "today") -> None:
    host = interaction.client
    assert interaction.guild is not None
    await interaction.response.defer(ephemeral=True, thinking=True)
    words = host.words_to(interaction)
    midnight = datetime.combine(host.services.wall().astimezone(UTC).date(), time(), UTC)
    charges = await host.services.store.charges(interaction.guild.id, midnight - timedelta(days=DAYS[period] - 1))
    book = ledger.add_up(charges)

    def money(cost: Decimal) -> str:
        return lines.money(cost, words)

    when, total = words(f"usage {period}"), book.total
    rows = [words("usage total", period=when, cost=money(total.cost), tokens=total.tokens)]
    if total.unknown:
        rows.append(words("usage unknown", count=total.unknown))
    cap = host.preferences.caps(interaction.guild.id).server
    if cap:
        today = ledger.add_up(charge for charge in charges if charge.at >= midnight).total.cost
        rows.append(words("usage left", left=money(max(Decimal(0), cap - today)), cap=money(cap)))
    kinds = {words(f"kind {kind}"): item for kind, item in book.kinds.items()}
    rows += ["", *ledger.bars(kinds, money)]
    if period != "today":
        rows += ["", *(f"{day} · {money(item.cost)}" for day, item in sorted(book.days.items())[-DAYS[period] :])]
    people = book.people
    if not interaction.permissions.manage_guild:  # everyone sees their own share, managers everyone's
        people = {user_id: item for user_id, item in people.items() if user_id == interaction.user.id}
    named = dict(sorted(people.items(), key=lambda pair: -pair[1].cost)[:PEOPLE_SHOWN])
    if named:
        rows += ["", *ledger.bars({f"<@{user_id}>": item for user_id, item in named.items()}, money)]
    await interaction.followup.send(lines.split("\n".join(rows))[0], ephemeral=True)
