from bot.voice.receive.ssrcs import BURST, MAX_KNOWN, RATE, Ssrc, SsrcTable


def admitted(source: Ssrc, per_second: float, seconds: float, start: float = 0.0) -> int:
    count = round(per_second * seconds)
    return sum(source.admit(start + n / per_second) for n in range(count))


def test_a_microphone_is_never_limited():
    assert admitted(Ssrc(1), 100, 60) == 6000


def test_a_burst_after_a_stall_is_not_limited():
    source = Ssrc(1)
    assert admitted(source, 50, 2) == 100
    assert sum(source.admit(5.0) for _ in range(150)) == 150


def test_a_flood_is():
    assert admitted(Ssrc(1), 5000, 10) <= BURST + 10 * RATE + 1


def test_a_person_has_one_ssrc():
    sources = SsrcTable()
    first, _ = sources.bind(1, 11)
    second, former = sources.bind(2, 11)
    assert (sources.of(11), former) == (second, first)
    assert sources.named == {11}
    assert len(sources) == 1


def test_an_ssrc_has_one_person():
    sources = SsrcTable()
    sources.bind(1, 11)
    source, _ = sources.bind(1, 12)
    assert (sources.of(11), sources.of(12)) == (None, source)


def test_an_unknown_one_keeps_what_it_held_when_its_person_becomes_known():
    sources = SsrcTable()
    stranger = sources.at(1)
    assert sources.bind(1, 11) == (stranger, None)
    assert sources.at(1) is stranger


def test_unknown_ones_are_bounded():
    sources = SsrcTable(max_unknown=3)
    found = [sources.at(ssrc) for ssrc in range(10)]
    assert [source is not None for source in found] == [True] * 3 + [False] * 7
    assert sources.at(0) is found[0]
    assert sources.bind(9, 11)[0] is sources.at(9)


def test_known_ones_are_bounded_and_the_oldest_goes():
    sources = SsrcTable()
    for n in range(MAX_KNOWN + 5):
        sources.bind(n, 10_000 + n)
    assert len(sources) == MAX_KNOWN
    assert sources.of(10_000) is None
    assert sources.of(10_005) is not None
