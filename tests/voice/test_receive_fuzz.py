"""Whatever comes in, nothing raises out of the receive path, and nothing grows without bound."""

import itertools
import random
import struct
import time
from dataclasses import dataclass, field
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.audio import HEAR_BYTES
from bot.types import Frame
from bot.voice.dave import Opener, OpenResult, sealed
from bot.voice.opus import OPUS_SILENCE, OpusDecoder, OpusError
from bot.voice.receive import rtp
from bot.voice.receive.jitter import MAX_BUFFERED_PACKETS, MAX_DROPOUT_PACKETS, JitterBuffer
from bot.voice.receive.pending_packets import MAX_PENDING_PACKETS
from bot.voice.receive.receiver import Receiver
from bot.voice.receive.ssrcs import MAX_KNOWN_SSRCS, MAX_UNKNOWN_SSRCS
from bot.voice.receive.stats import ReceiverStats
from bot.voice.receive.stream import MAX_CONCEALED_FRAMES, MAX_SPEECH_BURST_SECONDS, MAX_SPEECH_SPEED, Stream
from tests.voice.fake_room import ANN, BEN, BOT, SECRET, Mls, Person, library, new_receiver, rtp_datagram

FEW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFF_FFFF)
TRAILED = st.binary(max_size=60).map(lambda body: body + b"\x05\x0c\xfa\xfa")
PAYLOADS = st.one_of(st.binary(max_size=120), st.just(OPUS_SILENCE), TRAILED)
USERS = st.sampled_from([ANN, BEN])


@FEW
@given(st.binary(max_size=100), st.binary(max_size=100))
def test_rtp(datagram: bytes, plaintext: bytes):
    for packet in (rtp.parse(datagram), rtp.parse(b"\xb3\x78" + datagram)):
        if isinstance(packet, rtp.RtpPacket):
            assert len(packet.body) > rtp.AEAD_OVERHEAD_BYTES
            payload = rtp.payload(packet, plaintext)
            assert isinstance(payload, rtp.Reject) or payload in plaintext


@FEW
@given(st.lists(st.tuples(U16, U32, st.booleans(), st.floats(0, 10)), max_size=400), st.randoms(use_true_random=False))
def test_jitter(packets: list[tuple[int, int, bool, float]], rng: random.Random):
    jitter = JitterBuffer()
    now, taken, given_out = 0.0, 0, 0
    for sequence, timestamp, fresh, step in packets:
        taken += jitter.push(sequence if rng.random() < 0.3 else taken & 0xFFFF, timestamp, b"x", now, fresh) is None
        assert len(jitter) <= MAX_BUFFERED_PACKETS
        if rng.random() < 0.1:
            now += step
            for slot in jitter.pop(now):
                given_out += 1
                assert 0 <= slot.lost <= MAX_DROPOUT_PACKETS + MAX_BUFFERED_PACKETS
    assert given_out + len(list(jitter.pop(float("inf")))) == taken
    assert len(jitter) == 0


@FEW
@given(st.lists(PAYLOADS | st.binary(min_size=1, max_size=1400), max_size=40))
def test_opus(packets: list[bytes]):
    decoder = OpusDecoder(library())
    for packet in packets:
        for call in (decoder.decode, decoder.decode_fec):
            try:
                pcm = call(packet)
            except OpusError:
                continue
            assert 0 < len(pcm) <= 6 * HEAR_BYTES
    assert len(decoder.conceal()) == HEAR_BYTES


@cache
def group() -> Mls:
    mls = Mls()
    mls.join(BOT)
    mls.join(ANN, BEN)
    return mls


@FEW
@given(st.binary(max_size=80), st.binary(max_size=30), st.integers(0, 255), st.sampled_from([0, 1]), st.booleans())
def test_dave(body: bytes, trailer: bytes, size: int, version: int, in_transition: bool):
    """Random trailers, and real ones that were tampered with, are never opened and never panic."""
    opener = Opener(group().sessions[BOT], version)
    good = group().sessions[ANN].encrypt_opus(b"\x78" + body)
    damaged = bytes([good[0] ^ 1]) + good[1:]
    for payload in (body, body + trailer + bytes([size]) + b"\xfa\xfa", damaged, damaged[:8] + trailer + damaged[-12:]):
        outcome, opus = opener.open(ANN, payload, in_transition)
        assert outcome is not OpenResult.OPENED
        assert outcome is not OpenResult.BROKEN
        assert not (outcome is OpenResult.PLAIN and sealed(payload))
        assert opus == (payload if outcome.good else b"")


@FEW
@given(st.lists(st.tuples(U16, U32, PAYLOADS, st.booleans(), st.floats(0, 100)), max_size=60))
def test_stream(packets: list[tuple[int, int, bytes, bool, float]]):
    stats = ReceiverStats()
    stream = Stream(ANN, library(), stats)
    frames: list[Frame] = []
    now = 0.0
    for sequence, timestamp, payload, fresh, step in packets:
        before = len(frames)
        stream.push(sequence, timestamp, payload, now, fresh)
        stream.drain(now, frames)
        assert len(frames) - before <= (MAX_BUFFERED_PACKETS + 1) * (MAX_CONCEALED_FRAMES + 7)
        now += step
    stream.drain(float("inf"), frames)
    assert all(len(frame.pcm) == HEAR_BYTES for frame in frames)
    assert all(b.timestamp - a.timestamp >= 960 for a, b in itertools.pairwise(frames))
    assert stats.frames == len(frames)


@dataclass
class Caller:
    person: Person
    sent: list[bytes] = field(default_factory=list)


class Hearing(RuleBasedStateMachine):
    """A receiver under everything the network, the gateway and hostile people may do."""

    @initialize()
    def begin(self) -> None:
        self.mls = Mls()
        self.mls.join(BOT)
        self.mls.join(ANN, BEN)
        self.callers = {user: Caller(Person(user, user, self.mls.sessions[user])) for user in (ANN, BEN)}
        self.receiver = Receiver(library())
        self.receiver.rekey(SECRET, self.mls.sessions[BOT], 1)
        self.receiver.set_members(frozenset({ANN, BEN}))
        self.admitted = frozenset({ANN, BEN})
        self.receiver.admit(self.admitted)
        self.now = 100.0
        self.nonce = 0
        self.last: dict[int, int] = {}

    def _take(self, frames: list[Frame]) -> None:
        for frame in frames:
            assert frame.user_id in self.admitted
            assert len(frame.pcm) == HEAR_BYTES
            assert frame.timestamp > self.last.get(frame.user_id, -1)
            self.last[frame.user_id] = frame.timestamp

    @rule(
        user=st.sampled_from([ANN, BEN]), count=st.integers(1, 30), seal=st.booleans(), padding=st.sampled_from([0, 5])
    )
    def speak(self, user: int, count: int, seal: bool, padding: int) -> None:
        caller = self.callers[user]
        for datagram in caller.person.say(count, seal=seal, padding=padding):
            caller.sent = [*caller.sent[-50:], datagram]
            self.receiver.push(datagram, self.now)

    @rule(user=USERS, count=st.integers(1, 50))
    def replay(self, user: int, count: int) -> None:
        for datagram in self.callers[user].sent[-count:]:
            self.receiver.push(datagram, self.now)

    @rule(datagram=st.binary(max_size=200))
    def junk(self, datagram: bytes) -> None:
        self.receiver.push(datagram, self.now)

    @rule(
        ssrc=st.one_of(st.integers(1, 200), U32),
        sequence=U16,
        timestamp=U32,
        payload=PAYLOADS,
        padding=st.sampled_from([0, 3]),
    )
    def forge(self, ssrc: int, sequence: int, timestamp: int, payload: bytes, padding: int) -> None:
        """What a hostile person in the channel can make the voice server forward."""
        self.nonce += 1
        self.receiver.push(rtp_datagram(ssrc, sequence, timestamp, payload, self.nonce, padding=padding), self.now)

    @rule(first=st.integers(0, 255), second=st.integers(0, 255), words=U16)
    def odd_header(self, first: int, second: int, words: int) -> None:
        self.receiver.push(
            struct.pack(">BBHII", first, second, 1, 1, 1) + struct.pack(">HH", 0, words) + bytes(60), self.now
        )

    @rule(step=st.sampled_from([0.0, 0.02, 0.2, 2.0]))
    def tick(self, step: float) -> None:
        self.now += step
        self._take(self.receiver.frames(self.now))

    @rule(ssrc=st.sampled_from([ANN, BEN, 7]), user=st.sampled_from([ANN, BEN, 9]))
    def op_5(self, ssrc: int, user: int) -> None:
        self.receiver.map_ssrc(ssrc, user)

    @rule(user=st.sampled_from([ANN, BEN, 9]))
    def op_13(self, user: int) -> None:
        self.receiver.unmap_user(user)

    @rule(admitted=st.frozensets(USERS))
    def consent(self, admitted: frozenset[int]) -> None:
        self.admitted = admitted
        self.receiver.admit(admitted)

    @rule(version=st.sampled_from([0, 1]), session=st.booleans(), secret=st.sampled_from([SECRET, bytes(32)]))
    def rekey(self, version: int, session: bool, secret: bytes) -> None:
        self.receiver.rekey(secret, self.mls.sessions[BOT] if session else None, version)

    @rule()
    def move(self) -> None:
        self.receiver.forget_ssrcs()

    @rule(joins=st.booleans())
    def epoch(self, joins: bool) -> None:
        if 13 in self.mls.sessions:
            self.mls.leave(13)
        else:
            self.mls.join(13)

    @invariant()
    def bounded(self) -> None:
        receiver = getattr(self, "receiver", None)
        if receiver is None:
            return
        assert receiver.stats.fates() + receiver.waiting == receiver.stats.received
        assert receiver.waiting <= MAX_UNKNOWN_SSRCS * MAX_PENDING_PACKETS + 3 * (
            MAX_PENDING_PACKETS + MAX_BUFFERED_PACKETS
        )
        assert receiver.talking(self.now) <= {ANN, BEN}


TestHearing = Hearing.TestCase
TestHearing.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def test_nothing_grows_under_a_flood_of_every_kind():
    mls = group()
    ann = Person(ANN, 100, mls.sessions[ANN])
    receiver = new_receiver(mls.sessions[BOT], [ann])
    receiver.set_members(frozenset({ANN, BEN}))
    receiver.admit(frozenset({ANN, BEN}))
    rng = random.Random(3)
    for n in range(20_000):
        receiver.push(rng.randbytes(rng.randrange(80)), 0.0)
        if n % 4 == 0:
            receiver.push(rtp_datagram(rng.randrange(1 << 32), n & 0xFFFF, n, rng.randbytes(60), n), n / 1000)
        if n % 10 == 0:
            receiver.map_ssrc(rng.randrange(1 << 32), rng.randrange(1 << 40))
        if n % 100 == 0:
            receiver.frames(n / 1000)
    assert receiver.waiting <= MAX_UNKNOWN_SSRCS * MAX_PENDING_PACKETS
    assert len(receiver._ssrcs) <= MAX_KNOWN_SSRCS + MAX_UNKNOWN_SSRCS
    assert len(receiver._talkers.by_ssrc) <= MAX_UNKNOWN_SSRCS
    assert len(receiver._talkers.by_user) <= MAX_KNOWN_SSRCS
    assert len(receiver._streams) <= 1
    assert not any(receiver.frames(100.0))


@pytest.mark.parametrize("rate", [200, 1000, 5000])
def test_a_person_who_floods_is_cut_to_about_real_time(rate: int):
    mls = Mls()
    mls.join(BOT)
    mls.join(ANN)
    ann = Person(ANN, 100, mls.sessions[ANN])
    receiver = new_receiver(mls.sessions[BOT], [ann])
    heard = 0
    for n, datagram in enumerate(ann.say(3000)):
        receiver.push(datagram, n / rate)
        if n % (rate // 50) == 0:
            heard += len(receiver.frames(n / rate))
            assert heard <= 50 * (MAX_SPEECH_SPEED * n / rate + MAX_SPEECH_BURST_SECONDS) + 2 * MAX_CONCEALED_FRAMES
    assert receiver.stats.flood > 1000


@pytest.mark.parametrize("packets", [2_000, pytest.param(200_000, marks=[pytest.mark.long, pytest.mark.timeout(1800)])])
def test_datagrams_that_were_changed_on_their_way(packets: int):
    """Bits, headers, lengths, order: each gets exactly one fate, nobody else is heard, nothing grows.

    ./dev pytest -m long -s -n 0 tests/voice/test_receive_fuzz.py
    """
    rng, mls = random.Random(packets), Mls()
    mls.join(BOT)
    mls.join(ANN, BEN)
    people = [Person(user, user, mls.sessions[user]) for user in (ANN, BEN)]
    receiver = new_receiver(mls.sessions[BOT], people)
    stock = [datagram for person in people for datagram in person.say(50)]
    began, now, heard, nonce, newest = time.process_time(), 0.0, 0, 1_000_000, dict[int, int]()
    for number in range(packets):
        person = rng.choice(people)
        if number % 10 == 0:  # what is right goes on beside it
            stock[rng.randrange(len(stock))] = datagram = person.say()[0]
        elif number % 2:
            nonce += 1
            datagram = sealed_anyhow(rng, rng.choice(stock), person, nonce)
        else:
            datagram = changed(rng, rng.choice(stock))
        receiver.push(datagram, now)
        if number % 5 == 0:
            now += 0.02
            for frame in receiver.frames(now):
                assert frame.user_id in (ANN, BEN)
                assert len(frame.pcm) == HEAR_BYTES
                assert frame.timestamp > newest.get(frame.user_id, -1)
                newest[frame.user_id] = frame.timestamp
                heard += 1
        assert receiver.stats.fates() + receiver.waiting == receiver.stats.received
        assert receiver.waiting <= MAX_UNKNOWN_SSRCS * MAX_PENDING_PACKETS + 3 * (
            MAX_PENDING_PACKETS + MAX_BUFFERED_PACKETS
        )
    stats, seconds = receiver.stats, time.process_time() - began
    print(f"{packets:,} datagrams, {packets / seconds:,.0f} a second of CPU: {heard:,} frames; {stats}")
    assert stats.received == packets
    assert heard > packets / 100
    assert stats.auth_failed > packets / 20
    assert len(receiver._streams) <= 2
    assert len(receiver._ssrcs) <= MAX_KNOWN_SSRCS + MAX_UNKNOWN_SSRCS


def changed(rng: random.Random, datagram: bytes) -> bytes:
    """Return a datagram as a network or a liar may have changed it."""
    body = bytearray(datagram)
    match rng.randrange(6):
        case 0:
            for _ in range(rng.randrange(1, 9)):
                body[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        case 1:
            del body[rng.randrange(len(body)) :]
        case 2:
            body[: rng.randrange(1, 17)] = rng.randbytes(rng.randrange(1, 17))
        case 3:
            body += rng.randbytes(rng.randrange(1, 60))
        case 4:
            begin = rng.randrange(len(body))
            body[begin:begin] = rng.randbytes(rng.randrange(1, 9))
        case _:
            return rng.randbytes(rng.randrange(1500))
    return bytes(body)


def sealed_anyhow(rng: random.Random, datagram: bytes, person: Person, nonce: int) -> bytes:
    """Return a datagram that the voice server did seal, around anything."""
    inner = changed(rng, rng.choice([datagram, OPUS_SILENCE * 3, rng.randbytes(40) + b"\x05\x0c\xfa\xfa"]))
    sequence = (person.sequence + rng.choice([0, 1, 2, -1, 5, rng.randrange(-40_000, 40_000)])) & 0xFFFF
    timestamp = (person.timestamp + 960 * rng.choice([0, 1, 2, -1, rng.randrange(-(1 << 30), 1 << 30)])) & 0xFFFF_FFFF
    ssrc = person.ssrc if rng.random() < 0.8 else rng.randrange(1 << 32)
    padding, extension = rng.choice([0, 0, 3, 255]), rng.random() < 0.8
    return rtp_datagram(ssrc, sequence, timestamp, inner, nonce, padding=padding, extension=extension)
