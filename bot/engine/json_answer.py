"""A whole response -> the JSON object in it, or the error that it is."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2

from bot.engine.faults import ModelFault, error_in, no_answer
from bot.errors import Incomplete


def json_answer(response: httpx2.Response) -> Mapping[str, Any]:
    """Return the JSON object of a response under a good status. Raises ModelFault for anything else."""
    try:
        answer = json.loads(response.content)
    except (ValueError, RecursionError):
        raise no_answer(response.content[:4096]) from None
    if fault := error_in(answer):
        raise fault
    if not isinstance(answer, Mapping):
        raise ModelFault(Incomplete("an unreadable answer"), 0.0)
    return answer


def fault_in(body: bytes) -> ModelFault:
    """Return the error that a body is, where sound was asked for."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return no_answer(body[:4096])
    return error_in(answer) or ModelFault(Incomplete("an unreadable answer"), 0.0)
