"""The bounded inbox, and what a flood leaves of it."""

import math

from bot.voice.receive.inbox import MAX_INBOX_DATAGRAMS, Inbox
from tests.voice.fake_room import ANN, SECRET, Person


def test_the_inbox_drops_the_oldest_and_counts() -> None:
    inbox = Inbox()
    for number in range(MAX_INBOX_DATAGRAMS + 3):
        inbox.push(b"\x80\xf8" + number.to_bytes(40), float(number))
    assert (inbox.received, inbox.dropped) == (MAX_INBOX_DATAGRAMS + 3, 3)
    drained = list(inbox.drain(math.inf))
    assert drained[0][1] == 3.0
    assert len(drained) == MAX_INBOX_DATAGRAMS
    assert list(inbox.drain(math.inf)) == []


def test_a_flood_of_junk_leaves_room_for_sound() -> None:
    inbox = Inbox()
    sound = b"\x90\x78" + bytes(60)
    for number in range(100 * MAX_INBOX_DATAGRAMS):
        inbox.push(b"\x80\xc8" + bytes(60), 0.0)
        if number % 1000 == 0:
            inbox.push(sound, 0.0)
    assert inbox.dropped == 0
    assert inbox.refused == 100 * MAX_INBOX_DATAGRAMS + 150 - inbox.received
    assert [datagram for datagram, _ in inbox.drain(math.inf)].count(sound) == 150


def test_a_flood_in_the_name_of_a_speaker_leaves_room_for_what_is_theirs() -> None:
    """Everything looks alike but for the seal: header and SSRC are the speaker's."""
    inbox = Inbox()
    inbox.rekey(SECRET)
    person = Person(ANN, 7)
    said = [datagram for _ in range(10) for datagram in person.say(15)]
    forged = [said[0][:-8] + number.to_bytes(8) for number in range(1000)]
    for datagram in said:
        for junk in forged:
            inbox.push(junk, 0.0)
        inbox.push(datagram, 0.0)
    assert inbox.dropped == 0
    assert len(inbox) <= MAX_INBOX_DATAGRAMS // 2 + 1 + len(said)
    assert [datagram for datagram, _ in inbox.drain(math.inf) if datagram in set(said)] == said


def test_a_new_session_has_a_new_key() -> None:
    inbox = Inbox(2)
    inbox.rekey(bytes(32))
    inbox.rekey(SECRET)
    for datagram in Person(ANN, 7).say(3):
        inbox.push(datagram, 0.0)
    assert (inbox.received, inbox.refused, inbox.dropped) == (3, 0, 1)


def test_a_late_tick_gets_only_what_had_arrived_by_its_time() -> None:
    inbox = Inbox()
    for number in range(4):
        inbox.push(bytes([number]), 5.0 + number / 50)
    assert [datagram for datagram, _ in inbox.drain(5.03)] == [b"\0", b"\1"]
    assert [datagram for datagram, _ in inbox.drain(math.inf)] == [b"\2", b"\3"]
