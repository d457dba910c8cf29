import pytest

from bot.voice.receive.pending_packets import MAX_PENDING_PACKETS, MAX_PENDING_SECONDS, PendingPacket, PendingPackets


def held(sequence: int, arrived: float = 0.0) -> PendingPacket:
    return PendingPacket(sequence, 0, b"", arrived, True)


def filled(count: int, keys: object = 1) -> PendingPackets:
    pending = PendingPackets()
    for sequence in range(count):
        pending.add(held(sequence, sequence * 0.02), keys)
    return pending


def test_it_is_retried_from_its_head_only_when_the_keys_changed():
    pending, tried = filled(3), list[int]()
    pending.retry(1, lambda packet: bool(tried.append(packet.sequence)))
    assert tried == []
    pending.retry(2, lambda packet: bool(tried.append(packet.sequence)))
    assert tried == [0, 1, 2]
    assert len(pending) == 3


def test_what_opens_leaves_and_what_does_not_stays_in_order():
    pending, left = filled(4), list[int]()
    pending.retry(2, lambda packet: packet.sequence in (0, 2))
    pending.retry(3, lambda packet: bool(left.append(packet.sequence)))
    assert left == [1, 3]


@pytest.mark.parametrize(("opens", "left"), [(set(), 4), ({0}, 3), ({0, 1, 2, 3}, 0), ({1, 2}, 4)])
def test_a_probe_tries_the_head_alone_first(opens: set[int], left: int):
    pending = filled(4)
    pending.probe(lambda packet: packet.sequence in opens)
    assert len(pending) == left


def test_it_keeps_the_newest_of_a_bounded_number():
    pending = PendingPackets()
    assert [pending.add(held(n), 1) for n in range(MAX_PENDING_PACKETS + 2)] == [False] * MAX_PENDING_PACKETS + [
        True
    ] * 2
    first = list[int]()
    pending.retry(2, lambda packet: bool(first.append(packet.sequence)))
    assert first == list(range(2, MAX_PENDING_PACKETS + 2))


@pytest.mark.parametrize(
    ("now", "gone"), [(0.0, 0), (MAX_PENDING_SECONDS, 0), (MAX_PENDING_SECONDS + 0.03, 2), (9.0, 5)]
)
def test_it_lets_go_of_what_waited_too_long(now: float, gone: int):
    pending = filled(5)
    assert pending.expire(now) == gone
    assert len(pending) == 5 - gone
