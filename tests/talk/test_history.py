from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.talk.history import History
from bot.types import Message

START = datetime(2026, 11, 1, 20, 0, tzinfo=UTC)


def message(second: float, text: str = "hm", speaker: int = 1) -> Message:
    return Message("user", speaker, "Anna", text, START + timedelta(seconds=second))


def test_order_is_when_it_was_said() -> None:
    """Words become known late: the transcript of a question may come after the answer began."""
    history = History([message(5, "answer"), message(1, "question")])
    history.append(message(3, "aside"))
    assert [line.text for line in history.messages] == ["question", "aside", "answer"]


def test_same_moment_keeps_the_order_of_arrival() -> None:
    history = History([message(1, "a"), message(1, "b")])
    assert [line.text for line in history.messages] == ["a", "b"]


def test_bounds() -> None:
    counts: Counter[str] = Counter()
    history = History((message(second) for second in range(10)), limit=4, counts=counts)
    assert [line.at.second for line in history.messages] == [6, 7, 8, 9]
    assert counts == {"history_trimmed": 6}
    history = History((message(second, "x" * 30) for second in range(10)), characters=100)
    assert len(history) == 3
    assert len(History([message(0, "x" * 1000)], characters=100)) == 1, "the newest stays, however long"


def test_forget_and_clear() -> None:
    history = History([message(1, "a", 1), message(2, "b", 2), message(3, "c", 1)])
    assert history.forget(1) == 2
    assert [line.text for line in history.messages] == ["b"]
    history.clear()
    assert len(history) == 0


def test_words_take_the_place_kept_for_them() -> None:
    place = message(1, "[not written down yet]")
    history = History([place, message(2, "next")], characters=60)
    assert history.put(replace(place, text="What did you say?"))
    assert [line.text for line in history.messages] == ["What did you say?", "next"]
    history.remove(place.id)
    assert [line.text for line in history.messages] == ["next"]
    assert not history.put(place), "it was forgotten meanwhile"


def test_words_that_come_later_count_for_the_bound() -> None:
    place = message(2, "")
    history = History([message(1, "x" * 60), place], characters=100)
    history.put(replace(place, text="y" * 60))
    assert [line.text[0] for line in history.messages] == ["y"]
