"""The shape of CreateChatCompletionRequest and of its messages."""

from typing import Any

from sandbox.model.schema import (
    Check,
    anything,
    array,
    boolean,
    either,
    invalid_value,
    mapping,
    missing,
    nullable,
    number,
    one_of,
    string,
    wrong_type,
)

VOICE_NAMES = (
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
)
OUTPUT_FORMATS = ("wav", "aac", "mp3", "flac", "opus", "pcm16")
INPUT_FORMATS = ("wav", "mp3")
NAME_PATTERN = r"[^\s<|\\/>]{1,64}"


def by_member(name: str, kinds: dict[str, Check]) -> Check:
    """Return a check for an object whose member `name` selects the check to apply."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise wrong_type(value, path, "an object")
        if name not in value:
            raise missing(f"{path}.{name}")
        kind = value[name]
        if not isinstance(kind, str):
            raise wrong_type(kind, f"{path}.{name}", "a string")
        if kind not in kinds:
            raise invalid_value(kind, f"{path}.{name}", tuple(kinds))
        kinds[kind](value, path)

    return check


_function_name = string(pattern=r"[a-zA-Z0-9_-]{1,64}")
_function = mapping(
    {"name": _function_name}, {"description": string(), "parameters": anything, "strict": nullable(boolean)}
)
_tool = by_member("type", {"function": mapping({"type": anything, "function": _function})})
_call = mapping(
    {"id": string(), "type": one_of("function"), "function": mapping({"name": string(), "arguments": string()})}
)
_chosen = mapping({"type": one_of("function"), "function": mapping({"name": _function_name})})


def _tool_choice(value: Any, path: str) -> None:
    (one_of("none", "auto", "required") if isinstance(value, str) else _chosen)(value, path)


_text = mapping({"type": anything, "text": string()}, {"prompt_cache_breakpoint": anything})
_audio = mapping(
    {"type": anything, "input_audio": mapping({"data": string(min_length=1), "format": one_of(*INPUT_FORMATS)})},
    {"prompt_cache_breakpoint": anything},
)
_refusal = mapping({"type": anything, "refusal": string()})


def _content(**kinds: Check) -> Check:
    return either(string(), array(by_member("type", kinds), low=1))


_named = {"name": string(pattern=NAME_PATTERN)}
_instructions = mapping({"role": anything, "content": _content(text=_text)}, _named)
_user = mapping({"role": anything, "content": _content(text=_text, input_audio=_audio)}, _named)
_assistant_shape = mapping(
    {"role": anything},
    {
        **_named,
        "content": nullable(_content(text=_text, refusal=_refusal)),
        "refusal": nullable(string()),
        "audio": nullable(mapping({"id": string(min_length=1)})),
        "tool_calls": array(_call, low=1),
    },
)


def _assistant(value: Any, path: str) -> None:
    _assistant_shape(value, path)
    if value.get("content") is None and not (value.get("audio") or value.get("tool_calls")):
        raise wrong_type(value.get("content"), f"{path}.content", "one of a string or array of objects")


MESSAGE_CHECK = by_member(
    "role",
    {
        "system": _instructions,
        "developer": _instructions,
        "user": _user,
        "assistant": _assistant,
        "tool": mapping({"role": anything, "content": _content(text=_text), "tool_call_id": string(min_length=1)}),
    },
)


def _voice(value: Any, path: str) -> None:
    (one_of(*VOICE_NAMES) if isinstance(value, str) else mapping({"id": string(min_length=1)}))(value, path)


def _stop(value: Any, path: str) -> None:
    (string() if isinstance(value, str) else array(string(), low=1, high=4))(value, path)


def _metadata(value: Any, path: str) -> None:
    if not isinstance(value, dict):
        raise wrong_type(value, path, "an object")
    for name, member in value.items():
        string(max_length=64)(name, path)
        string(max_length=512)(member, f"{path}.{name}")


_tokens = number(1, 1 << 31, whole=True)

REQUEST_CHECK = mapping(
    {"model": string(min_length=1), "messages": array(MESSAGE_CHECK, low=1)},
    {
        "audio": nullable(mapping({"voice": _voice, "format": one_of(*OUTPUT_FORMATS)})),
        "frequency_penalty": nullable(number(-2, 2)),
        "logit_bias": nullable(anything),
        "logprobs": nullable(boolean),
        "max_completion_tokens": nullable(_tokens),
        "max_tokens": nullable(_tokens),
        "metadata": nullable(_metadata),
        "modalities": nullable(array(one_of("text", "audio"), low=1)),
        "n": nullable(number(1, 128, whole=True)),
        "parallel_tool_calls": boolean,
        "prediction": nullable(anything),
        "presence_penalty": nullable(number(-2, 2)),
        "prompt_cache_key": nullable(string(max_length=64)),
        "prompt_cache_retention": nullable(one_of("in_memory", "24h")),
        "reasoning_effort": nullable(one_of("none", "minimal", "low", "medium", "high", "xhigh")),
        "response_format": by_member("type", dict.fromkeys(("text", "json_object", "json_schema"), anything)),
        "safety_identifier": nullable(string(max_length=128)),
        "seed": nullable(number(-(1 << 63), (1 << 63) - 1, whole=True)),
        "service_tier": nullable(one_of("auto", "default", "flex", "scale", "priority", "fast")),
        "stop": nullable(_stop),
        "store": nullable(boolean),
        "stream": nullable(boolean),
        "stream_options": nullable(mapping({}, {"include_usage": boolean, "include_obfuscation": boolean})),
        "temperature": nullable(number(0, 2)),
        "tool_choice": _tool_choice,
        "tools": array(_tool, low=1, high=128),
        "top_logprobs": nullable(number(0, 20, whole=True)),
        "top_p": nullable(number(0, 1)),
        "user": string(),
        "verbosity": nullable(one_of("low", "medium", "high")),
    },
)
"""Checks a whole request body."""
