"""What a voice packet costs on its way in: by stage, with one speaker and with fifty, and what junk costs.

Run by `./dev pytest tests/bench/test_receive.py -n 0`; prints microseconds per packet beside those of
others (measured on the same kind of machine in November 2026, mostly without end-to-end encryption).
"""

import os
from collections.abc import Callable

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bot.audio import SPEAK_RATE
from bot.voice.aead import Aead
from bot.voice.dave import Opener
from bot.voice.opus import OpusDecoder, OpusEncoder
from bot.voice.receive import rtp
from bot.voice.receive.jitter import JitterBuffer
from bot.voice.receive.receiver import Receiver
from sandbox.clips import CLIPS_FOLDER
from sandbox.media import to_pcm
from tests.voice.fake_room import BOT, SECRET, TICK, Mls, Person, library, new_receiver

PACKETS = 250
"""Per speaker and round: 5 s."""
PEERS = {
    "LiveKit, with VAD": 574.0,
    "Pipecat, with VAD": 1241.0,
    "discord-ext-voice-recv, no E2EE": 291.0,
    "discord.js, no E2EE": 139.0,
    "target at 50 speakers, E2EE and VAD": 100.0,
}
VOICE = to_pcm(CLIPS_FOLDER / "bot-moon.ogg", SPEAK_RATE)


@pytest.fixture
def report(figures: dict[str, list[str]]) -> Callable[[str, float], None]:
    """Return what notes microseconds per packet under a name."""
    lines = figures.setdefault("Receive: us per packet", [f"{cost:8.1f}  {name}" for name, cost in PEERS.items()])
    return lambda name, cost: lines.append(f"{cost:8.1f}  {name}")


@pytest.fixture(scope="module")
def mls() -> Mls:
    group = Mls()
    group.join(BOT)
    group.join(*range(1000, 1050))
    return group


def crowd(mls: Mls, count: int) -> list[Person]:
    return [Person(user, user, mls.sessions[user], VOICE) for user in range(1000, 1000 + count)]


def measure(
    benchmark: BenchmarkFixture,
    report: Callable[[str, float], None],
    name: str,
    packets: int,
    setup: Callable[[], tuple[tuple[object, ...], dict[str, object]]],
    run: Callable[..., object],
) -> None:
    """Time `run` on what `setup` makes anew each round, and note the best round's microseconds per packet."""
    benchmark.pedantic(run, setup=setup, rounds=3, warmup_rounds=1)
    if benchmark.stats is not None:
        best: float = benchmark.stats.stats.min  # pyright: ignore[reportAssignmentType]
        report(name, best * 1e6 / packets)


@pytest.mark.parametrize("speakers", [1, 50])
def test_whole_way(benchmark: BenchmarkFixture, report: Callable[[str, float], None], mls: Mls, speakers: int):
    people = crowd(mls, speakers)
    receiver = new_receiver(mls.sessions[BOT], people)
    packets = PACKETS if speakers == 1 else PACKETS // 10
    clock = [0.0]

    def setup() -> tuple[tuple[object, ...], dict[str, object]]:
        # Replays are refused, so each round needs packets of its own.
        return (list(zip(*(person.say(packets) for person in people), strict=True)),), {}

    def run(ticks: list[tuple[bytes, ...]]) -> None:
        now = clock[0]
        for tick in ticks:
            now += TICK
            for datagram in tick:
                receiver.push(datagram, now)
            receiver.frames(now)
        clock[0] = now

    measure(benchmark, report, f"ours without VAD, {speakers} speaking", packets * speakers, setup, run)
    assert receiver.stats.decoded == receiver.stats.received


def test_rtp(benchmark: BenchmarkFixture, report: Callable[[str, float], None], mls: Mls):
    datagrams = crowd(mls, 1)[0].say(PACKETS, padding=4)
    plain = [(packet, bytes(120) + b"\4") for d in datagrams if isinstance(packet := rtp.parse(d), rtp.RtpPacket)]

    def run() -> None:
        for datagram in datagrams:
            rtp.parse(datagram)
        for packet, plaintext in plain:
            rtp.payload(packet, plaintext)

    measure(benchmark, report, "  RTP header, padding, extension", PACKETS, lambda: ((), {}), run)


def test_aead(benchmark: BenchmarkFixture, report: Callable[[str, float], None], mls: Mls):
    packets = [rtp.parse(datagram) for datagram in crowd(mls, 1)[0].say(PACKETS)]
    aead = Aead(SECRET)

    def run() -> None:
        for packet in packets:
            assert not isinstance(packet, rtp.Reject)
            aead.open(packet.header, packet.body)

    measure(benchmark, report, "  transport encryption", PACKETS, lambda: ((), {}), run)


def test_dave(benchmark: BenchmarkFixture, report: Callable[[str, float], None], mls: Mls):
    session, opener = mls.sessions[1001], Opener(mls.sessions[BOT], 1)
    encoder = OpusEncoder(library())
    opus = [encoder.encode(VOICE[at : at + 960]) for at in range(0, PACKETS * 960, 960)]

    def setup() -> tuple[tuple[object, ...], dict[str, object]]:
        return ([session.encrypt_opus(packet) for packet in opus],), {}

    def run(sealed: list[bytes]) -> None:
        for payload in sealed:
            opener.open(1001, payload)

    measure(benchmark, report, "  end-to-end encryption", PACKETS, setup, run)


def test_jitter(benchmark: BenchmarkFixture, report: Callable[[str, float], None]):
    def run() -> None:
        jitter = JitterBuffer()
        for n in range(PACKETS):
            jitter.push(n, 960 * n, b"", n * TICK)
            for _ in jitter.pop(n * TICK):
                pass

    measure(benchmark, report, "  order", PACKETS, lambda: ((), {}), run)


def test_opus(benchmark: BenchmarkFixture, report: Callable[[str, float], None]):
    encoder, decoder = OpusEncoder(library()), OpusDecoder(library())
    packets = [encoder.encode(VOICE[at : at + 960]) for at in range(0, PACKETS * 960, 960)]

    def run() -> None:
        for packet in packets:
            decoder.decode(packet)

    measure(benchmark, report, "  Opus to 16 kHz", PACKETS, lambda: ((), {}), run)


@pytest.mark.parametrize("kind", ["not RTP", "forged", "unknown SSRC"])
def test_junk(benchmark: BenchmarkFixture, report: Callable[[str, float], None], mls: Mls, kind: str):
    person = crowd(mls, 1)[0]
    receiver: Receiver = new_receiver(mls.sessions[BOT], [person], admitted=[])
    good = person.say(10)
    match kind:
        case "not RTP":
            junk = [os.urandom(100) for _ in range(1000)]
        case "forged":
            junk = [good[n % 10][:-8] + os.urandom(8) for n in range(1000)]
        case _:
            junk = [d for n in range(100) for d in Person(5, 5000 + n, mls.sessions[1001], VOICE).say(10)]

    def run() -> None:
        for datagram in junk:
            receiver.push(datagram, 0.0)

    measure(benchmark, report, f"junk: {kind}", len(junk), lambda: ((), {}), run)
    assert receiver.waiting == 0
