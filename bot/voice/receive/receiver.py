"""From datagrams to frames: the way of every packet that comes in, and the gate of consent on it.

RTP header -> transport encryption -> padding, extension -> SSRC's person -> consent -> end-to-end encryption ->
order -> Opus. A bad packet is a counter, never an exception. No clock: `arrived` and `now` are seconds on the caller's.
"""

from typing import Final

from bot.types import Frame
from bot.voice.aead import Aead
from bot.voice.dave import DaveSession, Opener, OpenResult, sealed
from bot.voice.opus import OpusLibrary
from bot.voice.receive import rtp
from bot.voice.receive.activity import HOLDS_FLOOR, Activity
from bot.voice.receive.pending_packets import PendingPacket
from bot.voice.receive.ssrcs import MAX_KNOWN, MAX_UNKNOWN, Ssrc, SsrcTable
from bot.voice.receive.stats import ReceiverStats
from bot.voice.receive.streams import Streams

STRANGER_IDLE: Final = 1.0
"""Seconds after which a silent SSRC of nobody known makes room."""
SOURCE_IDLE: Final = 1.0
"""Seconds after which a person's SSRC counts as silent, so that another one may turn out to be theirs."""
TRIAL: Final = 0.1
"""Seconds between two attempts to find out by key whose an SSRC is, while no key has changed."""
TRANSITION: Final = 10.0
"""Seconds after a change of the protocol version in which plain packets may still come."""


class Receiver:
    """The ears of one call."""

    def __init__(self, library: OpusLibrary, max_unknown: int = MAX_UNKNOWN) -> None:
        self.stats = ReceiverStats()
        self._secret: bytes | None = None
        self._aead: Aead | None = None
        self._opener = Opener()
        self._plain_until = 0.0
        self._now = 0.0
        self._members: frozenset[int] | None = None
        self._admitted: frozenset[int] = frozenset()
        self._changes = 0
        "counts what may let a held packet be opened, besides the session's own state"
        self._sources = SsrcTable(max_unknown)
        self._streams = Streams(library, self.stats)
        self._sounds: Activity[int] = Activity()
        "by user"
        self._noises: Activity[int] = Activity()
        "by SSRC, of nobody known"
        self._unopened: dict[int, int] = {}

    # What the link tells

    def rekey(self, secret_key: bytes, dave: DaveSession | None, protocol_version: int) -> None:
        """Take the connection's key, and the session at the version in force (0: no end-to-end encryption).

        People, their SSRCs and their sound are kept.
        """
        if secret_key != self._secret:
            self._secret = bytes(secret_key)
            self._aead = Aead(self._secret)
            for source in self._sources:
                source.nonce = -1
                source.proven = False
        if protocol_version != self._opener.version:
            self._plain_until = self._now + TRANSITION
        self._opener = Opener(dave, protocol_version)
        self._changes += 1

    def map(self, ssrc: int, user_id: int) -> None:
        """Take note that `ssrc` is `user_id`'s (op 5). Their former SSRC is forgotten."""
        source = self._bind(ssrc, user_id)
        if user_id not in self._admitted:
            self.stats.no_consent += source.hold.clear()

    def unmap(self, user_id: int) -> None:
        """Forget the SSRC of somebody who left (op 13); what they said before still comes out."""
        source = self._sources.of(user_id)
        if source:
            self._sources.drop(source)
            self.stats.dropped += source.hold.clear()
        self._streams.finish(user_id)
        self._sounds.forget(user_id)
        self._changes += 1

    def forget(self) -> None:
        """Forget every SSRC: the bot is in another channel, where they mean nothing."""
        for source in list(self._sources):
            if source.user_id is None:
                self._dismiss(source)
            else:
                self.unmap(source.user_id)

    def members(self, user_ids: frozenset[int]) -> None:
        """Say who is in the channel: people only, without bots."""
        if user_ids != self._members:
            self._members = user_ids
            self._changes += 1

    def admit(self, user_ids: frozenset[int]) -> None:
        """Hear only these people from now on. What waits of others is dropped."""
        if user_ids == self._admitted:
            return
        for user_id in self._admitted - user_ids:
            self._streams.drop(user_id)
            source = self._sources.of(user_id)
            if source:
                self.stats.dropped += source.hold.clear()
        self._admitted = user_ids
        self._changes += 1

    # Packets in

    def push(self, datagram: bytes, arrived: float) -> None:
        """Take one datagram as it came from the socket."""
        stats = self.stats
        stats.received += 1
        self._now = max(self._now, arrived)
        packet = rtp.parse(datagram)
        if isinstance(packet, rtp.Reject):
            stats.count(packet)
            return
        if self._aead is None:
            stats.no_secret += 1
            return
        plaintext = self._aead.open(packet.header, packet.body)
        if plaintext is None:
            stats.forged += 1
            return
        payload = rtp.payload(packet, plaintext)
        if isinstance(payload, rtp.Reject):
            stats.count(payload)
            return
        source = self._sources.at(packet.ssrc)
        if source is None:
            stats.too_many_strangers += 1
            return
        if not source.admit(arrived):
            stats.flood += 1
            return
        nonce = int.from_bytes(packet.body[-4:], "big")
        fresh = nonce > source.nonce
        if fresh:
            source.nonce = nonce
        held = PendingPacket(packet.sequence, packet.timestamp, payload, arrived, fresh)
        if source.user_id is None:
            self._noises.note(packet.ssrc, len(payload), arrived)
            if not self._may_be_heard():
                stats.stranger += 1 + source.hold.clear()
                return
        else:
            self._sounds.note(source.user_id, len(payload), arrived)
            if source.user_id not in self._admitted:
                stats.no_consent += 1
                return
        self._hear(source, held)

    def frames(self, now: float) -> list[Frame]:
        """Return every frame that is ready, in order for each person; several after a burst."""
        self._now = max(self._now, now)
        for source in list(self._sources):
            if source.hold:
                self._retry(source, now)
            if source.user_id is None and now - source.arrived > STRANGER_IDLE:
                self._dismiss(source)
        return self._streams.drain(now)

    def talking(self, now: float) -> frozenset[int]:
        """Return the people whose sound arrives now, by timing and size of packets alone.

        Somebody unheard counts for at most 15 s of continuous sound. An SSRC of nobody known counts as the one person
        in the channel who has none yet, if there is just one.
        """
        people = self._admitted if self._members is None else self._members
        sounds = self._sounds.talking(now)
        noises = self._noises.talking(now)
        nameless = people - self._sources.named
        if noises and len(nameless) == 1:
            sounds.setdefault(next(iter(nameless)), max(noises.values()))
        return frozenset(
            user_id
            for user_id, length in sounds.items()
            if user_id in people and (user_id in self._admitted or length < HOLDS_FLOOR)
        )

    def unopened(self) -> dict[int, int]:
        """Return how many packets of each person no key opened, since the last call."""
        counts, self._unopened = self._unopened, {}
        return counts

    @property
    def waiting(self) -> int:
        """Packets that have met no fate yet."""
        return sum(len(source.hold) for source in self._sources) + self._streams.waiting

    # Persons and keys

    def _hear(self, source: Ssrc, packet: PendingPacket) -> None:
        """Open a packet after those that wait for the same key or name; hold it if it does not open either."""
        keys = self._keys()
        if source.hold:
            source.hold.retry(keys, lambda held: self._open(source, held) or self._attribute(source, held))
        if self._open(source, packet):
            return
        tried, at = source.tried
        if tried != keys or packet.arrived - at >= TRIAL:
            source.tried = keys, packet.arrived
            if self._attribute(source, packet):
                return
        self.stats.held += 1
        if source.hold.add(packet, keys):
            self._give_up(source, 1)

    def _retry(self, source: Ssrc, now: float) -> None:
        """See once a tick whether what is held opens now, and let go of what waited too long."""
        if source.user_id is None:
            source.hold.retry(self._keys(), lambda held: self._open(source, held) or self._attribute(source, held))
        else:
            source.hold.probe(lambda held: self._open(source, held))
        late = source.hold.expire(now)
        if late:
            self._give_up(source, late)

    def _give_up(self, source: Ssrc, count: int) -> None:
        """Count packets that were held in vain."""
        user_id = source.user_id
        if user_id is None:
            self.stats.unattributed += count
            return
        # Perhaps the SSRC is somebody else's by now: let the keys prove it again.
        source.proven = False
        self.stats.undecryptable += count
        if len(self._unopened) < MAX_KNOWN or user_id in self._unopened:
            self._unopened[user_id] = self._unopened.get(user_id, 0) + count

    def _may_be_heard(self) -> bool:
        """Tell whether a packet of nobody known may be kept until its person is known.

        Only if somebody admitted can be behind it; and, not encrypted, only if nobody else can.
        """
        if not self._candidates():
            return False
        others = (self._members or frozenset()) - self._admitted - self._sources.named
        return bool(self._opener.version) or not others

    def _open(self, source: Ssrc, packet: PendingPacket) -> bool:
        """Open a packet as its person's."""
        if source.user_id is None:
            return False
        outcome, opus = self._opener.open(source.user_id, packet.payload, self._now < self._plain_until)
        if not outcome.good:
            return False
        source.proven = source.proven or outcome is OpenResult.OPENED
        self._deliver(source.user_id, packet, opus)
        return True

    def _attribute(self, source: Ssrc, packet: PendingPacket) -> bool:
        """Open a packet as anybody's it may be, as long as no key has proved whose the SSRC is."""
        if source.proven or not sealed(packet.payload):
            return False
        for user_id in self._candidates():
            outcome, opus = self._opener.open(user_id, packet.payload)
            if outcome is OpenResult.OPENED:
                self.stats.attributed += 1
                self._bind(source.ssrc, user_id)
                source.proven = True
                self._deliver(user_id, packet, opus)
                return True
        return False

    def _deliver(self, user_id: int, packet: PendingPacket, opus: bytes) -> None:
        self.stats.opened += 1
        self._streams.of(user_id).push(packet.sequence, packet.timestamp, opus, packet.arrived, packet.fresh)

    def _keys(self) -> object:
        """Return what must change before a held packet is worth another try."""
        return self._changes, self._opener.state

    def _candidates(self) -> list[int]:
        """Return the people admitted whose SSRC is not known, or silent and perhaps no longer theirs."""
        people = self._admitted if self._members is None else self._admitted & self._members
        return [user_id for user_id in people if self._silent(user_id)]

    def _silent(self, user_id: int) -> bool:
        source = self._sources.of(user_id)
        return source is None or self._now - source.arrived > SOURCE_IDLE

    def _dismiss(self, source: Ssrc) -> None:
        """Forget an SSRC of nobody known."""
        self.stats.unattributed += source.hold.clear()
        self._sources.drop(source)
        self._noises.forget(source.ssrc)

    def _bind(self, ssrc: int, user_id: int) -> Ssrc:
        """Make `ssrc` the only one of `user_id`."""
        source, former = self._sources.bind(ssrc, user_id)
        if former:
            self.stats.dropped += former.hold.clear()
            if former.user_id is not None:
                self._streams.restart(former.user_id)
        self._noises.move(ssrc, user_id)
        self._changes += 1
        return source
