"""When our commands are what Discord has already: its echo differs in form."""

from typing import Any

import pytest

from bot.chat.command_sync import canonical

OURS: dict[str, Any] = {
    "name": "a",
    "type": 1,
    "description": "d",
    "description_localizations": {"ja": "で"},
    "nsfw": False,
    "dm_permission": False,
    "default_member_permissions": 32,
    "contexts": [0],
    "integration_types": [0],
    "options": [{"type": 3, "name": "o", "description": "x", "required": False, "choices": []}],
}
ECHO: dict[str, Any] = {
    "id": "1",
    "application_id": "2",
    "version": "3",
    "name": "a",
    "type": 1,
    "description": "d",
    "description_localizations": {"ja": "で"},
    "name_localizations": None,
    "dm_permission": False,
    "contexts": [0],
    "integration_types": [0],
    "default_member_permissions": "32",
    "nsfw": False,
    "options": [{"type": 3, "name": "o", "description": "x"}],
}


def test_an_echo_is_the_same() -> None:
    assert canonical([OURS]) == canonical([ECHO])


def test_order_does_not_matter() -> None:
    other = {**OURS, "name": "b"}
    assert canonical([OURS, other]) == canonical([other, OURS])


@pytest.mark.parametrize(
    "change",
    [
        {"description": "e"},
        {"description_localizations": {"ja": "て"}},
        {"default_member_permissions": "0"},
        {"default_member_permissions": None},
        {"dm_permission": True},
        {"nsfw": True},
        {"contexts": [0, 1]},
        {"contexts": None},
        {"integration_types": [0, 1]},
        {"options": []},
        {"options": [{"type": 3, "name": "o", "description": "x", "required": True}]},
        {"options": [{"type": 4, "name": "o", "description": "x"}]},
    ],
    ids=str,
)
def test_a_change_is_seen(change: dict[str, Any]) -> None:
    assert canonical([OURS]) != canonical([{**ECHO, **change}])
