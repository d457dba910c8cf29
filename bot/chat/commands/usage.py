"""/usage: what this server has spent, and what is left of today's budget."""

import asyncio
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

import discord
import structlog
from discord import app_commands

from bot.billing import report
from bot.chat import chart, escape, lines, rights
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.chat.rights import Action

log = structlog.get_logger(__name__)

PERIOD_DAYS = {"today": 1, "week": 7, "month": 30}
MAX_PEOPLE_LISTED = 15
NAME_LOOKUP_TIMEOUT_SECONDS = 3.0
"""Time for Discord to return the names of people who are not in the cache."""


@app_commands.command(description="Show this server's usage, cost and remaining budget")
@app_commands.describe(period="Time period (default: today)")
@app_commands.guild_only()
async def usage(interaction: Interaction, period: Literal["today", "week", "month"] = "today") -> None:
    host = interaction.client
    assert interaction.guild is not None
    await interaction.response.defer(ephemeral=True, thinking=True)
    words = host.words_to(interaction)
    midnight = datetime.combine(host.services.wall().astimezone(UTC).date(), time(), UTC)
    charges = await host.services.store.charges(
        interaction.guild.id, midnight - timedelta(days=PERIOD_DAYS[period] - 1)
    )
    costs = await asyncio.to_thread(report.add_up, charges, midnight + timedelta(days=1))

    def money(cost: Decimal) -> str:
        return lines.money(cost, words)

    def figures(item: report.Sum) -> str:
        minutes = f"{(item.heard + item.spoken) / 60:.1f}"
        return words("usage figures", cost=money(item.cost), tokens=f"{item.tokens:,}", minutes=minutes)

    when, total = words(f"usage {period}"), costs.total
    minutes = {"heard": f"{total.heard / 60:.1f}", "spoken": f"{total.spoken / 60:.1f}"}
    rows = [words("usage total", period=when, cost=money(total.cost), tokens=f"{total.tokens:,}", **minutes)]
    if total.unknown:
        rows.append(words("usage unknown", count=total.unknown))
    caps = host.preferences.caps(interaction.guild.id)
    if total.unknown and (caps.server or caps.person):
        rows.append(words("budget_guessed"))
    budget = host.services.budget
    await budget.load(interaction.guild.id, host.services.store)
    for code, cap, person in (
        ("usage left", caps.server, None),
        ("usage left_you", caps.person, interaction.user.id),
    ):
        if (left := budget.left(interaction.guild.id, person)) is not None:
            rows.append(words(code, left=money(left), cap=money(cap)))
    kinds = {words(f"kind {kind}"): item for kind, item in costs.kinds.items()}
    rows += ["", *report.bars(kinds, figures)]
    if period != "today":
        rows += ["", *(f"{day} · {figures(item)}" for day, item in sorted(costs.days.items())[-PERIOD_DAYS[period] :])]
    people = costs.people
    if rights.may(interaction.user, Action.SET):  # people see only their own share, managers see everyone's
        people = {user_id: item for user_id, item in people.items() if user_id == interaction.user.id}
    biggest_spenders = sorted(people.items(), key=lambda pair: -pair[1].cost)[:MAX_PEOPLE_LISTED]
    if biggest_spenders:
        named = {f"#{place} <@{user_id}>": item for place, (user_id, item) in enumerate(biggest_spenders, 1)}
        rows += ["", *report.bars(named, figures)]
    files: list[discord.File] = []
    if total.cost and chart.available():
        title = chart.Label(f"{money(total.cost)} · {when}", money(total.cost))
        names = await _names(interaction.guild, [user_id for user_id, _ in biggest_spenders])
        try:
            picture = await asyncio.to_thread(_picture, title, period, midnight, costs, biggest_spenders, names, words)
        except Exception as error:
            # The text has the same figures: an unusable font must not prevent it from being sent.
            log.error("chart_failed", reason=type(error).__name__)
        else:
            files.append(discord.File(io.BytesIO(picture), "usage.png", description=words("usage picture")))
    first, *more = lines.split("\n".join(rows))
    await interaction.followup.send(first, files=files, ephemeral=True)
    for message in more:
        await interaction.followup.send(message, ephemeral=True)


async def _names(guild: discord.Guild, people: Sequence[int]) -> dict[int, str]:
    """Return display names, as far as they are cached or Discord returns them in time."""
    known = {person: escape.display_name(member) for person in people if (member := guild.get_member(person))}
    missing = [person for person in people if person not in known]
    if missing:
        with suppress(TimeoutError, discord.DiscordException):
            async with asyncio.timeout(NAME_LOOKUP_TIMEOUT_SECONDS):
                found = await guild.query_members(user_ids=missing, limit=len(missing), cache=False)
                known |= {member.id: escape.display_name(member) for member in found}
    return known


def _picture(
    title: chart.Label,
    period: str,
    midnight: datetime,
    costs: report.CostReport,
    biggest_spenders: Sequence[tuple[int, report.Sum]],
    names: Mapping[int, str],
    words: Words,
) -> bytes:
    """Draw the same figures; a person whose name no font can draw is shown by the number from the text."""
    kinds = sorted(costs.kinds, key=lambda kind: -costs.kinds[kind].cost)
    colours = {kind: chart.colour(place) for place, kind in enumerate(kinds)}
    columns = []
    if period != "today":
        days = [(midnight - timedelta(days=back)).date() for back in reversed(range(PERIOD_DAYS[period]))]
        parts = ([(costs.kinds_by_day[day.isoformat()][kind], colours[kind]) for kind in kinds] for day in days)
        columns = [
            chart.Column(f"{day:%m-%d}", lines.money(costs.days[day.isoformat()].cost, words), part)
            for day, part in zip(days, parts, strict=True)
        ]
    kind_costs = {kind: costs.kinds[kind].cost for kind in kinds}
    by_kind = [
        chart.Bar(
            chart.Label(words(f"kind {kind}"), words.source(f"kind {kind}")),
            cost,
            lines.money(cost, words),
            colours[kind],
        )
        for kind, cost in kind_costs.items()
    ]
    by_person = []
    for place, (user_id, item) in enumerate(biggest_spenders, 1):
        name = chart.Label(f"#{place} {names[user_id]}" if user_id in names else "", f"#{place}")
        by_person.append(chart.Bar(name, item.cost, lines.money(item.cost, words), chart.TEXT_COLOUR))
    return chart.draw(title, columns, [by_kind, by_person])
