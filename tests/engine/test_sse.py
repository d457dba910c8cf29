import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine import sse
from bot.engine.sse import EventParser

CASES = {
    "plain": (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
    "CR LF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
    "CR": (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
    "all line ends": (b"data: a\r\n\ndata: b\n\r\rdata: c\r\r\n", [b"a", b"b", b"c"]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
    "fields in any order": (b"data: a\nid: 1\nevent: x\n\nevent: y\ndata: b\n\n", [b"a", b"b"]),
    "comments and other fields": (b": ping\n\nevent: x\nid: 3\nretry: 9\ndata: a\n\n: ping\n\n", [b"a"]),
    "no space": (b"data:a\n\n", [b"a"]),
    "several lines": (b"data: a\ndata: b\n\n", [b"a\nb"]),
    "no empty line at the end": (b"data: a\n\ndata: b", [b"a", b"b"]),
    "nothing": (b"", []),
    "UTF-8": ("data: 聞き手\n\n".encode(), ["聞き手".encode()]),
}


@pytest.mark.parametrize(("stream", "events"), CASES.values(), ids=CASES)
def test_events(stream: bytes, events: list[bytes]):
    whole = EventParser()
    assert [event.data for event in (*whole.feed(stream), *whole.end())] == events
    bytewise = EventParser()
    got = [event for at in range(len(stream)) for event in bytewise.feed(stream[at : at + 1])]
    assert [event.data for event in (*got, *bytewise.end())] == events


@given(st.lists(st.binary()))
def test_no_bytes_break_it(parts: list[bytes]):
    parser = EventParser()
    for part in parts:
        parser.feed(part)
    parser.end()


def test_a_line_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    parser = EventParser()
    parser.feed(b"data: " + b"a" * 900)
    with pytest.raises(ValueError, match="too long"):
        parser.feed(b"a" * 200)


def test_an_event_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 10_000)
    parser = EventParser()
    with pytest.raises(ValueError, match="too long"):
        parser.feed(b"data:\n" * 1000)


def test_events_have_their_names():
    parser = EventParser()
    assert [event.name for event in parser.feed(b"event: error\ndata: {}\n\ndata: {}\n\n")] == ["error", ""]
