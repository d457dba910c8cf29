"""What became of every datagram, as counters a reader understands."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class ReceiverStats:
    """Counts since the call began; each datagram ends in exactly one fate."""

    received: int = 0
    "datagrams handed to the receiver"

    # Not ours to hear
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
    forged: int = 0
    "the transport encryption does not verify"
    bad_padding: int = 0
    bad_extension: int = 0
    no_consent: int = 0
    "from people who are not admitted: dropped unopened"
    stranger: int = 0
    "SSRC of nobody known, and nobody it could be is admitted"
    too_many_strangers: int = 0
    "SSRC of nobody known, beyond the bound"
    flood: int = 0
    "more packets, or more sound, a second than a microphone makes"

    # End-to-end encryption
    undecryptable: int = 0
    "held as long as allowed, and no key opened it"
    unattributed: int = 0
    "held as long as allowed, and its SSRC's person did not become known"
    dropped: int = 0
    "still waiting when its person left, withdrew or changed SSRC"

    # Order
    duplicate: int = 0
    late: int = 0
    "its place had been filled"
    replayed: int = 0
    overflow: int = 0
    "more packets wait than the jitter buffer keeps"

    # Sound
    decoded: int = 0
    "packets that became sound"
    bad_opus: int = 0
    "authentic, but not Opus"

    # Beside the fates
    opened: int = 0
    "packets the end-to-end encryption passed: decrypted, silence, or plain in a plain call"
    held: int = 0
    "packets that had to wait for a key or a name"
    attributed: int = 0
    "SSRCs whose person was found by trial decryption"
    restarted: int = 0
    "streams that began anew"
    lost: int = 0
    "packets that never came"
    frames: int = 0
    "frames of 20 ms given out"
    concealed: int = 0
    "of these, made up by FEC or PLC"

    def count(self, fate: str, times: int = 1) -> None:
        """Add to the counter named `fate`."""
        setattr(self, fate, getattr(self, fate) + times)

    def fates(self) -> int:
        """Return how many datagrams met their fate; the others still wait."""
        return sum(count for name, count in self.as_dict().items() if name not in BESIDE)

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


BESIDE = frozenset({"received", "opened", "held", "attributed", "restarted", "lost", "frames", "concealed"})
"""Counters that are not the fate of a datagram."""
