import pytest

from bot.engine.hallucinations import is_plausible

KEPT = [
    ("Good evening, everyone.", 1.2),
    ("Yes.", 0.2),
    ("ha ha ha", 0.8),
    ("no no no no no no", 1.0),
    ("Aki, Ben!", 0.9),
    ("はははははは", 1.0),
    ("はい、そうです。", 0.9),
    ("Thanks for watching!", 2.0),
    ("Aki", 0.4),
    ("very very good, very very nice", 1.5),
]
MADE_UP = [
    ("", 1.0),
    ("...", 1.0),
    ("♪", 3.0),
    ("Thanks for watching!", 0.4),
    ("ご視聴ありがとうございました。", 0.6),
    ("you " * 30, 5.0),
    ("I'm going to go. " * 6, 8.0),
    ("ああああああああああああああああああああああああ", 5.0),
    ("What a long story that nobody could have told in that short time, not even in a hurry", 0.3),
    ("Aki, Ben", 0.3),
    ("Aki Ben.", 0.4),
]


@pytest.mark.parametrize(("text", "voiced"), KEPT)
def test_kept(text: str, voiced: float):
    assert is_plausible(text, voiced, ["Aki", "Ben"]) == text


def test_a_list_of_names_is_an_echo():
    assert is_plausible("Aki, Ben, Yuki", 2.0, ["Aki", "Ben", "Yuki"]) == ""


@pytest.mark.parametrize(("text", "voiced"), MADE_UP)
def test_made_up(text: str, voiced: float):
    assert is_plausible(text, voiced, ["Aki", "Ben"]) == ""
