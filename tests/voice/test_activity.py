import pytest

from bot.voice.receive.activity import HANGOVER_SECONDS, MAX_QUIET_BYTES, MIN_PAUSE_SECONDS, Activity

LOUD = 100


@pytest.mark.parametrize(
    ("arrivals", "now", "length"),
    [
        ([], 0.0, None),
        ([1.0], 1.0, 0.0),
        ([1.0], 1.0 + HANGOVER_SECONDS, 0.0),
        ([1.0], 1.01 + HANGOVER_SECONDS, None),
        ([1.0, 1.2, 1.4], 1.4, 0.4),
        ([1.0, 1.0 + MIN_PAUSE_SECONDS + 0.01], 1.4, 0.0),
        ([1.0, 0.99 + MIN_PAUSE_SECONDS], 1.4, 0.29),
    ],
)
def test_stretches(arrivals: list[float], now: float, length: float | None):
    presence: Activity[str] = Activity()
    for at in arrivals:
        presence.note("ann", LOUD, at)
    assert presence.talking(now).get("ann") == (None if length is None else pytest.approx(length))


@pytest.mark.parametrize(("size", "talks"), [(3, False), (MAX_QUIET_BYTES, False), (MAX_QUIET_BYTES + 1, True)])
def test_small_packets_hold_no_sound(size: int, talks: bool):
    presence: Activity[str] = Activity()
    presence.note("ann", size, 1.0)
    assert ("ann" in presence.talking(1.0)) is talks


def test_it_forgets_who_fell_silent():
    presence: Activity[int] = Activity()
    for key in range(100):
        presence.note(key, LOUD, float(key))
    presence.talking(99.0)
    assert len(presence) == 1


def test_a_name_found_out_takes_over_what_was_heard():
    presence: Activity[str] = Activity()
    presence.note("somebody", LOUD, 1.0)
    presence.note("somebody", LOUD, 1.2)
    presence.move("somebody", "ann")
    assert presence.talking(1.2) == {"ann": pytest.approx(0.2)}
