"""Words that repeat what the bot is saying."""

import pytest

from bot.talk.echo_words import without_echo

MOON = "The story of the moon is a long one. Four and a half billion years ago, a young planet struck the earth."

ECHOES = [
    ("all of it", "a young planet struck the earth", MOON),
    ("other case and signs", "Four and a half billion years ago... A young", MOON),
    ("misheard in places", "the story of the mood is a lone one", MOON),
    ("cut off at both ends", "half billion years ago a young pla", MOON),
    ("Japanese", "今日は一日晴れて、気温は", "今日は一日晴れて、気温は二十度くらいになりそうです。"),
]
OWN = [
    ("something else", "what about the sun", MOON),
    ("a question with some of its words", "Did you say the moon is old?", MOON),
    ("two words may be chance", "the moon", MOON),
    ("said when the bot was silent", "a young planet struck the earth", ""),
    ("Japanese", "明日の天気はどうですか", "今日は一日晴れて、気温は二十度くらいになりそうです。"),
    ("nothing", "", MOON),
]


@pytest.mark.parametrize(("text", "said"), [case[1:] for case in ECHOES], ids=[case[0] for case in ECHOES])
def test_nothing_but_an_echo(text: str, said: str) -> None:
    assert without_echo(text, said) == ""


@pytest.mark.parametrize(("text", "said"), [case[1:] for case in OWN], ids=[case[0] for case in OWN])
def test_a_persons_own_words(text: str, said: str) -> None:
    assert without_echo(text, said) == text


def test_words_over_the_echo_stay() -> None:
    heard = "four and a half billion years ago sorry wait a moment I have one more question about that"
    assert without_echo(heard, MOON) == "sorry wait a moment I have one more question about that"
