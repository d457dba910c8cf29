"""What the server says about a model."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date

import httpx2
import openai
import structlog
from openai import AsyncOpenAI

from bot.engine.faults import ModelFault, fault_of
from bot.engine.json_answer import json_answer
from bot.errors import BotError, ModelUnavailable

log = structlog.get_logger("engine")


@dataclass(frozen=True, slots=True)
class ModelState:
    """Whether a model is available, and until when."""

    available: bool
    shutdown_date: date | None = None
    "when the server stops serving it, if announced"


async def check_model(client: AsyncOpenAI, model: str) -> ModelState:
    """Ask the server about a model. This also warms the connection.

    Raises EngineError when the server does not answer or refuses the key.
    """
    try:
        found = json_answer(await client.get(f"/models/{model}", cast_to=httpx2.Response))
    except (openai.OpenAIError, httpx2.HTTPError, OSError, ValueError, RecursionError, ModelFault) as error:
        fault = fault_of(error)
        if isinstance(fault.error, ModelUnavailable):
            return ModelState(available=False)
        raise fault.error from None
    return ModelState(available=True, shutdown_date=_date(found.get("shutdown_date")))


async def announce(check: Callable[[str], Awaitable[ModelState]], models: Iterable[str]) -> None:
    """Log unavailable models and announced shutdowns; never raises BotError."""
    for name in models:
        try:
            state = await check(name)
        except BotError as error:
            log.warning("model_unchecked", model=name, reason=error.code, hint=error.hint)
            continue
        if not state.available:
            log.warning("model_unavailable", model=name, hint=ModelUnavailable.default_hint)
        elif state.shutdown_date:
            log.warning("model_ends", model=name, on=state.shutdown_date.isoformat())


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
