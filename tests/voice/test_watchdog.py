"""The watchdog on made-up samples, two a second."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.voice.link.watchdog import (
    HEALTHY_SECONDS,
    KEY_RETRY_INTERVAL_SECONDS,
    OUT_OF_STEP_SECONDS,
    OUTSIDE_GROUP_SECONDS,
    UNANSWERED_SECONDS,
    UNHEARD_SECONDS,
    Sample,
    Watchdog,
    WatchdogAction,
)

REGROUP, REOPEN, REJOIN, GIVE_UP = (
    WatchdogAction.REGROUP,
    WatchdogAction.REOPEN,
    WatchdogAction.REJOIN,
    WatchdogAction.GIVE_UP,
)


@dataclass
class Story:
    """Feeds a watchdog; each change is per second."""

    watchdog: Watchdog
    sample: Sample

    def go(
        self,
        seconds: float,
        *,
        received: int = 0,
        opened: int = 0,
        undecryptable: int = 0,
        announced: int = 0,
        outside_group: bool = False,
        out_of_step: bool = False,
        unanswered: bool = False,
    ) -> list[tuple[float, WatchdogAction]]:
        """Return when (seconds from here) which order came."""
        orders = []
        sample = self.sample
        since = sample.now
        if announced:
            sample = replace(sample, announced=sample.announced + announced)
        for step in range(1, int(seconds * 2) + 1):
            asked_at = since if sample.unanswered_since is None else sample.unanswered_since
            sample = replace(
                sample,
                now=since + step / 2,
                received=sample.received + received // 2,
                opened=sample.opened + opened // 2,
                undecryptable=sample.undecryptable + undecryptable // 2,
                outside_group=outside_group,
                out_of_step=out_of_step,
                unanswered_since=asked_at if unanswered else None,
            )
            order = self.watchdog.check(sample)
            if order is not None:
                orders.append((step / 2, order))
        self.sample = sample
        return orders


@pytest.fixture
def story() -> Story:
    story = Story(Watchdog(0.0), Sample(0.0, 0, 0, 0, 0, False, False, None))
    assert story.go(3, received=50, opened=50) == []
    return story


@pytest.mark.parametrize(
    "calm",
    [
        {},
        {"received": 50, "opened": 50},
        {"received": 100, "opened": 50, "undecryptable": 50},
        {"received": 10_000},
        {"received": 4, "undecryptable": 2},
    ],
    ids=["silence", "speech", "one of two cannot be opened", "junk", "a few lost"],
)
def test_what_is_no_ailment(story: Story, calm: dict[str, Any]) -> None:
    assert story.go(10, **calm) == []


def test_locked_out_it_climbs_from_cheap_to_dear_and_then_waits(story: Story) -> None:
    orders = story.go(20 + KEY_RETRY_INTERVAL_SECONDS + 3, received=50, undecryptable=50)
    assert [order for _, order in orders] == [REGROUP, REOPEN, REJOIN, REGROUP, REGROUP]
    assert orders[0][0] <= 1.5


def test_what_helped_ends_it(story: Story) -> None:
    assert [order for _, order in story.go(2, received=50, undecryptable=50)] == [REGROUP]
    assert story.go(30, received=50, opened=50) == []


def test_after_some_time_of_health_it_begins_anew(story: Story) -> None:
    story.go(2, received=50, undecryptable=50)
    story.go(HEALTHY_SECONDS + 1, received=50, opened=50)
    assert [order for _, order in story.go(2, received=50, undecryptable=50)] == [REGROUP]


def test_no_answer_from_the_voice_server(story: Story) -> None:
    [(at, order)] = story.go(7, unanswered=True)
    assert (at, order) == (UNANSWERED_SECONDS, REOPEN)


def test_sound_does_not_excuse_the_missing_answer(story: Story) -> None:
    """Inbound works, outbound may not."""
    assert [order for _, order in story.go(7, received=50, opened=50, unanswered=True)] == [REOPEN]


def test_when_nothing_helps_it_gives_up(story: Story) -> None:
    orders = [order for _, order in story.go(60, unanswered=True)]
    assert orders[:5] == [REOPEN, REJOIN, REJOIN, REJOIN, GIVE_UP]


def test_somebody_speaks_and_nothing_comes(story: Story) -> None:
    [(at, order)] = story.go(6, announced=1)
    assert (at, order) == (UNHEARD_SECONDS, REOPEN)


def test_somebody_speaks_and_something_comes(story: Story) -> None:
    assert story.go(0.5, announced=1) == []
    assert story.go(1, received=50, opened=50) == []
    assert story.go(20) == []


def test_a_process_that_stood_still_proves_nothing(story: Story) -> None:
    story.sample = replace(story.sample, now=story.sample.now + 30, unanswered_since=story.sample.now)
    assert story.watchdog.check(story.sample) is None


def test_a_new_connection_has_no_past(story: Story) -> None:
    story.go(1, received=50, undecryptable=24)
    story.watchdog.reset(story.sample.now)
    assert story.go(1, received=50, undecryptable=50) == []


def test_a_group_that_does_not_take_us_in(story: Story) -> None:
    assert story.go(OUTSIDE_GROUP_SECONDS, outside_group=True) == []
    assert story.go(0.5, outside_group=True) == [(0.5, REGROUP)]


def test_a_group_that_takes_its_time(story: Story) -> None:
    for _ in range(5):
        assert story.go(2, outside_group=True) == []
        assert story.go(1) == []


@pytest.mark.parametrize("hears", [{}, {"received": 50, "opened": 50}], ids=["nobody speaks", "everybody is heard"])
def test_whoever_seals_what_nobody_can_open_is_dumb(story: Story, hears: dict[str, Any]) -> None:
    orders = story.go(20, out_of_step=True, **hears)
    assert orders[0] == (OUT_OF_STEP_SECONDS + 0.5, REGROUP)
    assert [order for _, order in orders[1:]] == [REOPEN, REJOIN]


def test_every_change_sets_apart_for_a_moment(story: Story) -> None:
    for _ in range(5):
        assert story.go(2, out_of_step=True, received=50, opened=50) == []
        assert story.go(1, received=50, opened=50) == []
