"""What the server says about a model."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

import httpx2
import openai
import structlog
from openai import AsyncOpenAI

from bot.engine.faults import ModelFault, fault_of
from bot.engine.json_answer import json_answer
from bot.engine.roles import ModelRole
from bot.errors import BotError, ModelUnavailable

log = structlog.get_logger("engine")
_NO_SUCH_MODEL = "model_not_found"
"""The code of a server that knows its models one by one."""


@dataclass(frozen=True, slots=True)
class ModelState:
    """Whether a model is available, and until when."""

    available: bool
    shutdown_date: date | None = None
    "when the server stops serving it, if announced"
    listed: bool = True
    "the server lists its models; several that only speak, or only write down, list none"


async def check_model(client: AsyncOpenAI, model: str) -> ModelState:
    """Ask the server about a model. This also warms the connection.

    A server that knows nothing of single models, as llama.cpp's, is asked for its list. Raises EngineError when the
    server does not answer or refuses the key.
    """
    try:
        found = await _get(client, f"/models/{model}")
    except ModelUnavailable as error:
        if _NO_SUCH_MODEL in str(error):
            return ModelState(available=False)
        try:
            return ModelState(available=_lists(await _get(client, "/models"), model))
        except ModelUnavailable:
            return ModelState(available=False, listed=False)
    return ModelState(available=True, shutdown_date=_date(found.get("shutdown_date")))


async def _get(client: AsyncOpenAI, path: str) -> Mapping[str, Any]:
    """Raises EngineError."""
    try:
        return json_answer(await client.get(path, cast_to=httpx2.Response))
    except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError, RecursionError, ModelFault) as error:
        raise fault_of(error).error from None


def _lists(answer: Mapping[str, Any], model: str) -> bool:
    """Whether a list of models has this one. llama.cpp answers with the one it has loaded, whatever name is asked."""
    data = answer.get("data")
    found = [entry for entry in data if isinstance(entry, Mapping)] if isinstance(data, list) else []
    if len(found) == 1 and found[0].get("owned_by") == "llamacpp":
        return True
    return any(_matches(entry.get("id"), model) or _has(entry.get("aliases"), model) for entry in found)


def _matches(listed: object, model: str) -> bool:
    """Whether a name in a list stands for this model: LiteLLM and open-asr-server list patterns, as `openai/*`."""
    return isinstance(listed, str) and (listed == model or ("*" in listed and fnmatchcase(model, listed)))


def _has(names: object, model: str) -> bool:
    return isinstance(names, list) and model in names


async def announce(check: Callable[[ModelRole], Awaitable[ModelState]], roles: Iterable[ModelRole]) -> None:
    """Log unavailable models and announced shutdowns; never raises BotError."""
    for role in roles:
        name = role.model
        try:
            state = await check(role)
        except BotError as error:
            log.warning("model_unchecked", model=name, reason=error.code, hint=error.hint)
            continue
        if not state.listed:
            log.info("model_unlisted", model=name)
        elif not state.available:
            log.warning("model_unavailable", model=name, hint=f"Check {role.model_setting}.")
        elif state.shutdown_date:
            log.warning("model_ends", model=name, on=state.shutdown_date.isoformat())


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
