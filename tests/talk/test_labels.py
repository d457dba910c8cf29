"""Everyone in a channel has a label of their own, which stays theirs."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import escape
from bot.engine.quoting import plain
from bot.talk.labels import MAX_PERSON_LABEL_CHARACTERS, Labels, labelled
from bot.talk.skeleton import skeleton
from bot.types import Message

START = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)


def bot_name() -> str:
    return "Kikite"


def labels_of(*names: str) -> list[str]:
    labels = Labels(bot_name)
    return [labels.of(user_id, name) for user_id, name in enumerate(names)]


def line(user_id: int, speaker: str, second: int = 0) -> Message:
    return Message("user", user_id, speaker, "hm", START + timedelta(seconds=second))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Anna", "Ben"), ["Anna", "Ben"]),
        (("Alex", "Alex", "Alex"), ["Alex", "Alex (2)", "Alex (3)"]),
        (("Alex", "alex", "ALEX"), ["Alex", "alex (2)", "ALEX (3)"]),
        (("Alex", "Al ex", " Alex\u200b"), ["Alex", "Al ex (2)", "Alex (3)"]),
        (("Alex", "Аlex", "Αlex"), ["Alex", "Аlex (2)", "Αlex (3)"]),
        (("Alex", "Ａｌｅｘ", "𝐀𝐥𝐞𝐱"), ["Alex", "Ａｌｅｘ (2)", "𝐀𝐥𝐞𝐱 (3)"]),
        (("Alex", "AIex", "A1ex"), ["Alex", "AIex (2)", "A1ex (3)"]),
        (("Nick", "Νick"), ["Nick", "Νick (2)"]),
        (("Alex", "ᴀʟᴇx", "🅐🅛🅔🅧"), ["Alex", "ᴀʟᴇx (2)", "🅐🅛🅔🅧 (3)"]),
        (("Alex", "Alex\U000e0100", "Al\u2065ex\U000e0fff"), ["Alex", "Alex\U000e0100 (2)", "Alex (3)"]),
        (("Alex", "A\u0483lex", "Alex\u3099", "Ałєx"), ["Alex", "A\u0483lex (2)", "Alex\u3099 (3)", "Ałєx (4)"]),
        (("辻", "辻\U000e0101"), ["辻", "辻\U000e0101 (2)"]),
        (("\u17b4", "\ufff5"), ["someone", "someone (2)"]),
        (("नीना", "नाना"), ["नीना", "नाना"]),
        (("Bernd", "Bemd"), ["Bernd", "Bemd (2)"]),
        (("محمد", "محمّد", "مـحـمـد"), ["محمد", "محمّد (2)", "مـحـمـد (3)"]),
        (("علي", "علی", "على"), ["علي", "علی (2)", "على (3)"]),
        (("كريم", "کریم", "كرم"), ["كريم", "کریم (2)", "كرم"]),
        (("Alex", "ᗩᒪᗴ᙭", "𐊠lex", "A|ex", "Alex\ufffc"), ["Alex", "ᗩᒪᗴ᙭ (2)", "𐊠lex (3)", "A|ex (4)", "Alex (5)"]),
        (("オ", "才", "山口", "山囗"), ["オ", "才 (2)", "山口", "山囗 (2)"]),
        (("Jose", "José"), ["Jose", "José (2)"]),
        (("Alex 👋", "Alex 👋🏽", "Alex 🎸"), ["Alex 👋", "Alex 👋🏽 (2)", "Alex 🎸"]),
        (("Alex", "Alex.", "Alex (2)", "Alex"), ["Alex", "Alex. (2)", "Alex (2) (2)", "Alex (3)"]),
        (("Alex (2)", "Alex", "Alex"), ["Alex (2)", "Alex", "Alex (3)"]),
        (("Kikite", "kikite\u200d", "Кikite"), ["Kikite (2)", "kikite\u200d (3)", "Кikite (4)"]),
        (("\u3164", "\u115f\u2800", "\u0301", ""), ["someone", "someone (2)", "someone (3)", "someone (4)"]),
        (("はな", "ばな", "ハナ"), ["はな", "ばな", "ハナ"]),
        (("ロ", "口", "力", "カ"), ["ロ", "口 (2)", "力", "カ (2)"]),
        (("...", "!!!", "…"), ["...", "!!!", "… (2)"]),
        (("'", '"'), ["'", '" (2)']),
        (("x" * 32, "x" * 33), ["x" * 32, "x" * 28 + " (2)"]),
        (('Al"ex', "Al'ex", "Al\nex"), ['Al"ex', "Al'ex (2)", "Al ex (3)"]),
    ],
)
def test_no_two_people_have_labels_that_look_alike(names: tuple[str, ...], expected: list[str]) -> None:
    assert labels_of(*names) == expected


def names() -> st.SearchStrategy[str]:
    alike = st.text(st.sampled_from("aаαＡáÁ 1lI()2\u200b\u0301\u3164👋🏽'\".\n"), max_size=4)
    return st.one_of(alike, st.text(max_size=40))


@given(st.lists(names(), max_size=12))
def test_whatever_the_names_the_labels_are_distinct_wherever_they_are_read(given_names: list[str]) -> None:
    labels = labels_of(*given_names)
    for shown in (skeleton, plain, escape.name, str.casefold):
        assert len({shown(label) for label in labels}) == len(labels)
    for label in labels:
        assert label
        assert label.isprintable() or "\u200c" in label or "\u200d" in label or "Cn" in map(unicodedata.category, label)
        assert len(label) <= MAX_PERSON_LABEL_CHARACTERS


def test_a_label_stays_with_its_person() -> None:
    labels = Labels(bot_name)
    assert [labels.of(1, "Alex"), labels.of(2, "Alex")] == ["Alex", "Alex (2)"]
    assert [labels.of(2, "Alex"), labels.of(1, "Alex")] == ["Alex (2)", "Alex"], "whoever comes back first"
    assert labels.known(1) == "Alex"
    assert labels.of(3, "Alex") == "Alex (3)"


def test_a_new_name_is_taken_up_and_the_old_one_is_nobody_elses() -> None:
    labels = Labels(bot_name)
    assert labels.of(1, "Alex") == "Alex"
    assert labels.of(1, "Sasha") == "Sasha"
    assert labels.of(2, "Alex") == "Alex (2)", "what stands above as Alex was said by somebody else"
    assert labels.of(2, "Sasha") == "Sasha (2)"
    assert labels.of(1, "Alex") == "Alex"
    assert [message.speaker for message in labels.on([line(1, "Sasha"), line(2, "Alex (2)")])] == ["Alex", "Sasha (2)"]


def test_the_bot_may_take_a_persons_name() -> None:
    name = "Kikite"
    labels = Labels(lambda: name)
    assert labels.of(1, "Alex") == "Alex"
    name = "alex"
    assert labels.of(1, "Alex") == "Alex (2)"


def test_a_new_call_takes_the_labels_up() -> None:
    labels = Labels(bot_name, [line(1, "Alex", 1), line(2, "Alex (2)", 2)])
    assert [labels.of(2, "Alex"), labels.of(1, "Alex")] == ["Alex (2)", "Alex"]
    alone = Labels(bot_name, [line(2, "Alex (2)")])
    assert [alone.of(3, "Alex"), alone.of(2, "Alex")] == ["Alex", "Alex (2)"]


def test_lines_of_before_are_told_apart() -> None:
    answer = Message("assistant", 9, "Kikite", "hm", START)
    lines = [line(1, "Alex", 1), line(2, "Alex", 2), line(3, "Kikite", 3), line(1, "Sasha", 4), answer]
    assert [message.speaker for message in labelled(lines, "Kikite")] == [
        "Sasha",
        "Alex",
        "Kikite (2)",
        "Sasha",
        "Kikite",
    ]


def test_the_labels_of_a_call_go_before_those_of_older_lines() -> None:
    people = {1: "Alex", 2: "Alex (2)", 4: "Sasha"}
    lines = [line(4, "Alex", 1), line(3, "Alex", 2), line(2, "Alex", 3)]
    assert [message.speaker for message in labelled(lines, "Kikite", people)] == ["Sasha", "Alex (3)", "Alex (2)"]


def test_who_is_forgotten_leaves_no_name() -> None:
    labels = Labels(bot_name)
    labels.of(1, "Alex")
    labels.of(1, "Sasha")
    labels.forget(1)
    assert labels.known(1) is None
    assert [labels.of(2, "Alex"), labels.of(2, "Sasha")] == ["Alex", "Sasha"]
