"""What a call asks of the voice link."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.types import (
    Frame,
    LinkEnd,
    Playout,
)


class Vad(Protocol):
    """Voice activity of one speaker; holds that speaker's state."""

    def probability(self, pcm: bytes) -> float:
        """Return how likely the next 20 ms (s16le mono 16 kHz, 640 bytes) are speech, 0 to 1."""
        ...

    def reset(self) -> None:
        """Forget what was heard: the next frame does not follow the last."""
        ...


class Playback(Protocol):
    """One reply on its way to the loudspeaker. All methods are called on the event loop."""

    def feed(self, pcm: bytes) -> None:
        """Append s16le mono 24 kHz, any length. Dropped after `finish` or `cut`."""
        ...

    def cue(self, pcm: bytes) -> None:
        """Play a short sound now if nothing has been fed yet; it does not count as played."""
        ...

    def finish(self) -> None:
        """Nothing more will be fed: play out what is there."""
        ...

    def duck(self) -> None:
        """Play quietly from the next packet that is not on the wire yet."""
        ...

    def resume(self) -> None:
        """Play at full level again."""
        ...

    def cut(self) -> Playout:
        """Fall silent now and say how much was heard. Idempotent."""
        ...

    @property
    def played(self) -> float:
        """Seconds of the reply that went out."""
        ...

    async def wait(self) -> Playout:
        """Return when all was played out, or it was cut."""
        ...


class VoiceLink(Protocol):
    """The bot in one voice channel. All methods are called on the event loop."""

    @property
    def channel_id(self) -> int:
        """The voice channel it is in now; changes when the bot is moved."""
        ...

    def frames(self, now: float) -> Sequence[Frame]:
        """Return what was heard since the last tick, in order for each speaker; pump the playback.

        `now` is seconds on the call's clock. A speaker may have several frames (after a burst) or none.
        """
        ...

    def talking(self, now: float) -> frozenset[int]:
        """Return the people whose sound arrives now, by packet timing alone, consent or not; never bots."""
        ...

    def unopened(self) -> Mapping[int, int]:
        """Return how many packets of each person no key opened, since the last call."""
        ...

    def admit(self, user_ids: frozenset[int]) -> None:
        """Decode only these people from now on; what is buffered of others is dropped."""
        ...

    def play(self) -> Playback:
        """Open the playback of a new reply; one that is still open is cut."""
        ...

    async def ended(self) -> LinkEnd:
        """Return why, when the link is over for good."""
        ...

    async def close(self) -> None:
        """Leave the channel. Idempotent."""
        ...
