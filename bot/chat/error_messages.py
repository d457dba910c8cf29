"""Turns every error into one friendly sentence in the person's language; an unexpected one gets an id for the log."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict

import aiohttp
import discord
import structlog
from discord import app_commands

from bot.chat.i18n import Words
from bot.chat.requests import REQUEST_ERRORS, is_edge_fault
from bot.errors import BotError, EngineError, MissingPermissions, PartFailed

log = structlog.get_logger(__name__)

_ANSWERED_CODE = 40060
_EXPIRED_INTERACTION_CODES = {10062, _ANSWERED_CODE}
"""Discord's codes for an interaction that is too old or already answered: an error can no longer be shown."""
_ANSWERED_HINT = (
    "Does another process run with this DISCORD_TOKEN? Stop it: several processes of one bot need one PostgreSQL "
    "database, see docs/operate.md."
)


class Refusal(BotError):
    """The bot cannot do what a person asked for; `sentence_code` is the catalogue's code of the reason.

    `permissions` are names as in Discord's settings; the sentence has them in the reader's language.
    """

    code = "refusal"

    def __init__(self, sentence_code: str, *, permissions: Sequence[str] = (), **values: object) -> None:
        super().__init__(sentence_code)
        self.sentence_code = sentence_code
        self.permissions = permissions
        self.values = values


def _permissions(words: Words, names: Sequence[str]) -> str:
    return words.listed(words(f"permission {name}") for name in names)


def error_sentence(words: Words, error: BotError) -> str:
    """Return the sentence for an error of the bot: the catalogue's "error <code>", else the error's own hint."""
    if isinstance(error, Refusal):
        permissions = _permissions(words, error.permissions)
        return words(error.sentence_code, permissions=permissions, **error.values)
    if isinstance(error, MissingPermissions):
        return words("error permissions", missing=_permissions(words, error.missing))
    code, values = f"error {error.code}", dict[str, str]()
    if isinstance(error, PartFailed):
        what = words(f"part {error.step}", part=error.part, parts=error.parts)
        values = {"what": what, "reason": error_sentence(words, error.reason)}
    if isinstance(error, EngineError):
        values = asdict(error.blamed)
    return words(code, **values) if code in words else error.hint


def explain(words: Words, error: BaseException) -> str:
    """Return the sentence for any error. Unexpected errors are logged under the id that the sentence contains."""
    if isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError) and error.__cause__:
        error = error.__cause__
    match error:
        case BotError() if error.code != "internal":
            return error_sentence(words, error)
        case discord.HTTPException() | aiohttp.ClientError() if is_edge_fault(error):
            log.warning("discord_unreachable", error=type(error).__name__, status=getattr(error, "status", None))
            return words("error discord_unreachable")
        case app_commands.CommandOnCooldown():
            return words("refusal cooldown", seconds=max(1, round(error.retry_after)))
        case app_commands.MissingPermissions():
            return words("refusal power", permissions=_permissions(words, error.missing_permissions))
        case app_commands.NoPrivateMessage():
            return words("refusal server_only")
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return words("refusal outdated")
        case _:
            error_id = secrets.token_hex(4)
            log.error("command_failed", error_id=error_id, exc_info=error)
            return words("error internal", id=error_id)


async def send_error(interaction: discord.Interaction, words: Words, error: BaseException) -> None:
    """Show what went wrong to the person who used a command or a button, and only to them."""
    original = error.__cause__ if isinstance(error, app_commands.CommandInvokeError) else error
    if isinstance(original, discord.NotFound | discord.HTTPException) and original.code in _EXPIRED_INTERACTION_CODES:
        if original.code == _ANSWERED_CODE and not interaction.response.is_done():
            log.warning("answered_elsewhere", hint=_ANSWERED_HINT)
        else:
            log.warning("interaction_expired", code=original.code)
        return
    text = f"⚠️ {explain(words, error)}"
    try:
        if interaction.response.is_done():
            await interaction.followup.send(text, ephemeral=True)
        else:
            await interaction.response.send_message(text, ephemeral=True)
    except REQUEST_ERRORS as failed:
        log.warning("error_message_failed", error=type(failed).__name__, code=getattr(failed, "code", None))
