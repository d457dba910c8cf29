"""What people type for "since when"."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from bot.jobs.minutes.since import local_time, read_since, zone_name

NOW = datetime(2026, 11, 25, 15, 30, tzinfo=timezone(timedelta(hours=9)))
"""A Wednesday, in Japan."""


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("1h", "25 14:30"), ("90m", "25 14:00"), ("30 minutes", "25 15:00"), ("2 hours 15 min", "25 13:15"),
        ("1h30", "25 14:00"), ("1.5 hours", "25 14:00"), ("30", "25 15:00"), ("last hour", "25 14:30"),
        ("an hour ago", "25 14:30"), ("half an hour", "25 15:00"), ("the last 45 minutes", "25 14:45"),
        ("14:00", "25 14:00"), ("since 14:00", "25 14:00"), ("2pm", "25 14:00"), ("2:30 p.m.", "25 14:30"),
        ("16:00", "24 16:00"), ("noon", "25 12:00"), ("12 am", "25 00:00"),
        ("today", "25 00:00"), ("Yesterday", "24 00:00"), ("yesterday at 2 PM", "24 14:00"),
        ("monday 10:00", "23 10:00"),
        ("2026-11-24", "24 00:00"), ("2026-11-24 14:00", "24 14:00"), ("2026-11-24T05:00Z", "24 14:00"),
        ("<t:1795584600:t>", "25 14:30"),
        ("14時", "25 14:00"), ("午後2時半", "25 14:30"), ("３０分前", "25 15:00"), ("1時間半", "25 14:00"),
        ("昨日の14時から", "24 14:00"), ("昨日", "24 00:00"),
    ],
)  # fmt: skip
def test_what_people_type(typed: str, expected: str) -> None:
    assert f"{read_since(typed, NOW):%d %H:%M}" == expected


@pytest.mark.parametrize(
    "typed", ["", "banana", "1h banana", "25:00", "-5m", "in 3 hours", "tomorrow", "2026-13-01", "2025-11-24",
              "99 days",
              "2026-11-26", "<t:99999999999999>", "<t:999999999999>", "1" * 60, "٣ foo", "0:99"]
)  # fmt: skip
def test_what_is_no_time_or_not_in_the_past_month_is_refused(typed: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        read_since(typed, NOW)


def test_zones_as_people_write_them() -> None:
    assert zone_name(NOW) == "UTC+9"
    assert zone_name(NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))) == "UTC+5:30"
    assert zone_name(NOW.astimezone(timezone.utc)) == "UTC"  # noqa: UP017 (as any zone of no offset)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("8:00", "2026-10-26T08:00:00+01:00"),
        ("yesterday", "2026-10-25T00:00:00+02:00"),
        ("2026-10-20 14:00", "2026-10-20T14:00:00+02:00"),
        ("sunday 1:30", "2026-10-25T01:30:00+02:00"),
        ("sunday 3:30", "2026-10-25T03:30:00+01:00"),
        ("1 day", "2026-10-25T09:00:00+01:00"),
        ("<t:1792819200>", "2026-10-24T06:20:00+01:00"),
    ],
)
def test_a_time_on_the_wall_is_that_of_its_own_day(typed: str, expected: str) -> None:
    """The clocks were set back in the night to the 25th, at three."""
    now = datetime(2026, 10, 26, 9, tzinfo=timezone(timedelta(hours=1)))
    assert read_since(typed, now, local_time) == datetime.fromisoformat(expected)
