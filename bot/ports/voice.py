"""What a call needs from the voice link."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from bot.types import (
    Frame,
    LinkEnd,
    Playout,
    Sent,
)


class Vad(Protocol):
    """Voice activity of one speaker; holds that speaker's state."""

    def probabilities(self, frames: Sequence[bytes]) -> Iterable[float]:
        """Return how likely each of the next frames (20 ms, s16le mono 16 kHz, 640 bytes) is speech, 0 to 1.

        Several at once are cheaper, and get what they would get one by one. So are those of several speakers: hand in
        everybody's before you look at any.
        """
        ...

    def reset(self) -> None:
        """Forget the sound so far: the next frame does not follow the last."""
        ...


class Playback(Protocol):
    """The playback of one reply. All methods are called on the event loop."""

    def feed(self, pcm: bytes) -> None:
        """Append s16le mono 24 kHz, any length. Dropped after `finish` or `cut`."""
        ...

    def cue(self, pcm: bytes) -> None:
        """Play a short sound now if nothing has been fed yet; it does not count as played."""
        ...

    def finish(self) -> None:
        """No more sound will be fed: play out what is buffered."""
        ...

    def duck(self) -> None:
        """Play quietly from the next unsent packet on."""
        ...

    def resume(self) -> None:
        """Play at full level again."""
        ...

    def cut(self) -> Playout:
        """Fall silent now and return how much was heard. Idempotent."""
        ...

    @property
    def played(self) -> float:
        """Seconds of the reply that were sent."""
        ...

    async def wait(self) -> Playout:
        """Wait until everything is played out or cut."""
        ...


class VoiceLink(Protocol):
    """The bot in one voice channel. All methods are called on the event loop."""

    @property
    def channel_id(self) -> int:
        """The current voice channel; it changes when the bot is moved."""
        ...

    def frames(self, now: float) -> Sequence[Frame]:
        """Return the frames since the last tick, in order for each speaker; feed the playback.

        `now` is seconds on the call's clock. A speaker may have several frames (after a burst) or none.
        """
        ...

    def rest(self, wake: Callable[[], None]) -> None:
        """Nobody is heard, and the call ticks less often: call `wake` once, as soon as sound arrives."""
        ...

    def talking(self, now: float) -> frozenset[int]:
        """Return the people whose sound arrives now, by packet timing alone, with or without consent; never bots."""
        ...

    def unopened(self) -> Mapping[int, int]:
        """Return how many packets of each person could not be decrypted since the last call."""
        ...

    def admit(self, user_ids: frozenset[int]) -> None:
        """Decode only these people from now on; drop what is buffered of others."""
        ...

    def played(self) -> Sequence[Sent]:
        """Return what of the bot's own sound went out since the last call, frame by frame."""
        ...

    def play(self) -> Playback:
        """Open the playback of a new reply; cut the one before if it is still open."""
        ...

    async def ended(self) -> LinkEnd:
        """Wait until the link has ended for good; return why."""
        ...

    async def close(self) -> None:
        """Leave the channel. Idempotent."""
        ...
