"""One part of a long work: tried twice, and named when it fails for good."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import EngineError, ModelAuth, ModelUnavailable, OutOfCredit, PartFailed

Done = TypeVar("Done")
OPERATOR_ERRORS = (ModelAuth, ModelUnavailable, OutOfCredit)
"""What only the operator can end."""


async def with_retry(step: str, number: int, count: int, work: Callable[[], Awaitable[Done]]) -> Done:
    """Do `work`, and once more when it fails. It is part `number` of `count`, from 1, of a PartFailed's `step`.

    Raises PartFailed, or what only the operator can end.
    """
    for last in (False, True):
        try:
            return await work()
        except OPERATOR_ERRORS:
            raise
        except EngineError as error:
            if last:
                raise PartFailed(step, number, count, error) from error
    raise AssertionError("the last attempt returned or raised")
