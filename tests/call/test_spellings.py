"""How names are written here: learned from corrections, bounded, and let go."""

from dataclasses import replace

import pytest

from bot.call.spellings import MAX_SPELLINGS, Spellings, names_learned
from tests.store.make import ANNA, BEN, said


@pytest.mark.parametrize(
    ("before", "after", "learned"),
    [
        ("i met i don lovelace", "I met Ada Lovelace.", ["Ada", "Lovelace"]),
        ("ask kick it a", "Ask Kikite", ["Kikite"]),
        ("The cat. We go.", "The cat. We go.", []),
        ("the cat", "The cat. We're here, I'm sure. But why?", []),
        ("over there", "Tanaka-san said so", ["Tanaka-san"]),
        ("o brien", "It was O’Brien", ["O’Brien"]),
        ("ada came", "Ada came", []),
        ("we saw ada", "we saw Ada", ["Ada"]),
        ("桐の手を呼んで", "キキテを呼んで", ["キキテ"]),
        ("高橋さん", "髙橋さんと山田・太郎さん", ["髙橋", "山田", "太郎"]),
        ("Zürich", "Zürich und Ölten", ["Ölten"]),
        ("x", "A" * 41 + " B", []),
        ("it is 5", "it is 5 or 6", []),
    ],
)
def test_words_that_look_like_names_and_are_new(before: str, after: str, learned: list[str]) -> None:
    assert names_learned(before, after) == learned


def test_the_newest_words_of_each_channel_are_kept() -> None:
    spellings = Spellings()
    for number in range(30):
        line = said(number, text="x")
        spellings.correct(1, line, replace(line, text=f"so Name{number} and Twice"))
    spellings.correct(2, said(1, text="x"), said(1, text="so Other"))
    kept = spellings.of(1)
    assert len(kept) == MAX_SPELLINGS
    assert kept[:3] == ["Name29", "Twice", "Name28"]
    assert spellings.of(2) == ["Other"]
    assert spellings.of(3) == []


def test_words_go_with_their_line_person_and_channel() -> None:
    spellings = Spellings()
    lines = [said(1, ANNA, "x"), said(2, BEN, "x"), said(3, BEN, "x")]
    for number, line in enumerate(lines):
        spellings.correct(1, line, replace(line, text=f"so Name{number}"))
    spellings.drop_lines(1, {lines[2].id})
    assert spellings.of(1) == ["Name1", "Name0"]
    spellings.forget_person(ANNA)
    assert spellings.of(1) == ["Name1"]
    spellings.clear_channel(1)
    assert spellings.of(1) == []


def test_what_the_store_kept_of_them_is_known_again() -> None:
    before, after = Spellings(), Spellings()
    line = said(1, ANNA, "ask kick it a and eye da")
    first = replace(line, text="ask Kikite and eye da")
    second = replace(line, text="ask Kikite and Ada")
    before.correct(1, line, first)
    before.correct(1, first, second)
    kept = before.gleaning(1, second)
    assert kept is not None
    assert (kept.text, kept.speaker_id, kept.at, kept.audio_id) == ("Ada\nKikite", ANNA, line.at, line.id)
    after.load(1, [kept])
    after.load(1, [kept])
    assert after.of(1) == before.of(1) == ["Ada", "Kikite"]
    after.drop_lines(1, {line.id})
    assert after.of(1) == []
    before.correct(1, second, replace(line, text="ask Ada"))
    assert before.of(1) == ["Ada"], "it stands in the line no more"
    assert before.gleaning(1, said(2)) is None
