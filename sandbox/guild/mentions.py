"""Who a message notifies: mentions in its text, limited by allowed_mentions and permissions."""

import re
from typing import Any

from sandbox.guild.fault import Form, Json
from sandbox.guild.message import Pings

_USER_MENTION = re.compile(r"<@!?(\d{15,20})>")
_ROLE_MENTION = re.compile(r"<@&(\d{15,20})>")
_EVERYONE_MENTION = re.compile(r"@(everyone|here)")
_CODE_BLOCK = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_PARSE_KINDS = ("users", "roles", "everyone")


def check(form: Form, allowed: Any) -> None:
    """Collect the faults of an allowed_mentions object in `form`."""
    if allowed is None:
        return
    if not isinstance(allowed, dict):
        form.add("allowed_mentions", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return
    parse = allowed.get("parse") or []
    for index, kind in enumerate(parse):
        if kind not in _PARSE_KINDS:
            choices = "('roles', 'users', 'everyone')"
            form.add(["allowed_mentions", "parse", index], "BASE_TYPE_CHOICES", f"Value must be one of {choices}.")
    for kind in ("users", "roles"):
        ids = allowed.get(kind) or []
        if kind in parse and ids:
            form.add(
                "allowed_mentions",
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
            )
        form.count(["allowed_mentions", kind], ids, 0, 100)


def pinged(text: str, allowed: Json | None, *, broad: bool, replied_to: int | None = None) -> Pings:
    """Return who `text` notifies.

    `broad`: the author may mention everyone and roles. `replied_to`: the author of the message it answers. Without
    `allowed` everything counts. Mentions inside code are text.
    """
    plain = _CODE_BLOCK.sub(" ", text)
    users = _ids(_USER_MENTION, plain)
    roles = _ids(_ROLE_MENTION, plain)
    everyone = bool(_EVERYONE_MENTION.search(plain))
    reply = replied_to is not None
    if allowed is not None:
        parse = allowed.get("parse") or []
        users = _permitted(users, "users", parse, allowed)
        roles = _permitted(roles, "roles", parse, allowed)
        everyone = everyone and "everyone" in parse
        reply = reply and bool(allowed.get("replied_user"))
    if reply and replied_to is not None and replied_to not in users:
        users.append(replied_to)
    return Pings(tuple(users), tuple(roles) if broad else (), everyone and broad)


def _ids(pattern: re.Pattern[str], text: str) -> list[int]:
    return list(dict.fromkeys(int(found) for found in pattern.findall(text)))


def _permitted(ids: list[int], kind: str, parse: list[str], allowed: Json) -> list[int]:
    if kind in parse:
        return ids
    listed = {int(item) for item in allowed.get(kind) or []}
    return [item for item in ids if item in listed]
