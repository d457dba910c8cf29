"""What the main gateway says about the bot, and whether it ends the open session."""

from types import SimpleNamespace
from typing import cast

import pytest

from bot.voice.link.connection import VoiceConnection
from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.recovery import EXPLANATION_SECONDS, SERVER_CHANGED

HERE, THERE = 1, 2


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def events(clock: Clock) -> GatewayEvents:
    """Return those of a link that is connected."""
    events = GatewayEvents(HERE, clock)
    events.opening("token", "server")
    return events


def flags(events: GatewayEvents) -> str:
    names = ("server_ready", "awaiting_server", "removed", "leaving")
    return " ".join(name for name in names if getattr(events, name))


@pytest.mark.parametrize(
    ("token", "endpoint", "ends", "after"),
    [
        ("token", "server", False, ""),
        ("token", "another", True, "server_ready"),
        ("new", "server", True, "server_ready"),
        ("token", "", True, "awaiting_server"),
        (None, "server", True, "awaiting_server"),
    ],
)
def test_word_of_a_server(events: GatewayEvents, token: str | None, endpoint: str, ends: bool, after: str) -> None:
    assert events.voice_server(token, endpoint) == ends
    assert flags(events) == after


def test_the_same_server_is_news_to_whoever_is_not_connected(events: GatewayEvents) -> None:
    events.closed()
    assert events.voice_server("token", "server")
    assert flags(events) == "server_ready"


def test_what_is_used_is_no_longer_fresh(events: GatewayEvents) -> None:
    events.voice_server("", "")
    events.voice_server("new", "another")
    events.opening("new", "another")
    assert flags(events) == ""


def test_where_we_are_is_no_news(events: GatewayEvents) -> None:
    assert not events.voice_state(HERE)
    assert flags(events) == ""


@pytest.mark.parametrize(("seconds", "after"), [(0.0, "server_ready"), (EXPLANATION_SECONDS + 1, "")])
def test_a_move_makes_the_server_fresh_that_was_just_named(
    events: GatewayEvents, clock: Clock, seconds: float, after: str
) -> None:
    events.voice_server("new", "another")
    events.opening("new", "another")
    clock.now += seconds
    assert events.voice_state(THERE)
    assert events.channel_id == THERE
    assert flags(events) == after


def test_taken_out(events: GatewayEvents) -> None:
    assert events.voice_state(None)
    assert flags(events) == "removed"
    events.entering()
    assert flags(events) == "removed"


def test_leaving_of_ones_own_will_is_not_being_taken_out(events: GatewayEvents) -> None:
    events.exiting(inside=True)
    assert not events.voice_state(None)
    assert flags(events) == ""


def test_taken_out_again_after_leaving_and_entering(events: GatewayEvents) -> None:
    events.exiting(inside=True)
    events.entering()
    for channel_id in (None, HERE):
        assert not events.voice_state(channel_id)
    assert events.voice_state(None)
    assert flags(events) == "removed"


@pytest.mark.parametrize("entering", [False, True])
def test_a_move_that_was_under_way_does_not_make_a_removal_of_ones_own_leaving(
    events: GatewayEvents, entering: bool
) -> None:
    events.exiting(inside=True)
    if entering:
        events.entering()
    events.voice_state(THERE)
    assert events.leaving
    assert not events.voice_state(None)
    assert flags(events).replace("server_ready", "") == ""
    assert not events.voice_state(THERE)
    assert events.voice_state(None)
    assert events.removed


def test_a_stay_whose_end_was_never_confirmed_hides_no_removal(events: GatewayEvents) -> None:
    events.exiting(inside=True)
    events.entering()
    assert not events.voice_state(HERE)
    assert events.voice_state(None)
    assert events.removed


@pytest.mark.parametrize("said", ["another server", "removed"])
async def test_what_is_said_while_a_session_is_being_opened_ends_it(events: GatewayEvents, said: str) -> None:
    """The socket that it would have closed was not there yet."""
    assert events.voice_state(None) if said == "removed" else events.voice_server("new", "server")
    opened = SimpleNamespace(events=events, _end_reason=None, ws=None)
    assert await VoiceConnection.serve(cast(VoiceConnection, opened), lambda: False) == SERVER_CHANGED


def test_word_of_an_earlier_stay_is_not_of_this_one(clock: Clock) -> None:
    events = GatewayEvents(HERE, clock)
    events.entering()
    assert not events.voice_state(None)
    assert flags(events) == ""
