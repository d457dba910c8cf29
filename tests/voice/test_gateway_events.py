"""What is said of us, and whether the session that is open ends with it."""

import pytest

from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.recovery import TOLD_WITHIN

HERE, THERE = 1, 2


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def news(clock: Clock) -> GatewayEvents:
    """Return those of a link that is connected."""
    news = GatewayEvents(HERE, clock)
    news.opening("token", "server")
    return news


def flags(news: GatewayEvents) -> str:
    names = ("fresh", "awaiting_server", "removed", "leaving")
    return " ".join(name for name in names if getattr(news, name))


@pytest.mark.parametrize(
    ("token", "endpoint", "ends", "after"),
    [
        ("token", "server", False, ""),
        ("token", "another", True, "fresh"),
        ("new", "server", True, "fresh"),
        ("token", "", True, "awaiting_server"),
        (None, "server", True, "awaiting_server"),
    ],
)
def test_word_of_a_server(news: GatewayEvents, token: str | None, endpoint: str, ends: bool, after: str) -> None:
    assert news.server(token, endpoint) == ends
    assert flags(news) == after


def test_the_same_server_is_news_to_whoever_is_not_connected(news: GatewayEvents) -> None:
    news.closed()
    assert news.server("token", "server")
    assert flags(news) == "fresh"


def test_what_is_used_is_no_longer_fresh(news: GatewayEvents) -> None:
    news.server("", "")
    news.server("new", "another")
    news.opening("new", "another")
    assert flags(news) == ""


def test_where_we_are_is_no_news(news: GatewayEvents) -> None:
    assert not news.state(HERE)
    assert flags(news) == ""


@pytest.mark.parametrize(("seconds", "after"), [(0.0, "fresh"), (TOLD_WITHIN + 1, "")])
def test_a_move_makes_the_server_fresh_that_was_just_named(
    news: GatewayEvents, clock: Clock, seconds: float, after: str
) -> None:
    news.server("new", "another")
    news.opening("new", "another")
    clock.now += seconds
    assert news.state(THERE)
    assert news.channel_id == THERE
    assert flags(news) == after


def test_taken_out(news: GatewayEvents) -> None:
    assert news.state(None)
    assert flags(news) == "removed"
    news.entering()
    assert flags(news) == ""


def test_leaving_of_ones_own_will_is_not_being_taken_out(news: GatewayEvents) -> None:
    news.leaving = True
    assert not news.state(None)
    assert flags(news) == ""
