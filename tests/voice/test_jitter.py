import pytest

from bot.voice.receive.jitter import (
    MAX_BUFFERED_PACKETS,
    MAX_DROPOUT_PACKETS,
    MAX_MISORDER_PACKETS,
    REORDER_WAIT_SECONDS,
    JitterBuffer,
    Late,
)

LONG = 10.0


def run(jitter: JitterBuffer, sequences: list[int], now: float = LONG) -> list[tuple[int, int]]:
    """Push all at time 0, pop at `now`; return (sequence, lost before it)."""
    for sequence in sequences:
        jitter.push(sequence & 0xFFFF, sequence * 960 & 0xFFFFFFFF, str(sequence).encode(), 0.0)
    return [(int(slot.payload), slot.lost) for slot in jitter.pop(now)]


@pytest.mark.parametrize(
    ("sequences", "out"),
    [
        ([1, 2, 3], [(1, 0), (2, 0), (3, 0)]),
        ([3, 1, 2], [(1, 0), (2, 0), (3, 0)]),
        ([1, 1, 2, 2], [(1, 0), (2, 0)]),
        ([1, 3, 4, 5], [(1, 0), (3, 1), (4, 0), (5, 0)]),
        ([65535, 65536, 65537], [(65535, 0), (65536, 0), (65537, 0)]),
        ([65534, 65537], [(65534, 0), (65537, 2)]),
        ([65536, 65535], [(65535, 0), (65536, 0)]),
    ],
)
def test_order_and_loss(sequences: list[int], out: list[tuple[int, int]]):
    assert run(JitterBuffer(), sequences) == out


@pytest.mark.parametrize(
    ("behind", "now", "out"),
    [
        ([3], 0.0, []),
        ([3, 4], 0.0, []),
        ([3, 4, 5], 0.0, [(3, 1), (4, 0), (5, 0)]),
        ([3, 4, 2], 0.0, [(2, 0), (3, 0), (4, 0)]),
        ([3], REORDER_WAIT_SECONDS - 0.001, []),
        ([3], REORDER_WAIT_SECONDS, [(3, 1)]),
    ],
)
def test_a_missing_packet_is_given_up_after_three_others_or_a_while(
    behind: list[int], now: float, out: list[tuple[int, int]]
):
    jitter = JitterBuffer()
    run(jitter, [1])
    assert run(jitter, behind, now) == out


@pytest.mark.parametrize(
    ("before", "sequence", "fate"),
    [
        ([1, 2, 3], 2, Late.DUPLICATE),
        ([1, 5], 3, Late.LATE),
        ([1, 5, 6], 1, Late.DUPLICATE),
    ],
)
def test_what_comes_too_late_is_told_from_what_comes_twice(before: list[int], sequence: int, fate: Late):
    jitter = JitterBuffer()
    run(jitter, before)
    assert jitter.push(sequence, sequence * 960, b"", 0) is fate


@pytest.mark.parametrize("jump", [MAX_DROPOUT_PACKETS + 1, -MAX_MISORDER_PACKETS - 1, 30_000])
def test_a_far_jump_begins_a_new_stream(jump: int):
    jitter = JitterBuffer()
    run(jitter, [500])
    jitter.push(502, 0, b"old", 0)
    assert jitter.push(502 + jump & 0xFFFF, 0, b"new", 0) is None
    assert [(slot.payload, slot.restarted, slot.lost) for slot in jitter.pop(0)] == [
        (b"old", False, 1),
        (b"new", True, 0),
    ]


def test_a_replay_begins_no_new_stream():
    jitter = JitterBuffer()
    run(jitter, [500])
    assert jitter.push(100, 0, b"", 0, fresh=False) is Late.REPLAYED
    assert run(jitter, [501]) == [(501, 0)]


def test_a_long_loss_is_no_new_stream():
    jitter = JitterBuffer()
    run(jitter, [500])
    assert run(jitter, [500 + MAX_DROPOUT_PACKETS]) == [(500 + MAX_DROPOUT_PACKETS, MAX_DROPOUT_PACKETS - 1)]


def test_it_keeps_a_bounded_number():
    jitter = JitterBuffer()
    fates = [jitter.push(sequence, 0, b"", 0) for sequence in range(MAX_BUFFERED_PACKETS + 10)]
    assert fates == [None] * MAX_BUFFERED_PACKETS + [Late.OVERFLOW] * 10
    assert len(jitter) == MAX_BUFFERED_PACKETS


def test_a_restart_at_every_packet_keeps_a_bounded_number():
    jitter = JitterBuffer()
    for n in range(10 * MAX_BUFFERED_PACKETS):
        jitter.push(n * 20_000 & 0xFFFF, 0, b"", 0)
        assert len(jitter) <= MAX_BUFFERED_PACKETS
