import random

import pytest

from bot.talk.heard_words import INITIAL_SPEAKING_RATE, SpeakingRate, words_heard

ENGLISH = (
    "The story of the moon is a long one. Four and a half billion years ago, a young planet, about the size of Mars, "
    "struck the earth. The rubble gathered in a ring, and the ring slowly became the moon."
)
JAPANESE = "今日は一日晴れて、気温は二十度くらいになりそうです。夜は少し冷えますので、上着をお持ちください。"


@pytest.mark.parametrize("text", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_share_of_an_ended_stream(text: str) -> None:
    for tenth in range(11):
        heard = words_heard(text, tenth, 10, True, INITIAL_SPEAKING_RATE)
        assert text.startswith(heard)
        assert len(heard) / len(text) == pytest.approx(tenth / 10, abs=0.08)


def test_whole_words() -> None:
    for tenth in range(121):
        heard = words_heard(ENGLISH, tenth / 10, 12, True, INITIAL_SPEAKING_RATE)
        assert not heard or not ENGLISH[len(heard) : len(heard) + 1].isalpha()


EDGES = [
    ("nothing played", (ENGLISH, 0.0, 10.0, True), ""),
    ("everything played", (ENGLISH, 10.0, 10.0, True), ENGLISH),
    ("more played than there was", (ENGLISH, 11.0, 10.0, True), ENGLISH),
    ("no words", ("", 3.0, 10.0, True), ""),
    ("no words yet", ("", 3.0, 3.0, False), ""),
    ("no total", ("Hello there.", 3.0, 0.0, True), "Hello there."),
    ("stream going on, all of its words so far were heard", ("Hello there.", 9.0, 10.0, False), "Hello there."),
]


@pytest.mark.parametrize(("given", "expected"), [edge[1:] for edge in EDGES], ids=[edge[0] for edge in EDGES])
def test_edges(given: tuple[str, float, float, bool], expected: str) -> None:
    assert words_heard(*given, INITIAL_SPEAKING_RATE) == expected


@pytest.mark.parametrize("text", [ENGLISH, JAPANESE], ids=["en", "ja"])
@pytest.mark.parametrize("pace", [0.8, 1.0, 1.25])
def test_cut_in_mid_stream(text: str, pace: float) -> None:
    """The transcript runs at twice the sound's speed; within −30/+15 % of what was heard, once a voice is known.

    What was truly heard is taken from where each character begins, the pace varying from word to word.
    """
    rng = random.Random(4)
    rate = SpeakingRate()
    seconds_each = [pace * _said(char) * rng.uniform(0.9, 1.1) for char in text]
    total = sum(seconds_each)
    for _ in range(5):
        rate.learn(text, total)
    for percent in range(30, 95, 5):
        played = total * percent / 100
        truly = _characters(seconds_each, played)
        streamed = text[: _characters(seconds_each, min(total, 2 * played))]
        heard = len(words_heard(streamed, played, 2 * played, False, rate.value))
        assert -0.30 * truly <= heard - truly <= 0.15 * truly


def _said(char: str) -> float:
    """Seconds somebody needs for a character: 14 letters, 7 kana or 4 kanji a second, and rests at the signs."""
    if char in ".。":
        return 0.35
    if char in ",、":
        return 0.2
    return 1 / 14 if char.isascii() else 1 / 7 if "ぁ" <= char <= "ヿ" else 1 / 4


def _characters(seconds_each: list[float], played: float) -> int:
    passed = 0.0
    for count, seconds in enumerate(seconds_each):
        passed += seconds
        if passed > played:
            return count
    return len(seconds_each)


def test_rate_ignores_what_teaches_nothing() -> None:
    rate = SpeakingRate()
    rate.learn("Yes.", 0.4)
    rate.learn("", 10.0)
    assert rate.value == INITIAL_SPEAKING_RATE
    rate.learn(ENGLISH, 0.0)
    assert rate.value == INITIAL_SPEAKING_RATE


def test_rate_stays_sane() -> None:
    rate = SpeakingRate()
    for _ in range(50):
        rate.learn(ENGLISH * 20, 3.0)
    assert rate.value <= 3 * INITIAL_SPEAKING_RATE
