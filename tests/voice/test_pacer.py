"""The pacer's schedule on a clock that the tests turn, and a little of the real thread."""

import threading
from collections import deque

import pytest
from structlog.testing import capture_logs

from bot.voice.send.pacer import MAX_CATCH_UP_SECONDS, Lane, Lateness, Pacer, PacerSchedule


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Tape:
    """A sender that has `left` packets and notes when each went."""

    def __init__(self, clock: Clock, left: int) -> None:
        self.clock = clock
        self.left = left
        self.times: list[float] = []
        self.cost = 0.0

    def take(self) -> bytes | None:
        if not self.left:
            return None
        self.left -= 1
        return b"x"

    def send(self, packet: bytes, /) -> None:
        self.clock.now += self.cost
        self.times.append(round(self.clock.now - 100, 4))


class PanicException(BaseException):
    """As pyo3 raises it when Rust panics."""


class Broken(Tape):
    error: type[BaseException] = OSError

    def send(self, packet: bytes, /) -> None:
        raise self.error


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def schedule(clock: Clock) -> PacerSchedule:
    return PacerSchedule(clock)


def run(schedule: PacerSchedule, clock: Clock, until: float) -> None:
    """Sleep exactly until the schedule asks."""
    while True:
        due = schedule.run_due()
        if due is None or due > 100 + until:
            clock.now = max(clock.now, 100 + until)
            return
        clock.now = max(clock.now, due)


def lane(schedule: PacerSchedule, tape: Tape) -> Lane:
    return Lane(tape, schedule.wake)


def test_packets_leave_every_20_ms_from_the_very_first(schedule: PacerSchedule, clock: Clock) -> None:
    tape = Tape(clock, 5)
    clock.now += 0.0137
    lane(schedule, tape).wake()
    run(schedule, clock, 1)
    assert tape.times == [0.0137, 0.0337, 0.0537, 0.0737, 0.0937]
    assert schedule.run_due() is None


def test_a_slow_send_does_not_make_the_schedule_drift(schedule: PacerSchedule, clock: Clock) -> None:
    tape = Tape(clock, 4)
    tape.cost = 0.006
    lane(schedule, tape).wake()
    run(schedule, clock, 1)
    assert tape.times == [0.006, 0.026, 0.046, 0.066]


def test_a_stall_is_caught_up(schedule: PacerSchedule, clock: Clock) -> None:
    tape = Tape(clock, 6)
    it = lane(schedule, tape)
    it.wake()
    schedule.run_due()
    clock.now += 0.07
    run(schedule, clock, 1)
    assert tape.times == [0, 0.07, 0.07, 0.07, 0.08, 0.1]
    assert it.skipped == 0


def test_a_long_stall_moves_the_schedule_and_is_counted(schedule: PacerSchedule, clock: Clock) -> None:
    tape = Tape(clock, 4)
    it = lane(schedule, tape)
    it.wake()
    schedule.run_due()
    clock.now += 0.02 + MAX_CATCH_UP_SECONDS + 0.905
    run(schedule, clock, 3)
    assert tape.times == [0, 1.025, 1.04, 1.06]
    assert it.skipped == 50


def test_waking_again_waits_out_the_20_ms(schedule: PacerSchedule, clock: Clock) -> None:
    tape = Tape(clock, 1)
    it = lane(schedule, tape)
    it.wake()
    run(schedule, clock, 0.03)
    tape.left = 2
    it.wake()
    run(schedule, clock, 0.1)
    # 0.02 found nothing; no sooner than 20 ms after the first, and at once when later.
    assert tape.times == [0, 0.03, 0.05]


def test_waking_twice_sends_once(schedule: PacerSchedule, clock: Clock) -> None:
    tape = Tape(clock, 2)
    it = lane(schedule, tape)
    it.wake()
    it.wake()
    schedule.run_due()
    it.wake()
    run(schedule, clock, 1)
    assert tape.times == [0, 0.02]


def test_those_due_together_are_served_in_one_waking(schedule: PacerSchedule, clock: Clock) -> None:
    tapes = [Tape(clock, 2) for _ in range(3)]
    for tape in tapes:
        lane(schedule, tape).wake()
        schedule.run_due()
        clock.now += 0.0003
    clock.now = 100.02
    schedule.run_due()
    assert [tape.times for tape in tapes] == [[0, 0.02], [0.0003, 0.02], [0.0006, 0.02]]


@pytest.mark.parametrize(("fault", "error"), [("send", OSError), ("send", PanicException), ("take", OSError)])
def test_one_that_fails_does_not_stop_the_others(
    schedule: PacerSchedule, clock: Clock, fault: str, error: type[BaseException]
) -> None:
    bad, good = Broken(clock, 3), Tape(clock, 3)
    bad.error = error
    if fault == "take":
        bad.take = bad.send  # type: ignore[assignment,method-assign]
    it = lane(schedule, bad)
    it.wake()
    lane(schedule, good).wake()
    with capture_logs() as logs:
        run(schedule, clock, 0.05)
    assert good.times == [0, 0.02, 0.04]
    assert it.failed == 3
    assert len(logs) == 1


def test_a_closed_lane_sends_nothing_more(schedule: PacerSchedule, clock: Clock) -> None:
    tape = Tape(clock, 9)
    it = lane(schedule, tape)
    it.wake()
    schedule.run_due()
    it.close()
    it.wake()
    run(schedule, clock, 1)
    assert tape.times == [0]


def test_lateness_is_a_histogram() -> None:
    late = Lateness()
    for ms in [0.1] * 90 + [4] * 9 + [70]:
        late.add(ms / 1000)
    assert (late.quantile(0.5), late.quantile(0.99), late.max) == (0.0005, 0.005, 0.07)
    assert late.quantile(1.0) == 0.07
    assert sum(late.counts) == 100


def test_the_thread_sends_when_woken_and_ends_when_closed() -> None:
    went = threading.Event()
    packets = deque([b"1", b"2", b"3"])

    class Once:
        def take(self) -> bytes | None:
            return packets.popleft() if packets else None

        def send(self, packet: bytes, /) -> None:
            if packet == b"3":
                went.set()

    with Pacer() as pacer:
        lane = pacer.add(Once())
        assert not went.is_set()
        lane.wake()
        assert went.wait(5)
        assert lane.sent >= 2
    assert "pacer" not in {thread.name for thread in threading.enumerate()}
    pacer.close()
