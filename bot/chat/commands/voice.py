"""/voice mine: what somebody writes in the chat of a call is read aloud in a voice of their own."""

from discord import app_commands
from discord.app_commands import Choice, Range

from bot.call.access import IN_A_CALL
from bot.call.preferences import FIELDS, VOICES
from bot.chat import actions
from bot.chat.error_messages import Refusal
from bot.chat.host import Host, Interaction

OFF = "off"


class VoiceCommands(app_commands.Group):
    def __init__(self) -> None:
        super().__init__(
            name="voice",
            description="Have what you write in a call's chat read aloud, in a voice of your own",
            guild_only=True,
        )

    @app_commands.command(description="Read aloud what you write in the chat of your call")
    @app_commands.describe(name="Your voice, or off (default: one that isn't the bot's)")
    async def mine(self, interaction: Interaction, name: Range[str, 1, 40] | None = None) -> None:
        assert interaction.guild_id is not None
        if name is not None and name.casefold() == OFF:
            await _end(interaction, interaction.guild_id)
        else:
            await _begin(interaction, interaction.guild_id, name)

    @mine.autocomplete("name")
    async def names(self, _: Interaction, typed: str) -> list[Choice[str]]:
        return [Choice(name=name, value=name) for name in (*VOICES, OFF) if typed.casefold() in name]


async def _begin(interaction: Interaction, guild_id: int, name: str | None) -> None:
    """Read what the caller writes in this voice; None: the one they have, else one that is theirs alone."""
    host, user_id = interaction.client, interaction.user.id
    host.check_access(interaction, *IN_A_CALL)
    words, own = host.words_to(interaction), host.preferences.own_voices
    try:
        voice = FIELDS["voice"].read(name or own.of(guild_id, user_id) or _suggested(host, guild_id, user_id))
    except ValueError:
        raise Refusal("refusal setting_value", setting=words("setting voice")) from None
    async with actions.defer_if_slow(interaction):
        await own.choose(guild_id, user_id, voice)
    text = words("voice on", voice=f"`{voice}`", model=f"`{host.services.speech_model or host.services.model}`")
    if not host.settings.read_text:
        text += "\n" + words("voice mentions_only")
    await actions.say(interaction, text)


async def _end(interaction: Interaction, guild_id: int) -> None:
    host, user_id = interaction.client, interaction.user.id
    if call := host.calls.get(guild_id):
        call.unread(user_id)
    async with actions.defer_if_slow(interaction):
        was_on = await host.preferences.own_voices.drop(guild_id, user_id)
    await actions.tell(interaction, "voice off" if was_on else "voice was_off")


def _suggested(host: Host, guild_id: int, user_id: int) -> str:
    """Return a voice other than the bot's; different people are likely to get different ones."""
    others = [voice for voice in VOICES if voice != host.preferences.of(guild_id, None).voice]
    return others[user_id % len(others)]
