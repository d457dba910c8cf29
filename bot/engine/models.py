"""What a server says of a model."""

from dataclasses import dataclass
from datetime import date

import httpx2
import openai
from openai import AsyncOpenAI

from bot.engine.faults import fault_of
from bot.errors import ModelUnavailable


@dataclass(frozen=True, slots=True)
class ModelState:
    """Whether a model can be used, and how long."""

    available: bool
    shutdown_date: date | None = None
    "when the server will stop serving it, if that was announced"


async def check_model(client: AsyncOpenAI, model: str) -> ModelState:
    """Ask the server about a model; it also warms the connection.

    Raises EngineError when the server does not answer or refuses the key.
    """
    try:
        found = await client.get(f"/models/{model}", cast_to=object)
    except (openai.OpenAIError, httpx2.HTTPError, ValueError) as error:
        fault = fault_of(error)
        if isinstance(fault.error, ModelUnavailable):
            return ModelState(available=False)
        raise fault.error from None
    return ModelState(
        available=True, shutdown_date=_date(found.get("shutdown_date") if isinstance(found, dict) else None)
    )


def _date(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
