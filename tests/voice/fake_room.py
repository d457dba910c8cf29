"""A voice channel without a network: people with real DAVE sessions, real Opus and real transport encryption."""

import itertools
import struct
from collections.abc import Iterable
from functools import cache

import davey
import numpy as np

from bot.audio import HEAR_BYTES, RTP_STEP, SPEAK_BYTES, SPEAK_RATE
from bot.types import Frame
from bot.voice import opus
from bot.voice.aead import Aead
from bot.voice.receive.receiver import Receiver
from sandbox.voice.delivery import DeliveryService

SECRET = bytes(range(32))
BOT = 1
ANN, BEN, CAT = 11, 12, 13
CHANNEL = 99
TICK = 0.02


@cache
def library() -> opus.OpusLibrary:
    return opus.load()


def pitch(user_id: int) -> float:
    """Return the hertz of a person's tone."""
    return 200.0 + 37 * user_id


class Mls:
    """davey sessions of a group, held together by the sandbox's delivery service; messages arrive at once."""

    def __init__(self) -> None:
        self.sessions: dict[int, davey.DaveSession] = {}
        self.deaf: set[int] = set()
        "whose messages are kept back, so that their keys lag"
        self._kept: dict[int, list[tuple[int, bytes]]] = {}
        self._queue: list[tuple[int, int, object]] = []
        self._service = DeliveryService(CHANNEL, self)
        self._busy = False

    def json(self, user_id: int, op: int, data: dict[str, object]) -> None:
        self._queue.append((user_id, op, data))

    def binary(self, user_id: int, op: int, payload: bytes) -> None:
        self._queue.append((user_id, op, payload))

    def join(self, *user_ids: int) -> None:
        for user_id in user_ids:
            self.sessions[user_id] = davey.DaveSession(1, user_id, CHANNEL)
            self._service.enter(user_id, 0)
        self._run()

    def leave(self, user_id: int) -> None:
        del self.sessions[user_id]
        self._service.leave(user_id, 0)
        self._run()

    def catch_up(self, user_id: int) -> None:
        """Give a deaf member what was kept back."""
        self.deaf.discard(user_id)
        for op, payload in self._kept.pop(user_id, []):
            self._take(user_id, op, payload)
        self._run()

    def _run(self) -> None:
        while self._queue:
            user_id, op, payload = self._queue.pop(0)
            if user_id not in self.sessions:
                continue
            if user_id in self.deaf and isinstance(payload, bytes):
                self._kept.setdefault(user_id, []).append((op, payload))
                continue
            self._take(user_id, op, payload)

    def _take(self, user_id: int, op: int, payload: object) -> None:
        session = self.sessions[user_id]
        match op, payload:
            case 25, bytes():
                session.set_external_sender(payload)
                self._service.key_package(user_id, session.get_serialized_key_package(), 0)
            case 27, bytes():
                kind = davey.ProposalsOperationType.revoke if payload[0] else davey.ProposalsOperationType.append
                made = session.process_proposals(kind, payload[1:])
                if made:
                    self._service.commit_welcome(user_id, made.commit + (made.welcome or b""), 0)
            case 29, bytes():
                session.process_commit(payload[2:])
                self._service.ready(user_id, int.from_bytes(payload[:2], "big"))
            case 30, bytes():
                session.process_welcome(payload[2:])
                self._service.ready(user_id, int.from_bytes(payload[:2], "big"))
            case 24, _:
                session.reinit(1, user_id, CHANNEL)
                self._service.key_package(user_id, session.get_serialized_key_package(), 0)


class Person:
    """Somebody who speaks: makes the datagrams that the voice server would forward."""

    def __init__(self, user_id: int, ssrc: int, session: davey.DaveSession | None = None, voice: bytes = b"") -> None:
        """`voice`: s16le 24 kHz, said over and over; without it, a tone of the person's own pitch."""
        self.user_id = user_id
        self.ssrc = ssrc
        self.session = session
        self.sequence = 65_000
        "near the wrap, so that every test crosses it"
        self.timestamp = 0xFFFFFF00
        self.nonce = 0
        self._voice = voice
        self._at = 0
        self._encoder = opus.OpusEncoder(library(), complexity=0)

    def tone(self) -> bytes:
        """Return the next 20 ms of this person's voice."""
        n = SPEAK_BYTES // 2
        if self._voice:
            start = 2 * self._at % (len(self._voice) - SPEAK_BYTES)
            self._at += n
            return self._voice[start : start + SPEAK_BYTES]
        t = (np.arange(n) + self._at) / SPEAK_RATE
        self._at += n
        wave = np.sin(2 * np.pi * pitch(self.user_id) * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))
        return (8000 * wave).astype("<i2").tobytes()

    def say(self, count: int = 1, *, padding: int = 0, extension: bool = True, seal: bool = True) -> list[bytes]:
        """Return the datagrams of the next `count` frames of speech."""
        return [
            self.packet(self._encoder.encode(self.tone()), padding=padding, extension=extension, seal=seal)
            for _ in range(count)
        ]

    def silence(self, count: int = 5) -> list[bytes]:
        """Return silence frames."""
        return [self.packet(opus.OPUS_SILENCE) for _ in range(count)]

    def pause(self, frames: int) -> None:
        """Send nothing for a while: timestamps go on, sequence numbers do not."""
        self.timestamp = self.timestamp + frames * RTP_STEP & 0xFFFFFFFF
        self._at += frames * SPEAK_BYTES // 2

    def packet(
        self, payload: bytes, *, padding: int = 0, extension: bool = True, seal: bool = True, step: int = RTP_STEP
    ) -> bytes:
        """Return one datagram: end-to-end encrypted if there is a session, extended as the voice server does."""
        if self.session and seal:
            payload = self.session.encrypt_opus(payload)
        datagram = rtp_datagram(
            self.ssrc, self.sequence, self.timestamp, payload, self.nonce, padding=padding, extension=extension
        )
        self.sequence = self.sequence + 1 & 0xFFFF
        self.timestamp = self.timestamp + step & 0xFFFFFFFF
        self.nonce += 1
        return datagram


def rtp_datagram(
    ssrc: int,
    sequence: int,
    timestamp: int,
    payload: bytes,
    nonce: int,
    *,
    secret: bytes = SECRET,
    padding: int = 0,
    extension: bool = True,
) -> bytes:
    """Return one datagram around `payload`."""
    first = 0x80 | (0x20 if padding else 0) | (0x10 if extension else 0)
    header = struct.pack(">BBHII", first, 0x78, sequence, timestamp, ssrc)
    if extension:
        header += b"\xbe\xde\x00\x02"
        payload = b"\x51\x30\x00\x00\x00\x00\x00\x00" + payload
    if padding:
        payload += bytes(padding - 1) + bytes([padding])
    return header + Aead(secret).seal(header, payload, nonce)


def new_receiver(
    session: davey.DaveSession | None, people: Iterable[Person], admitted: Iterable[int] | None = None
) -> Receiver:
    """Return a receiver that knows everybody and hears those admitted (default: all)."""
    people = list(people)
    receiver = Receiver(library())
    receiver.rekey(SECRET, session, 1 if session else 0)
    receiver.set_members(frozenset(person.user_id for person in people))
    receiver.admit(frozenset(admitted) if admitted is not None else frozenset(person.user_id for person in people))
    for person in people:
        receiver.map_ssrc(person.ssrc, person.user_id)
    return receiver


def listen(receiver: Receiver, datagrams: Iterable[bytes], start: float = 0.0, rest: float = 0.2) -> list[Frame]:
    """Push a datagram each tick, then wait for `rest` seconds; return all frames."""
    frames: list[Frame] = []
    now = start
    for datagram in datagrams:
        receiver.push(datagram, now)
        frames += receiver.frames(now)
        now += TICK
    return frames + receiver.frames(now + rest)


def of(frames: Iterable[Frame], person: Person) -> list[Frame]:
    return [frame for frame in frames if frame.user_id == person.user_id]


def sounds_like(frames: list[Frame], person: Person) -> float:
    """Return the part of the energy that is at the person's pitch."""
    pcm = np.frombuffer(b"".join(frame.pcm for frame in frames), dtype="<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(pcm)) ** 2
    hertz = np.fft.rfftfreq(len(pcm), 1 / 16_000)
    return float(spectrum[np.abs(hertz - pitch(person.user_id)) < 20].sum() / spectrum.sum())


def assert_in_step(frames: list[Frame]) -> None:
    assert all(len(frame.pcm) == HEAR_BYTES for frame in frames)
    assert [b.timestamp - a.timestamp for a, b in itertools.pairwise(frames)] == [RTP_STEP] * (len(frames) - 1)
