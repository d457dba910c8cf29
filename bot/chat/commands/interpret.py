"""/interpret: what is said in the call is said again in another language."""

from discord import app_commands
from discord.app_commands import Choice

from bot.chat import actions
from bot.chat.error_messages import Refusal
from bot.chat.host import Interaction
from bot.chat.rights import Action
from bot.chat.spoken_languages import language_codes, native_name, pair_suggestions
from bot.chat.venue import DiscordVenue

MIN_LANGUAGES, MAX_LANGUAGES = 2, 3


@app_commands.command(
    description="Interpret the call: everything is said again in the other language; without languages: stop"
)
@app_commands.describe(languages="Two or three languages, for example: en, ja")
@app_commands.guild_only()
async def interpret(interaction: Interaction, languages: app_commands.Range[str, 1, 100] | None = None) -> None:
    host = interaction.client
    call = host.call_for(interaction, Action.STEER)
    if languages is None:
        if not call.interpreter.choose(()):
            await actions.tell(interaction, "interpret nothing")
            return
        codes, sentence = [], "interpret ended"
    else:
        host.check_access(interaction, "spend")
        codes, sentence = language_codes(languages), "interpret begun"
        if codes is None or not MIN_LANGUAGES <= len(codes) <= MAX_LANGUAGES:
            raise Refusal("refusal interpret_languages")
        call.interpreter.choose(codes)
    assert interaction.guild is not None
    told = host.words_in(interaction.guild)(sentence, languages=" ⇄ ".join(map(native_name, codes)))
    await interaction.response.send_message(told, silent=True)
    if isinstance(call.venue, DiscordVenue) and interaction.channel_id not in call.venue.chats:
        call.venue.writer.post(told)


@interpret.autocomplete("languages")
async def _pairs(interaction: Interaction, typed: str) -> list[Choice[str]]:
    return pair_suggestions(typed, str(interaction.locale))
