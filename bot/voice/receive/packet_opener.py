"""End-to-end decryption of voice packets: now, later, or as the proof of whose an SSRC is.

A packet that does not open yet waits, because its key or its person may become known a moment later. While nobody has
proved whose an SSRC is, its packets are tried as those of every person who could be sending them.
"""

from typing import Final

from bot.voice.dave import DaveSession, Opener, OpenResult, sealed
from bot.voice.receive.participants import Participants
from bot.voice.receive.pending_packets import PendingPacket
from bot.voice.receive.ssrcs import MAX_KNOWN_SSRCS, Ssrc, SsrcTable
from bot.voice.receive.stats import ReceiverStats
from bot.voice.receive.streams import Streams
from bot.voice.receive.talkers import Talkers

SILENT_SSRC_SECONDS: Final = 1.0
"""A person's SSRC counts as silent after this long, so another SSRC may turn out to be theirs."""
KEY_TRIAL_INTERVAL_SECONDS: Final = 0.1
"""Time between two attempts to find an SSRC's person by key, while no key has changed."""
PLAIN_AFTER_TRANSITION_SECONDS: Final = 10.0
"""Plain packets may still arrive this long after the protocol version changed."""


class PacketOpener:
    """Hands opened packets to the streams and keeps the SSRC table true. The caller passes the time as `now`."""

    def __init__(
        self, ssrcs: SsrcTable, participants: Participants, talkers: Talkers, streams: Streams, stats: ReceiverStats
    ) -> None:
        self._ssrcs = ssrcs
        self._participants = participants
        self._talkers = talkers
        self._streams = streams
        self._stats = stats
        self._opener = Opener()
        self._plain_until = 0.0
        self._changes = 0
        "counts what may let a pending packet open, besides the session's own state"
        self._unopened: dict[int, int] = {}

    def rekey(self, dave: DaveSession | None, protocol_version: int, now: float) -> None:
        """Use this session at the version in force (0: no end-to-end encryption)."""
        if protocol_version != self._opener.version:
            self._plain_until = now + PLAIN_AFTER_TRANSITION_SECONDS
        self._opener = Opener(dave, protocol_version)
        self.note_change()

    def note_change(self) -> None:
        """Make pending packets worth another try: keys, people or SSRCs changed."""
        self._changes += 1

    def open(self, ssrc: Ssrc, packet: PendingPacket, now: float) -> None:
        """Open a packet after those that wait for the same key or person; keep it if it does not open either."""
        keys: object = None
        if ssrc.pending:
            keys = self._keys()
            self._retry(ssrc, keys, now)
        if self._open(ssrc, packet, now):
            return
        keys = keys or self._keys()
        tried_keys, tried_at = ssrc.last_trial
        if tried_keys != keys or packet.arrived - tried_at >= KEY_TRIAL_INTERVAL_SECONDS:
            ssrc.last_trial = keys, packet.arrived
            if self._attribute(ssrc, packet, now):
                return
        self._stats.held += 1
        if ssrc.pending.add(packet, keys):
            self._give_up(ssrc, 1)

    def retry(self, ssrc: Ssrc, now: float) -> None:
        """Check once a tick whether pending packets open now."""
        if ssrc.user_id is None:
            self._retry(ssrc, self._keys(), now)
        else:
            ssrc.pending.probe(lambda packet: self._open(ssrc, packet, now))

    def expire(self, ssrc: Ssrc, now: float) -> None:
        """Drop the packets that waited too long."""
        expired = ssrc.pending.expire(now)
        if expired:
            self._give_up(ssrc, expired)

    def worth_keeping(self, now: float) -> bool:
        """Tell whether a packet of an unknown SSRC may wait until its person is known.

        Somebody admitted must be able to be behind it. Without encryption nobody else may be.
        """
        if not self._candidates(now):
            return False
        return bool(self._opener.version) or not self._participants.unheard - self._ssrcs.mapped_users

    def bind(self, number: int, user_id: int) -> Ssrc:
        """Make the SSRC `number` the only one of `user_id`."""
        ssrc, former = self._ssrcs.bind(number, user_id)
        if former:
            self._stats.dropped += former.pending.clear()
            if former.user_id is not None:
                self._streams.restart(former.user_id)
        self._talkers.by_ssrc.move(number, user_id)
        self.note_change()
        return ssrc

    def unopened(self) -> dict[int, int]:
        """Return how many packets of each person no key opened, since the last call."""
        counts, self._unopened = self._unopened, {}
        return counts

    def _retry(self, ssrc: Ssrc, keys: object, now: float) -> None:
        ssrc.pending.retry(keys, lambda packet: self._open(ssrc, packet, now) or self._attribute(ssrc, packet, now))

    def _open(self, ssrc: Ssrc, packet: PendingPacket, now: float) -> bool:
        """Open a packet as its person's."""
        if ssrc.user_id is None:
            return False
        result, opus = self._opener.open(ssrc.user_id, packet.payload, now < self._plain_until)
        if not result.good:
            return False
        ssrc.proven = ssrc.proven or result is OpenResult.OPENED
        self._deliver(ssrc.user_id, packet, opus)
        return True

    def _attribute(self, ssrc: Ssrc, packet: PendingPacket, now: float) -> bool:
        """Open a packet as anybody's it may be, as long as no key has proved whose the SSRC is."""
        if ssrc.proven or not sealed(packet.payload):
            return False
        for user_id in self._candidates(now):
            result, opus = self._opener.open(user_id, packet.payload)
            if result is OpenResult.OPENED:
                self._stats.attributed += 1
                self.bind(ssrc.number, user_id)
                ssrc.proven = True
                self._deliver(user_id, packet, opus)
                return True
        return False

    def _deliver(self, user_id: int, packet: PendingPacket, opus: bytes) -> None:
        self._stats.opened += 1
        self._streams.of(user_id).push(packet.sequence, packet.timestamp, opus, packet.arrived, packet.fresh)

    def _give_up(self, ssrc: Ssrc, count: int) -> None:
        """Count packets that waited in vain."""
        user_id = ssrc.user_id
        if user_id is None:
            self._stats.unattributed += count
            return
        # The SSRC may be somebody else's by now: let the keys prove it again.
        ssrc.proven = False
        self._stats.undecryptable += count
        if len(self._unopened) < MAX_KNOWN_SSRCS or user_id in self._unopened:
            self._unopened[user_id] = self._unopened.get(user_id, 0) + count

    def _keys(self) -> object:
        """Return what must change before a pending packet is worth another try."""
        return self._changes, self._opener.state

    def _candidates(self, now: float) -> list[int]:
        """Return the admitted people whose SSRC is unknown, or silent and perhaps no longer theirs."""
        return [user_id for user_id in self._participants.audible if self._silent(user_id, now)]

    def _silent(self, user_id: int, now: float) -> bool:
        ssrc = self._ssrcs.of(user_id)
        return ssrc is None or now - ssrc.last_arrival > SILENT_SSRC_SECONDS
