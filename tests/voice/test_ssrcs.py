from bot.voice.receive.ssrcs import MAX_BURST_PACKETS, MAX_KNOWN_SSRCS, MAX_PACKETS_PER_SECOND, Ssrc, SsrcTable


def admitted(ssrc: Ssrc, per_second: float, seconds: float, start: float = 0.0) -> int:
    count = round(per_second * seconds)
    return sum(ssrc.admit(start + n / per_second) for n in range(count))


def test_a_microphone_is_never_limited():
    assert admitted(Ssrc(1), 100, 60) == 6000


def test_a_burst_after_a_stall_is_not_limited():
    ssrc = Ssrc(1)
    assert admitted(ssrc, 50, 2) == 100
    assert sum(ssrc.admit(5.0) for _ in range(150)) == 150


def test_a_flood_is():
    assert admitted(Ssrc(1), 5000, 10) <= MAX_BURST_PACKETS + 10 * MAX_PACKETS_PER_SECOND + 1


def test_a_person_has_one_ssrc():
    table = SsrcTable()
    first, _ = table.bind(1, 11)
    second, former = table.bind(2, 11)
    assert (table.of(11), former) == (second, first)
    assert table.mapped_users == {11}
    assert len(table) == 1


def test_an_ssrc_has_one_person():
    table = SsrcTable()
    table.bind(1, 11)
    ssrc, _ = table.bind(1, 12)
    assert (table.of(11), table.of(12)) == (None, ssrc)


def test_an_unknown_one_keeps_what_it_held_when_its_person_becomes_known():
    table = SsrcTable()
    unknown = table.at(1)
    assert table.bind(1, 11) == (unknown, None)
    assert table.at(1) is unknown


def test_unknown_ones_are_bounded():
    table = SsrcTable(max_unknown=3)
    found = [table.at(number) for number in range(10)]
    assert [ssrc is not None for ssrc in found] == [True] * 3 + [False] * 7
    assert table.at(0) is found[0]
    assert table.bind(9, 11)[0] is table.at(9)


def test_known_ones_are_bounded_and_the_oldest_goes():
    table = SsrcTable()
    for n in range(MAX_KNOWN_SSRCS + 5):
        table.bind(n, 10_000 + n)
    assert len(table) == MAX_KNOWN_SSRCS
    assert table.of(10_000) is None
    assert table.of(10_005) is not None
