"""Random days of a receiver, in virtual time: every seed another sequence of people, keys, weather and hostile input.

After each spell of it the air clears and everybody present speaks at once: each must be heard whole, under their own
name, and nobody who did not agree may have been opened. What a seed does is printed when it fails.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from functools import cache

import davey
import numpy as np
import pytest

from bot.audio import RTP_STEP, SPEAK_RATE
from bot.types import Frame
from bot.voice import opus
from bot.voice.receive.jitter import MAX_BUFFERED_PACKETS
from bot.voice.receive.pending_packets import MAX_PENDING_PACKETS
from bot.voice.receive.receiver import Receiver
from bot.voice.receive.ssrcs import MAX_UNKNOWN_SSRCS
from bot.voice.receive.stream import MAX_CONCEALED_FRAMES
from tests.voice.fake_room import BOT, SECRET, TICK, Mls, Person, library, pitch, rtp_datagram

CROWD = range(11, 17)
UNHEARD = 16
"""Comes and goes like the others, but never agreed to be heard."""
SPELLS = 4
SENTENCE = 20
"""Frames that everybody says when the air is clear."""
SEEDS = 60
BATCHES = 6


@cache
def sounds(user_id: int) -> list[bytes]:
    """Return a second of a person's tone as Opus packets, to be said over and over."""
    encoder = opus.OpusEncoder(library(), complexity=0)
    time = np.arange(2 * SPEAK_RATE) / SPEAK_RATE
    wave = 8000 * np.sin(2 * np.pi * pitch(user_id) * time) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))
    pcm = wave.astype("<i2").tobytes()
    packets = [encoder.encode(pcm[at : at + SPEAK_RATE // 25]) for at in range(0, len(pcm), SPEAK_RATE // 25)]
    return packets[50:]


def loudest(frames: list[Frame]) -> int:
    """Return whose tone it is, by the strongest frequency."""
    pcm = np.frombuffer(b"".join(frame.pcm for frame in frames), dtype="<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(pcm)) ** 2
    hertz = np.fft.rfftfreq(len(pcm), 1 / 16_000)[np.argmax(spectrum)]
    return min(CROWD, key=lambda user_id: abs(pitch(user_id) - hertz))


class Witness:
    """The bot's DAVE session, which notes whose packets it opened."""

    def __init__(self, session: davey.DaveSession) -> None:
        self._session = session
        self.opened: set[int] = set()

    @property
    def epoch(self) -> int | None:
        return self._session.epoch

    @property
    def ready(self) -> bool:
        return self._session.ready

    def can_passthrough(self, user_id: int) -> bool:
        return self._session.can_passthrough(user_id)

    def decrypt(self, user_id: int, media_type: davey.MediaType, packet: bytes) -> bytes:
        sound = self._session.decrypt(user_id, media_type, packet)
        self.opened.add(user_id)
        return sound


class Day:
    """One seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.did: list[str] = []
        self.now = 100.0
        self.mls = Mls()
        self.mls.join(BOT)
        self.witness = Witness(self.mls.sessions[BOT])
        self.receiver = Receiver(library())
        self.version = 1
        self.receiver.rekey(SECRET, self.witness, 1)
        self.receiver.admit(frozenset(CROWD) - {UNHEARD})
        self.people: dict[int, Person] = {}
        self.speaking: set[int] = set()
        self.said = dict.fromkeys(CROWD, 0)
        self.frames: list[Frame] = []
        self.sent: list[bytes] = []
        "a sample of what arrived, for replays"
        self.loss = self.disorder = self.burst = 0.0
        self._stuck_until = 0.0
        self._ssrcs = itertools.count(self.random.randrange(1, 1 << 20))
        self._nonces = itertools.count(1 << 31)
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    # Time

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + seconds, next(self._order), act))

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            for user_id in sorted(self.speaking):
                self.speak(user_id)
            while self._due and self._due[0][0] <= self.now:
                heapq.heappop(self._due)[2]()
            self.frames += self.receiver.frames(self.now)
            self.now += TICK

    def speak(self, user_id: int) -> None:
        person = self.people[user_id]
        sealed = self.version == 1
        if sealed and not self.mls.sessions[user_id].ready:
            return
        sound = sounds(user_id)[self.said[user_id] % 50]
        self.said[user_id] += 1
        padding = self.random.choice((0, 0, 0, 7))
        self.arrive(person.packet(sound, padding=padding, seal=sealed))

    def arrive(self, datagram: bytes) -> None:
        chance = self.random.random
        if chance() < self.loss:
            return
        if chance() < self.burst:
            self._stuck_until = self.now + 0.2
        late = self.random.uniform(0, 5) * TICK if chance() < self.disorder else 0.0
        due = max(self.now + late, self._stuck_until)
        if chance() < 0.05:
            self.sent.append(datagram)
        self.at(due - self.now, lambda: self.receiver.push(datagram, self.now))

    # What happens

    def announce(self, person: Person, *, surely: bool = False) -> None:
        """Op 5: mostly in time, at times late or never."""
        ssrc = person.ssrc
        delay = self.random.choice((0.0, 0.0, 0.1, 0.3, 0.3 if surely else None))

        def tell() -> None:
            if self.people.get(person.user_id) is person and person.ssrc == ssrc:
                self.receiver.map_ssrc(ssrc, person.user_id)

        if delay is not None:
            self.at(delay, tell)

    def members(self) -> None:
        self.receiver.set_members(frozenset(self.people))

    def lag(self) -> None:
        """The bot's keys come late, by less than packets are held."""
        if BOT not in self.mls.deaf:
            self.mls.deaf.add(BOT)
            self.at(self.random.uniform(0.04, 0.4), lambda: self.mls.catch_up(BOT))

    def join(self) -> None:
        user_id = self.random.choice(CROWD)
        if user_id in self.people:
            return
        if self.random.random() < 0.5:
            self.lag()
        self.mls.join(user_id)
        person = Person(user_id, next(self._ssrcs), self.mls.sessions[user_id])
        self.people[user_id] = person
        self.members()
        self.announce(person)
        if self.random.random() < 0.7:
            self.speaking.add(user_id)

    def leave(self) -> None:
        if len(self.people) < 2:
            return
        user_id = self.random.choice(sorted(self.people))
        if self.random.random() < 0.5:
            self.lag()
        self.speaking.discard(user_id)
        del self.people[user_id]
        self.mls.leave(user_id)
        self.receiver.unmap_user(user_id)
        self.members()

    def talk(self) -> None:
        for user_id in self.people:
            if self.random.random() < 0.5:
                self.speaking ^= {user_id}

    def pause(self) -> None:
        """Everybody is quiet: clients end with silence frames, sequence numbers stand still, time does not."""
        for user_id in sorted(self.speaking):
            for datagram in self.people[user_id].silence():
                self.arrive(datagram)
        self.speaking.clear()
        pause = self.random.randrange(10, 200)
        self.run(pause)
        for person in self.people.values():
            person.pause(pause)

    def weather(self) -> None:
        self.loss = self.random.choice((0.0, 0.01, 0.1, 0.3))
        self.disorder = self.random.choice((0.0, 0.05))
        self.burst = self.random.choice((0.0, 0.02))

    def another_ssrc(self) -> None:
        if self.people:
            person = self.people[self.random.choice(sorted(self.people))]
            person.ssrc, person.sequence = next(self._ssrcs), self.random.randrange(1 << 16)
            person.timestamp = self.random.randrange(1 << 32)
            self.announce(person, surely=True)

    def plain(self) -> None:
        """Somebody without DAVE comes, and goes."""
        self.version = 0
        self.receiver.rekey(SECRET, self.witness, 0)
        self.run(self.random.randrange(5, 50))
        self.version = 1
        self.receiver.rekey(SECRET, self.witness, 1)

    def junk(self) -> None:
        """What no honest server sends, in the name of those present and of nobody."""
        rng = self.random
        ssrcs = [person.ssrc for person in self.people.values()] + [rng.randrange(1 << 32)]
        for _ in range(rng.randrange(60)):
            ssrc, nonce, noise = rng.choice(ssrcs), next(self._nonces), rng.randbytes(rng.randrange(200))
            sealed = rtp_datagram(rng.randrange(1 << 32), rng.randrange(1 << 16), 0, noise, nonce)
            named = rtp_datagram(ssrc, rng.randrange(1 << 16), 0, noise, nonce)
            video = named[:1] + bytes([101 | rng.choice((0, 0x80))]) + named[2:]
            spoilt = named[:-1] + bytes([named[-1] ^ 1])
            replay = rng.choice(self.sent) if self.sent else b""
            self.receiver.push(rng.choice((noise, b"\x80\x78" + noise, sealed, video, spoilt, replay)), self.now)

    # What must hold

    def clear_air(self) -> None:
        """Let everything settle, then have everybody say a sentence at once."""
        self.loss = self.disorder = self.burst = 0.0
        self.speaking.clear()
        self.run(80)
        if BOT in self.mls.deaf:
            self.mls.catch_up(BOT)
        self.run(10)
        for person in self.people.values():
            person.pause(90)
        self.frames.clear()
        assert all(self.mls.sessions[user_id].ready for user_id in self.people), "somebody has no key"
        if self.random.random() < 0.5:
            # Keys and names that come late cost nothing, as long as packets are held.
            self.lag()
            self.join()
        self.speaking = set(self.people)
        before = dict(self.said)
        self.run(SENTENCE)
        self.speaking.clear()
        self.run(30)
        said = {user_id for user_id in self.people if self.said[user_id] > before[user_id]}
        assert {frame.user_id for frame in self.frames} == said - {UNHEARD}
        for user_id in said - {UNHEARD}:
            frames = [frame for frame in self.frames if frame.user_id == user_id]
            # The last packets before the air cleared may have been lost: that shows now.
            assert sum(not frame.concealed for frame in frames) == self.said[user_id] - before[user_id]
            assert sum(frame.concealed for frame in frames) <= MAX_CONCEALED_FRAMES
            assert loudest(frames) == user_id
        for person in self.people.values():
            person.pause(30)

    def sober(self) -> None:
        """Check what holds in any weather."""
        stats = self.receiver.stats
        assert UNHEARD not in self.witness.opened
        assert UNHEARD not in {frame.user_id for frame in self.frames}
        assert stats.fates() + self.receiver.waiting == stats.received
        most_pending = (MAX_PENDING_PACKETS + 1) * (MAX_UNKNOWN_SSRCS + len(CROWD))
        assert self.receiver.waiting <= most_pending + MAX_BUFFERED_PACKETS * len(CROWD)
        for user_id in CROWD:
            times = [frame.timestamp for frame in self.frames if frame.user_id == user_id]
            assert all(b - a >= RTP_STEP for a, b in itertools.pairwise(times)), "time went back"

    def live(self) -> None:
        happenings = [
            self.join,
            self.join,
            self.leave,
            self.talk,
            self.pause,
            self.weather,
            self.another_ssrc,
            self.plain,
            self.junk,
            self.lag,
        ]
        self.join()
        for _ in range(SPELLS):
            for _ in range(self.random.randrange(1, 6)):
                happening = self.random.choice(happenings)
                self.did.append(f"{self.now:.2f} {happening.__name__}")
                happening()
                self.run(self.random.randrange(1, 15))
                self.sober()
            self.did.append(f"{self.now:.2f} clear air, of {sorted(self.people)}")
            self.clear_air()
            self.sober()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_whatever_the_day_brings_everybody_is_heard_as_themselves(batch: int) -> None:
    for seed in range(batch, SEEDS, BATCHES):
        day = Day(seed)
        try:
            day.live()
        except AssertionError as error:
            steps = "\n  ".join(day.did)
            raise AssertionError(f"seed {seed}: {error}\n  {steps}\n{day.receiver.stats}") from error
