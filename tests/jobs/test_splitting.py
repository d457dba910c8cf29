"""A programme is cut between chapters, else in a pause, and fades where it is cut."""

import numpy as np
import pytest

from bot.audio import SPEAK_RATE
from bot.jobs.splitting import faded, file_ends, pauses_in
from tests.files.sounds import tone


@pytest.mark.parametrize(
    ("chapters", "pauses", "ends"),
    [
        ([60.0], [20.0, 70.0], [60.0, 120.0]),
        ([20.0], [20.0, 70.0, 85.0], [70.0, 120.0]),
        ([], [20.0], [100.0, 120.0]),
        ([51.0, 99.0], [], [99.0, 120.0]),
    ],
    ids=["a chapter", "a chapter too near the beginning", "nothing fits", "the last chapter that fits"],
)
def test_files_end_at_chapters_or_pauses(chapters: list[float], pauses: list[float], ends: list[float]) -> None:
    assert file_ends(120.0, 100.0, chapters, pauses) == ends


def test_the_last_file_is_no_leftover() -> None:
    assert file_ends(54.4, 18.6, [], [17.0, 18.0, 35.0, 44.0, 53.7]) == [18.0, 35.0, 44.0, 54.4]


def test_what_fits_is_not_cut() -> None:
    assert file_ends(100.0, 100.0, [50.0], [60.0]) == [100.0]


def test_pauses_are_found() -> None:
    pcm = tone(1, rate=SPEAK_RATE) + bytes(SPEAK_RATE) + tone(1, rate=SPEAK_RATE) + bytes(SPEAK_RATE // 10)
    assert pauses_in(pcm) == [pytest.approx(1.25, abs=0.02)]


@pytest.mark.parametrize(("first", "last"), [(True, False), (False, False), (False, True)])
def test_a_cut_fades_on_both_sides(first: bool, last: bool) -> None:
    whole = np.full(SPEAK_RATE, 10_000, "<i2")
    pieces = [whole[at : at + 777] for at in range(0, SPEAK_RATE, 777)]
    at, out = 0, b""
    for piece in pieces:
        out += faded(piece.tobytes(), at, SPEAK_RATE, first=first, last=last)
        at += len(piece)
    found = np.frombuffer(out, "<i2")
    assert (found[0] < 100) == (not first)
    assert (found[-1] < 100) == (not last)
    assert np.abs(np.diff(found.astype(int))).max() < 100
    assert (found[1000:-1000] == 10_000).all()
