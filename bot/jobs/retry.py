"""Tries one part of a long job twice; the error names the part that failed."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.errors import EngineError, ModelAuth, ModelUnavailable, OutOfCredit, PartFailed

Done = TypeVar("Done")
OPERATOR_ERRORS = (ModelAuth, ModelUnavailable, OutOfCredit)
"""Errors that only the operator can fix, so a second attempt is useless."""


async def with_retry(step: str, number: int, count: int, work: Callable[[], Awaitable[Done]]) -> Done:
    """Do `work`, and try once more when it fails. `step`, `number` (from 1) and `count` name the part in PartFailed.

    Raises PartFailed, or one of OPERATOR_ERRORS.
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
