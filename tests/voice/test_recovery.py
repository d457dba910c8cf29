import pytest

from bot.voice.link import recovery
from bot.voice.link.recovery import REALLOCATED_WITHIN, REJOIN_AFTER, TOLD_WITHIN, Cure, plan

WAIT, RESUME, REOPEN, REJOIN = Cure.WAIT, Cure.RESUME, Cure.REOPEN, Cure.REJOIN


@pytest.mark.parametrize(
    ("code", "first"),
    [
        (recovery.NORMAL, [(TOLD_WITHIN, WAIT)]),
        (recovery.DISCONNECTED, [(TOLD_WITHIN, WAIT)]),
        (recovery.CALL_TERMINATED, [(TOLD_WITHIN, WAIT)]),
        (recovery.NEWS, [(TOLD_WITHIN, WAIT)]),
        (1006, [(0.0, RESUME), (0.5, RESUME)]),
        (4015, [(0.0, RESUME), (0.5, RESUME)]),
        (recovery.SILENT, [(0.0, RESUME), (0.5, RESUME)]),
        (recovery.BROKEN, [(0.0, RESUME), (0.5, RESUME)]),
        (recovery.DEAF, [(0.0, REOPEN)]),
        (recovery.STILL_DEAF, []),
        (4004, []),
        (4006, []),
        (4009, []),
        (4011, []),
    ],
)
def test_the_cheapest_cure_that_can_work_comes_first(code: int, first: list[tuple[float, Cure]]) -> None:
    assert list(plan(code)) == first + [(seconds, REJOIN) for seconds in REJOIN_AFTER]


def test_after_a_null_endpoint_a_server_is_awaited() -> None:
    assert list(plan(recovery.NEWS, awaiting_server=True))[:2] == [(REALLOCATED_WITHIN, WAIT), (0.0, REJOIN)]


def test_a_cure_that_did_not_last_is_not_believed_twice() -> None:
    assert list(plan(1006, shaky=True)) == [(seconds, REJOIN) for seconds in REJOIN_AFTER[1:]]
