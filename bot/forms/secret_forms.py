"""What a token or key that was typed wrong looks like; pure. The sentences never hold the value."""

import re
from collections.abc import Iterable

TOKEN_PAGE = "https://discord.com/developers/applications"
KEY_PAGE = "https://platform.openai.com/api-keys"
DISCORD_API_BASE = "https://discord.com/api/v10"
OPENAI_BASE_URL = "https://api.openai.com/v1"
WHERE_TO_GET = {
    "discord_token": f"Get the bot's token at {TOKEN_PAGE}: your application → Bot → Reset Token.",
    "openai_api_key": f"Get the API key from your model's service (OpenAI: {KEY_PAGE}).",
}
"""By setting."""

_BOT_TOKEN = re.compile(r"[\w-]{20,}\.[\w-]{5,7}\.[\w-]{25,}")
"""An id in base64, a time, a signature (Discord's developer docs, "Authentication")."""
QUOTE_MARKS = "\"'`“”‘’«»「」『』"
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
"""What editors and web pages leave around a copied value: byte order mark, zero-width characters."""
_PREFIX = re.compile(r"(?i)(bot|bearer|token|authorization:)\s+\S")
_TYPED_FORMS = (
    (
        re.compile(r"(export\s+)?[A-Z][A-Z0-9]*_[A-Z0-9_]+\s*=\s*[^=\s].*"),
        "begins with a setting's name: remove it and the =",
    ),
    (re.compile(r"https?://.*"), "is a web address"),
    # A key in base64 may begin with a slash, too.
    (
        re.compile(r"(/(run|etc|home|root|var|opt|srv|mnt|tmp|Users)/|\./|~/|[A-Za-z]:\\).*"),
        "is a file's path; a setting whose name ends in _FILE takes that",
    ),
    (re.compile(r"<.*>|\[.*\]|\{.*\}"), "is in brackets: remove them"),
    (re.compile(r".*(\*{3}|\.{3}).*"), "is cut short (*** or ...): copy the whole value"),
    (re.compile(r".*[;,]"), "ends with a comma or semicolon: remove it"),
)
"""Of tokens and keys alike."""
_ACCOUNT_FORMS = (
    (re.compile(r"org-[A-Za-z0-9]{12,}"), "is an organization's ID, not an API key"),
    (re.compile(r"proj_[A-Za-z0-9]{12,}"), "is a project's ID, not an API key"),
)
"""What OpenAI's pages show beside a key."""
_PLACEHOLDER = r"(?i)(sk-)?(your\b.*|your[-_].*|change[-_]?me|x{3,})"
_NOT_A_KEY = (
    (re.compile(_PLACEHOLDER), "is a placeholder: put the API key there"),
    (re.compile(r"sk-admin-.*"), "is an admin key, which can't use models: create a project's API key"),
    (re.compile(r"ek_.*"), "is a short-lived client secret, not an API key"),
    (
        re.compile(r"(sk-or-|sk-ant-|gsk_|xai-|hf_|AIza).*"),
        "is another service's key: set that service's address, too, in the setting that ends in _BASE_URL",
    ),
    (re.compile(r"(key|user)[-_][A-Za-z0-9]{12,}"), "is an ID, not an API key"),
    (re.compile(r"\d{15,21}"), "is a Discord ID, not an API key"),
    (re.compile(r"[0-9a-f]{64}"), "is the Discord application's public key, not an API key"),
    # Hexadecimal ones are keys of other services.
    (
        re.compile(r"(?!sk-)(?![0-9a-f]{32}$)[\w-]{32}"),
        "looks like the Discord application's client secret, not an API key (OpenAI's begin with sk-)",
    ),
)
_NOT_A_TOKEN = (
    (re.compile(_PLACEHOLDER), "is a placeholder: put the bot's token there"),
    (re.compile(r"\d{15,21}"), "is an ID, not the token"),
    (re.compile(r"[0-9a-f]{64}"), "is the application's public key, not the token"),
    (re.compile(r"[\w-]{32}"), "looks like the application's client secret (OAuth2), not the bot's token"),
    (re.compile(rf"(?i:bot){_BOT_TOKEN.pattern}"), "begins with “Bot”: remove that"),
    (re.compile(r"mfa\..*"), "looks like a person's token, not the bot's"),
    (re.compile(r"[\w-]{20,}\.([\w-]{5,7}(\.[\w-]{0,24})?)?"), "is cut short: copy the whole token"),
    (re.compile(r"[^.]+(\.[^.]+){3,}"), "has more than a token's three parts: copy it again"),
)


def trimmed(value: str) -> str:
    """Return a secret without what nobody sees around it."""
    return value.strip().strip(_INVISIBLE).strip()


def typing_fault(name: str, value: str) -> str | None:
    """Return what is certainly wrong with the value of a secret setting; None: nothing is."""
    if value[0] in QUOTE_MARKS or value[-1] in QUOTE_MARKS:
        return "is in quotes: remove them"
    if not value.isascii() or not value.isprintable():
        return "has characters that no token or key contains: copy it again"
    if name != "DISCORD_TOKEN" and not name.endswith("_API_KEY"):
        return None
    if found := _PREFIX.match(value):
        return f"begins with “{found[1]}”: remove that"
    if typed := _first(_TYPED_FORMS, value):
        return typed
    if any(letter.isspace() for letter in value):
        return "contains a space or a line break: copy it again"
    if name == "DISCORD_TOKEN" and value.startswith("sk-"):
        return "looks like an API key, not the bot's token"
    if name != "DISCORD_TOKEN" and _BOT_TOKEN.fullmatch(value):
        return "looks like a Discord bot's token, not an API key"
    return None if name == "DISCORD_TOKEN" else _first(_ACCOUNT_FORMS, value)


def issuer_fault(issuer: str, value: str) -> str | None:
    """Return why the service at an address cannot have given out this secret; None: it may have.

    Only of Discord and OpenAI themselves is that known: others, and stand-ins, may give out secrets of any form.
    """
    return _first({DISCORD_API_BASE: _NOT_A_TOKEN, OPENAI_BASE_URL: _NOT_A_KEY}.get(issuer, ()), value)


def _first(forms: Iterable[tuple[re.Pattern[str], str]], value: str) -> str | None:
    return next((said for form, said in forms if form.fullmatch(value)), None)
