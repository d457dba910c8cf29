"""What the chat API demands of messages about tools, in the order it checks them, and how it streams calls of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.model.schema import refuse

FRAGMENT_CHARACTERS = 7
"""Characters of the arguments in one delta."""


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """A call of a tool in an answer."""

    name: str
    arguments: str = "{}"
    "as the model writes it; it need not be JSON"


def check_tool_messages(messages: Sequence[Mapping[str, Any]]) -> None:
    """Each call needs its result right after it, and each result its call. Raises ApiError."""
    waiting: list[str] = []
    for index, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                raise refuse(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                    "'tool_calls'.",
                    f"messages.[{index}].role",
                    None,
                )
            waiting.remove(message["tool_call_id"])
            continue
        _check_answered(waiting, index)
        waiting = [call["id"] for call in message.get("tool_calls") or ()]
    _check_answered(waiting, len(messages))


def _check_answered(waiting: Sequence[str], index: int) -> None:
    if waiting:
        raise refuse(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            f"'tool_call_id'. The following tool_call_ids did not have response messages: {', '.join(waiting)}",
            f"messages.[{index}].role",
            None,
        )


def call_ids(stamp: str, calls: Sequence[ScriptedCall]) -> list[str]:
    return [f"call_{stamp[-8:]}{number:016d}" for number in range(len(calls))]


def fragments(stamp: str, calls: Sequence[ScriptedCall]) -> Iterator[dict[str, Any]]:
    """Yield the deltas of calls: id, type and name in the first of each, then its arguments in pieces."""
    for index, (id, call) in enumerate(zip(call_ids(stamp, calls), calls, strict=True)):
        first = {"index": index, "id": id, "type": "function", "function": {"name": call.name, "arguments": ""}}
        yield {"tool_calls": [first]}
        for at in range(0, len(call.arguments), FRAGMENT_CHARACTERS):
            part = call.arguments[at : at + FRAGMENT_CHARACTERS]
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def whole(stamp: str, calls: Sequence[ScriptedCall]) -> list[dict[str, Any]]:
    """Return the calls as an answer that is not streamed has them."""
    return [
        {"id": id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for id, call in zip(call_ids(stamp, calls), calls, strict=True)
    ]
