"""Small checks that refuse a request with the error texts of OpenAI's API.

A check takes a value and its path (`messages[0].content[1].type`) and raises ApiError. The facts come from
`CreateChatCompletionRequest` in OpenAI's published OpenAPI document; the rules are written by hand, not generated.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Check = Callable[[Any, str], None]


@dataclass
class ApiError(Exception):
    """A refusal with the fields of the API's ErrorResponse."""

    status: int
    message: str
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {"error": {"message": self.message, "type": self.type, "param": self.param, "code": self.code}}


def refuse(message: str, param: str | None, code: str | None) -> ApiError:
    """Return a 400 invalid_request_error."""
    return ApiError(400, message, param=param, code=code)


def string(*, max_length: int | None = None, min_length: int = 0, pattern: str | None = None) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise wrong_type(value, path, "a string")
        if max_length is not None and len(value) > max_length:
            raise refuse(
                f"Invalid '{path}': string too long. Expected a string with maximum length {max_length}, "
                f"but got a string with length {len(value)} instead.",
                path,
                "string_above_max_length",
            )
        if len(value) < min_length:
            raise refuse(
                f"Invalid '{path}': empty string. Expected a string with minimum length {min_length}, "
                "but got an empty string instead.",
                path,
                "empty_string",
            )
        if pattern is not None and not re.fullmatch(pattern, value):
            raise refuse(
                f"Invalid '{path}': string does not match pattern. Expected a string that matches the pattern "
                f"'^{pattern}$'.",
                path,
                "invalid_value",
            )

    return check


def number(low: float, high: float, *, whole: bool = False) -> Check:
    kind = "integer" if whole else "decimal"

    def check(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise wrong_type(value, path, "an integer" if whole else "a decimal")
        if value < low:
            raise refuse(
                f"Invalid '{path}': {kind} below minimum value. Expected a value >= {low}, but got {value} instead.",
                path,
                f"{kind}_below_min_value",
            )
        if value > high:
            raise refuse(
                f"Invalid '{path}': {kind} above maximum value. Expected a value <= {high}, but got {value} instead.",
                path,
                f"{kind}_above_max_value",
            )

    return check


def boolean(value: Any, path: str) -> None:
    if not isinstance(value, bool):
        raise wrong_type(value, path, "a boolean")


def one_of(*values: str) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise wrong_type(value, path, "one of " + listed(values))
        if value not in values:
            raise invalid_value(value, path, values)

    return check


def array(of: Check, *, low: int = 0, high: int | None = None) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise wrong_type(value, path, "an array")
        if len(value) < low:
            raise refuse(
                f"Invalid '{path}': empty array. Expected an array with minimum length {low}, "
                "but got an empty array instead.",
                path,
                "empty_array",
            )
        if high is not None and len(value) > high:
            raise refuse(f"Invalid '{path}': array too long.", path, "array_above_max_length")
        for index, item in enumerate(value):
            of(item, f"{path}[{index}]")

    return check


def mapping(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """Return a check for an object with these members and no others."""
    known = {**required, **(optional or {})}

    def check(value: Any, path: str) -> None:
        if not isinstance(value, dict):
            raise wrong_type(value, path, "an object")
        prefix = f"{path}." if path else ""
        for name in value:
            if name not in known:
                raise refuse(f"Unknown parameter: '{prefix}{name}'.", f"{prefix}{name}", "unknown_parameter")
        for name in required:
            if name not in value:
                raise missing(f"{prefix}{name}")
        for name, member in value.items():
            known[name](member, f"{prefix}{name}")

    return check


def nullable(inner: Check) -> Check:
    def check(value: Any, path: str) -> None:
        if value is not None:
            inner(value, path)

    return check


def either(text: Check, parts: Check) -> Check:
    """Return a check that applies `text` to a string and `parts` to an array."""

    def check(value: Any, path: str) -> None:
        if isinstance(value, str):
            text(value, path)
        elif isinstance(value, list):
            parts(value, path)
        else:
            raise wrong_type(value, path, "one of a string or array of objects")

    return check


def anything(value: Any, path: str) -> None:
    """Accept any value, because nothing here depends on the field's shape."""


def missing(path: str) -> ApiError:
    return refuse(f"Missing required parameter: '{path}'.", path, "missing_required_parameter")


def wrong_type(value: Any, path: str, expected: str) -> ApiError:
    names = {
        str: "a string",
        bool: "a boolean",
        int: "an integer",
        float: "a decimal",
        list: "an array",
        dict: "an object",
    }
    got = "null" if value is None else names.get(type(value), "something else")
    return refuse(f"Invalid type for '{path}': expected {expected}, but got {got} instead.", path, "invalid_type")


def invalid_value(value: object, path: str, supported: Sequence[str]) -> ApiError:
    return refuse(f"Invalid value: '{value}'. Supported values are: {listed(supported)}.", path, "invalid_value")


def listed(values: Sequence[str]) -> str:
    quoted = [f"'{value}'" for value in values]
    return " and ".join(quoted) if len(quoted) < 3 else ", ".join(quoted[:-1]) + f", and {quoted[-1]}"
