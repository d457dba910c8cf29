"""/tools: which tools the model may use in this server, for people who manage it."""

from discord import app_commands

from bot.chat import actions, escape, rights
from bot.chat.error_messages import Refusal
from bot.chat.host import Interaction
from bot.chat.i18n import Words
from bot.chat.pagination import PagedMessage, paginate
from bot.chat.rights import Action
from bot.tools.tool import Tool

SETTING = "tools_off"
MAX_SUGGESTED_TOOLS = 25
"""Discord's limit for the choices of an autocomplete."""
MAX_SHOWN_DESCRIPTION_CHARACTERS = 120


@app_commands.command(description="Show or switch the tools the bot may use (Manage Server)")
@app_commands.describe(tool="Switch this tool; leave empty to list all", on="Allow it or not")
@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
async def tools(interaction: Interaction, tool: str | None = None, on: bool | None = None) -> None:
    rights.check(interaction.user, Action.SET)
    host = interaction.client
    words = host.words_to(interaction)
    guild_id = interaction.guild_id or 0
    known = host.tools.all()
    off = host.preferences.of(guild_id, None).tools_off
    if tool is None:
        rows = [words("tools title"), *(_row(one, words, on=one.name not in off) for one in known.values())]
        await interaction.response.defer(ephemeral=True, thinking=True)
        await PagedMessage(host, words, paginate(rows), Action.SET).send(interaction)
        return
    if tool not in known:
        raise Refusal("refusal tool_unknown")
    on = tool in off if on is None else on
    changed = off - {tool} if on else off | {tool}
    async with actions.defer_if_slow(interaction):
        if changed:
            await host.preferences.change(guild_id, None, SETTING, ",".join(sorted(changed)), interaction.user.id)
        else:
            await host.preferences.reset(guild_id, None, SETTING)
    await actions.tell(interaction, "tools on" if on else "tools off", tool=escape.escape(tool))


@tools.autocomplete("tool")
async def offered(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    names = [name for name in interaction.client.tools.all() if typed.casefold() in name.casefold()]
    return [app_commands.Choice(name=name, value=name) for name in names[:MAX_SUGGESTED_TOOLS]]


def _row(tool: Tool, words: Words, *, on: bool) -> str:
    """Return a tool with who may have it used; a role is shown, never pinged."""
    allowed = tool.allowed
    who = ", ".join(f"<@&{role}>" for role in sorted(allowed)) if isinstance(allowed, frozenset) else ""
    parts = [
        words("tools is_on" if on else "tools is_off"),
        who or words(f"tools {tool.right}"),
        words("tools asks_first") if tool.confirm else "",
        escape.escape(tool.server) if tool.server else "",
    ]
    # The description of a server's tool is all there is; that of an own tool is written for the model.
    about = (
        escape.escape(tool.spec.description, MAX_SHOWN_DESCRIPTION_CHARACTERS)
        if tool.server
        else words(f"tool about {tool.name}")
    )
    return f"**{escape.escape(tool.name)}** {' · '.join(filter(None, parts))}\n-# {about}"
