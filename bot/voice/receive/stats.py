"""What became of every datagram, as counters a reader understands."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class ReceiverStats:
    """Counts since the call began; each datagram meets exactly one fate."""

    received: int = 0
    "datagrams handed to the receiver"

    # Not to be heard
    not_rtp: int = 0
    "malformed, or another protocol"
    rtcp: int = 0
    "control packets"
    not_audio: int = 0
    "other payload types: video, retransmission"
    empty: int = 0
    "nothing but padding"
    no_secret: int = 0
    "came before the connection's key"
    auth_failed: int = 0
    "the transport encryption does not verify"
    bad_padding: int = 0
    bad_extension: int = 0
    no_consent: int = 0
    "from people who are not admitted: dropped unopened"
    unknown_ssrc: int = 0
    "the SSRC's person is unknown, and nobody it could be is admitted"
    too_many_unknown_ssrcs: int = 0
    "beyond the bound on SSRCs whose person is unknown"
    flood: int = 0
    "more packets, or more sound, a second than a microphone makes"

    # End-to-end encryption
    undecryptable: int = 0
    "waited as long as allowed, and no key opened it"
    unattributed: int = 0
    "waited as long as allowed, and its SSRC's person stayed unknown"
    dropped: int = 0
    "still waiting when its person left, withdrew consent or changed SSRC"

    # Order
    duplicate: int = 0
    late: int = 0
    "concealment had filled its place"
    replayed: int = 0
    overflow: int = 0
    "more packets wait than the jitter buffer keeps"

    # Sound
    decoded: int = 0
    "packets that became sound"
    bad_opus: int = 0
    "authentic, but not Opus"

    # Not fates
    opened: int = 0
    "packets the end-to-end encryption passed: decrypted, silence, or plain in a plain call"
    held: int = 0
    "packets that had to wait for a key or their person"
    attributed: int = 0
    "SSRCs whose person was found by trial decryption"
    restarted: int = 0
    "streams that started over"
    lost: int = 0
    "packets that never came"
    frames: int = 0
    "20 ms frames handed out"
    concealed: int = 0
    "of these, made up by FEC or PLC"

    def count(self, fate: str, times: int = 1) -> None:
        """Add to the counter named `fate`."""
        setattr(self, fate, getattr(self, fate) + times)

    def fates(self) -> int:
        """Return how many datagrams have met their fate; the others still wait."""
        return sum(count for name, count in self.as_dict().items() if name not in NOT_FATES)

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


NOT_FATES = frozenset({"received", "opened", "held", "attributed", "restarted", "lost", "frames", "concealed"})
"""Counters that are not the fate of a datagram."""
