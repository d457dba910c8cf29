"""Hints of errors as the command line says them: the host, the setting, what to run."""

from dataclasses import asdict
from urllib.parse import urlsplit

from bot.config import Settings
from bot.errors import (
    BotError,
    BudgetSpent,
    EngineError,
    Incomplete,
    ModelAuth,
    ModelUnavailable,
    OutOfCredit,
    PartFailed,
    RateLimited,
    RequestTooLarge,
    UnplayableSound,
    Unreachable,
)

HINTS: tuple[tuple[type[BotError], str], ...] = (
    (ModelAuth, "{host} rejected the API key: check {key_setting} and {address_setting}."),
    (OutOfCredit, "The account at {host} is out of credit: top it up, then run this again."),
    (RateLimited, "{host} is rate-limiting: run this again in a minute."),
    (ModelUnavailable, "{host} has no model {model}: check {model_setting}, or run `python -m bot doctor`."),
    (
        RequestTooLarge,
        "{host}, or a proxy before it, takes no request of this size: raise its limit, such as nginx's "
        "client_max_body_size.",
    ),
    (UnplayableSound, "{host} sends audio in an unknown format: check the server's audio settings."),
    (Incomplete, "The answer from {host} was cut off: run this again."),
    (Unreachable, "{host} can't be reached: check {address_setting}, the network and SSL_CERT_FILE."),
    (BudgetSpent, "Today's BUDGET_SERVER_DAY or BUDGET_PERSON_DAY is used up."),
)
"""The first kind that fits counts."""


def hint(error: BotError, settings: Settings) -> str:
    """Return the hint for whoever typed the command."""
    if isinstance(error, PartFailed):
        what = error.steps[error.step].format(part=error.part, parts=error.parts)
        reason = hint(error.reason, settings)
        return f"{what} failed. Finished parts are kept: run the same command again to continue. ({reason})"
    said = next((words for kind, words in HINTS if isinstance(error, kind)), None)
    if said is None:
        return error.hint
    named = asdict(error.blamed) if isinstance(error, EngineError) else {}
    host = named.get("server") or urlsplit(settings.openai_base_url).netloc.rpartition("@")[2]
    return said.format_map({**named, "host": host, "model": named.get("model") or settings.openai_model})
