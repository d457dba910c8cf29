"""What people type for "since when"."""

from datetime import datetime, timedelta, timezone

import pytest

from bot.jobs.minutes.since import read_since, zone_name

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
