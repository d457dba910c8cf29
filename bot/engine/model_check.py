"""What the server says about a model."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import date

import httpx2
import openai
import structlog
from openai import AsyncOpenAI

from bot.engine.faults import fault_of
from bot.errors import BotError, ModelUnavailable, Unreachable

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
        found = await client.get(f"/models/{model}", cast_to=object)
    except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
        fault = fault_of(error)
        if isinstance(fault.error, ModelUnavailable):
            return ModelState(available=False)
        raise fault.error from None
    if not isinstance(found, dict):
        raise Unreachable("a web page, or something else that is no model")
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
