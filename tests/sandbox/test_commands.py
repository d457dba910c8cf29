"""Which application commands Discord takes."""

from typing import Any

import pytest

from sandbox.server import Sandbox
from tests.sandbox.raw_client import Api, speaking


async def _sync(api: Api, sandbox: Sandbox, *commands: dict[str, Any]) -> Any:
    return await api("PUT", f"/applications/{sandbox.bot.id}/commands", list(commands))


def command(name: str = "ask", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "Ask", "type": 1} | more


LONG = [{"name": letter * 80, "value": letter * 90} for letter in "abcde"]
MANY = [{"name": "x", "value": "x"}] * 26


def option(name: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "Words", "type": 3} | more


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ([command("Ask")], ["0.name APPLICATION_COMMAND_INVALID_NAME"]),
        ([command("a b")], ["0.name APPLICATION_COMMAND_INVALID_NAME"]),
        ([command("x" * 33)], ["0.name BASE_TYPE_BAD_LENGTH"]),
        ([command(description="x" * 101)], ["0.description BASE_TYPE_BAD_LENGTH"]),
        ([command(description="")], ["0.description BASE_TYPE_REQUIRED"]),
        ([command(), command()], ["1 APPLICATION_COMMANDS_DUPLICATE_NAME"]),
        ([command(type=3)], ["0.description APPLICATION_COMMAND_DESCRIPTION_INVALID"]),
        ([command(name_localizations={"xx": "ask"})], ["0.name_localizations.xx ENUM_TYPE_COERCE"]),
        (
            [command(description_localizations={"ja": "あ" * 101})],
            ["0.description_localizations.ja BASE_TYPE_BAD_LENGTH"],
        ),
        ([command(options=[option(str(n)) for n in range(26)])], ["0.options BASE_TYPE_MAX_LENGTH"]),
        ([command(options=[option(), option()])], ["0.options.1.name APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"]),
        (
            [command(options=[option("a"), option("b", required=True)])],
            ["0.options.1 APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"],
        ),
        ([command(options=[option(choices=MANY)])], ["0.options.0.choices BASE_TYPE_MAX_LENGTH"]),
        ([command(options=[option(type=1), option("b")])], ["0.options APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"]),
        ([command(options=[option(type=99)])], ["0.options.0.type APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"]),
        ([command(f"c{n}") for n in range(101)], ["APPLICATION_COMMAND_MAX_COMMANDS"]),
        ([command(options=[option(str(n), choices=LONG) for n in range(10)])], ["0 APPLICATION_COMMAND_TOO_LARGE"]),
    ],
)
async def test_commands_that_are_refused(given: list[dict[str, Any]], faults: list[str]) -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        answer = await _sync(api, sandbox, *given)
        assert (answer.status, answer.faults) == (400, faults)
        assert sandbox.commands() == []


async def test_commands_keep_ids_and_localizations() -> None:
    async with Sandbox.open() as sandbox, speaking(sandbox) as api:
        ask = command(name_localizations={"ja": "聞く"}, options=[option(name_localizations={"ja": "文"})])
        first = (await _sync(api, sandbox, ask, command("leave"))).body
        second = (await _sync(api, sandbox, ask)).body
        assert [item["name"] for item in second] == ["ask"]
        assert first[0]["id"] == second[0]["id"]
        assert second[0]["name_localizations"] == {"ja": "聞く"}
        assert second[0]["options"][0]["name_localizations"] == {"ja": "文"}
        assert sandbox.parts.registry.writes == 2
