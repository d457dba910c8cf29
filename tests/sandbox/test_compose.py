"""Bodies of messages that Discord refuses, and how it says where the fault lies."""

from typing import Any

import pytest

from sandbox.server import Sandbox
from tests.sandbox.raw_client import speaking

V2 = 1 << 15


def button(custom_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"type": 2, "style": 1, "label": "A", "custom_id": custom_id} | more


def row(*below: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(below)}


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def box(*below: dict[str, Any]) -> dict[str, Any]:
    return {"type": 17, "components": list(below)}


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"content": "x" * 2001}, ["content BASE_TYPE_MAX_LENGTH"]),
        ({"content": 5}, ["content STRING_TYPE_INVALID"]),
        ({"content": "x", "embeds": [{}] * 11}, ["embeds BASE_TYPE_MAX_LENGTH"]),
        ({"embeds": [{"title": "x" * 257}]}, ["embeds.0.title BASE_TYPE_MAX_LENGTH"]),
        ({"embeds": [{"description": "x" * 4000}] * 2}, ["embeds MAX_EMBED_SIZE_EXCEEDED"]),
        ({"content": "x", "nonce": "n" * 26}, ["nonce BASE_TYPE_MAX_LENGTH"]),
        (
            {"content": "x", "message_reference": {"message_id": "1"}},
            ["message_reference REPLIES_UNKNOWN_MESSAGE"],
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
            ["allowed_mentions MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE"],
        ),
        (
            {"content": "x", "allowed_mentions": {"parse": ["all"]}},
            ["allowed_mentions.parse.0 BASE_TYPE_CHOICES"],
        ),
        ({"components": [row(button())] * 6}, ["components BASE_TYPE_MAX_LENGTH"]),
        ({"components": [text("hello")]}, ["components.0.type UNION_TYPE_CHOICES"]),
        ({"components": [button()]}, ["components.0.type UNION_TYPE_CHOICES"]),
        (
            {"components": [row(button("same"), button("same"))]},
            ["components.0.components.1.custom_id COMPONENT_CUSTOM_ID_DUPLICATED"],
        ),
        (
            {"components": [row(button("x" * 101))]},
            ["components.0.components.0.custom_id BASE_TYPE_BAD_LENGTH"],
        ),
        (
            {"components": [row(button(label="x" * 81))]},
            ["components.0.components.0.label BASE_TYPE_MAX_LENGTH"],
        ),
        (
            {"components": [row(button(label=None))]},
            ["components.0.components.0 BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED"],
        ),
        (
            {"components": [row({"type": 2, "style": 5, "label": "A"})]},
            ["components.0.components.0 BUTTON_COMPONENT_URL_REQUIRED"],
        ),
        ({"components": [row(button(style=9))]}, ["components.0.components.0.style BASE_TYPE_CHOICES"]),
        ({"components": [row(*[button(str(n)) for n in range(6)])]}, ["components.0.components BASE_TYPE_BAD_LENGTH"]),
        (
            {"components": [row({"type": 3, "custom_id": "s", "options": []})]},
            ["components.0.components.0.options BASE_TYPE_BAD_LENGTH"],
        ),
        (
            {"flags": V2, "content": "x", "embeds": [{"title": "x"}], "components": [text("x")]},
            [
                "content MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                "embeds MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            ],
        ),
        ({"flags": V2, "components": [text("x")] * 41}, ["components COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED"]),
        ({"flags": V2, "components": [text("x" * 2001)] * 2}, ["components COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED"]),
        ({"flags": V2, "components": [text("")]}, ["components.0.content BASE_TYPE_REQUIRED"]),
        ({"flags": V2, "components": [box(box(text("x")))]}, ["components.0.components.0.type UNION_TYPE_CHOICES"]),
        (
            {"flags": V2, "components": [{"type": 9, "components": [text("x")]}]},
            ["components.0.accessory BASE_TYPE_REQUIRED"],
        ),
        (
            {"flags": V2, "components": [{"type": 13, "file": {"url": "attachment://no.txt"}}]},
            ["components.0.file.url UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"],
        ),
        (
            {"flags": V2, "components": [text("x") | {"id": 7}, text("y") | {"id": 7}]},
            ["components.1.id COMPONENT_ID_DUPLICATED"],
        ),
    ],
)
async def test_invalid_bodies(body: dict[str, Any], faults: list[str]) -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        answer = await api("POST", f"/channels/{sandbox.general.id}/messages", body)
        assert (answer.status, answer.code, answer.faults) == (400, 50035, faults)
        assert not sandbox.messages(sandbox.general.id)
