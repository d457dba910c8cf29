import random

import pytest

from bot.talk.endpointing import MAX_ENDPOINTING_SECONDS, MIN_ENDPOINTING_SECONDS, LearnedPauses


def learned(pauses: list[float], ends_each: int = 1) -> LearnedPauses:
    """Return what is known of a person who makes these pauses, and so many ends beside each."""
    known = LearnedPauses()
    for pause in pauses:
        known.paused(pause)
        for _ in range(ends_each):
            known.ended()
    return known


def test_stranger() -> None:
    assert LearnedPauses().endpointing_delay == pytest.approx(0.5)
    assert LearnedPauses().likely_done == pytest.approx(0.12)


@pytest.mark.parametrize(
    ("pauses", "delay"),
    [
        ([0.12] * 40, MIN_ENDPOINTING_SECONDS),
        ([0.3] * 40, 0.4),
        ([0.6] * 40, 0.7),
        ([2.0] * 40, MAX_ENDPOINTING_SECONDS),
        ([0.05] * 40, 0.5),
    ],
    ids=["quick", "usual", "slow", "slower than is borne", "consonants are no pauses"],
)
def test_delay_follows_the_person(pauses: list[float], delay: float) -> None:
    assert learned(pauses).endpointing_delay == pytest.approx(delay, abs=0.001)


def test_one_long_pause_moves_it_a_little() -> None:
    assert 0.5 < learned([0.8]).endpointing_delay < 0.75


def test_who_pauses_in_every_other_sentence_is_possibly_done_at_once_and_likely_after_that_pause() -> None:
    known = learned([0.3] * 40, ends_each=2)
    assert (known.possibly_done, known.likely_done) == (pytest.approx(0.12), pytest.approx(0.32))
    assert learned([0.3] * 40).possibly_done == pytest.approx(0.32)


def test_fixed() -> None:
    known = LearnedPauses(fixed_delay=0.7)
    for _ in range(40):
        known.paused(0.2)
    assert known.endpointing_delay == 0.7


def test_who_went_on_had_not_ended() -> None:
    known = LearnedPauses()
    for _ in range(20):
        known.ended()
        known.continued(0.6)
    assert known.endpointing_delay > 0.6


@pytest.mark.parametrize(("guess", "waste"), [("likely_done", 0.25), ("possibly_done", 0.4)])
def test_guesses_pay(guess: str, waste: float) -> None:
    """Whatever a person's pauses, at most one guess in four is wasted once they are known; two in five of a risk."""
    rng = random.Random(1)
    for pauses_per_end, longest in ((1, 0.45), (3, 0.45), (1, 0.25), (5, 0.8)):
        known = LearnedPauses()
        asked = wasted = 0
        for turn in range(400):
            for _ in range(pauses_per_end):
                pause = rng.uniform(0.12, longest)
                if turn > 20 and (done := getattr(known, guess)) is not None and pause > done:
                    asked += 1
                    wasted += 1
                known.paused(pause)
            asked += 1
            known.ended()
        assert wasted / asked <= waste
