import pytest

from bot.voice.recovery import (
    DEAF,
    NEWS,
    REALLOCATED_WITHIN,
    REJOIN_AFTER,
    SILENT,
    TOLD_WITHIN,
    Cure,
    plan,
)

WAIT, RESUME, REJOIN = Cure.WAIT, Cure.RESUME, Cure.REJOIN


@pytest.mark.parametrize(
    ("code", "first"),
    [
        (1000, [(TOLD_WITHIN, WAIT)]),
        (4014, [(TOLD_WITHIN, WAIT)]),
        (4022, [(TOLD_WITHIN, WAIT)]),
        (NEWS, [(TOLD_WITHIN, WAIT)]),
        (1006, [(0.0, RESUME), (0.5, RESUME)]),
        (4015, [(0.0, RESUME), (0.5, RESUME)]),
        (SILENT, [(0.0, RESUME), (0.5, RESUME)]),
        (-1, [(0.0, RESUME), (0.5, RESUME)]),
        (4004, []),
        (4006, []),
        (4009, []),
        (DEAF, []),
    ],
)
def test_the_cheapest_cure_that_can_work_comes_first(code: int, first: list[tuple[float, Cure]]) -> None:
    assert list(plan(code)) == first + [(seconds, REJOIN) for seconds in REJOIN_AFTER]


def test_after_a_null_endpoint_a_server_is_awaited() -> None:
    assert list(plan(NEWS, awaiting_server=True))[:2] == [(REALLOCATED_WITHIN, WAIT), (0.0, REJOIN)]


def test_a_cure_that_did_not_last_is_not_believed_twice() -> None:
    assert list(plan(1006, shaky=True)) == [(seconds, REJOIN) for seconds in REJOIN_AFTER[1:]]
