import pytest

from bot.voice.link import recovery
from bot.voice.link.recovery import EXPLANATION_SECONDS, REALLOCATION_SECONDS, REJOIN_DELAYS_SECONDS, RecoveryStep, plan

WAIT, RESUME, REOPEN, REJOIN = RecoveryStep.WAIT, RecoveryStep.RESUME, RecoveryStep.REOPEN, RecoveryStep.REJOIN


@pytest.mark.parametrize(
    ("code", "first"),
    [
        (recovery.NORMAL_CLOSURE, [(EXPLANATION_SECONDS, WAIT)]),
        (recovery.DISCONNECTED, [(EXPLANATION_SECONDS, WAIT)]),
        (recovery.CALL_TERMINATED, [(EXPLANATION_SECONDS, WAIT)]),
        (recovery.SERVER_CHANGED, [(EXPLANATION_SECONDS, WAIT)]),
        (1006, [(0.0, RESUME), (0.5, RESUME)]),
        (4015, [(0.0, RESUME), (0.5, RESUME)]),
        (recovery.GATEWAY_SILENT, [(0.0, RESUME), (0.5, RESUME)]),
        (recovery.CONNECTION_BROKEN, [(0.0, RESUME), (0.5, RESUME)]),
        (recovery.SOUND_BROKEN, [(0.0, REOPEN)]),
        (recovery.SOUND_STILL_BROKEN, []),
        *[(code, []) for code in (4001, 4002, 4003, 4004, 4005, 4006, 4009, 4011, 4020)],
    ],
)
def test_the_cheapest_cure_that_can_work_comes_first(code: int, first: list[tuple[float, RecoveryStep]]) -> None:
    assert list(plan(code)) == first + [(seconds, REJOIN) for seconds in REJOIN_DELAYS_SECONDS]


def test_after_a_null_endpoint_a_server_is_awaited() -> None:
    assert list(plan(recovery.SERVER_CHANGED, awaiting_server=True))[:2] == [
        (REALLOCATION_SECONDS, WAIT),
        (0.0, REJOIN),
    ]


def test_a_cure_that_did_not_last_is_not_believed_twice() -> None:
    assert list(plan(1006, shaky=True)) == [(seconds, REJOIN) for seconds in REJOIN_DELAYS_SECONDS[1:]]
