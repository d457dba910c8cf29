"""Stretches of what could not be heard, and their verdicts."""

from bot.call.undecoded_speech import UndecodedSpeech

ANNA, BEN = 1, 2


def test_each_stretch_has_one_verdict() -> None:
    missed = UndecodedSpeech()
    told = []
    for tick in range(300):
        now = tick * 0.02
        unheard = {BEN} if 50 <= tick < 100 or 200 <= tick < 210 else set()
        unopened = {ANNA: 3} if tick in (10, 40, 80, 250) else {}
        told += missed.step(now, unheard, unopened)
    assert [(verdict.user_id, verdict.outcome, verdict.detail) for verdict in told] == [
        (BEN, "no_consent", {"seconds": 1.0}),
        (ANNA, "undecryptable", {"count": 9}),
        (BEN, "no_consent", {"seconds": 0.2}),
    ]
    assert [round(verdict.at, 2) for verdict in told] == [1.0, 0.2, 4.0]


def test_whoever_is_not_allowed_reads_so_agreed_or_not() -> None:
    missed = UndecodedSpeech()
    assert not missed.step(1.0, {ANNA, BEN}, {}, frozenset({BEN}))
    told = missed.step(2.0, set(), {}, frozenset({BEN}))
    assert {verdict.user_id: verdict.outcome for verdict in told} == {ANNA: "no_consent", BEN: "not_allowed"}
