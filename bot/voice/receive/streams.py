"""The streams of everybody the bot hears."""

from typing import Final

from bot.types import Frame
from bot.voice.opus import OpusLibrary
from bot.voice.receive.stats import ReceiverStats
from bot.voice.receive.stream import Stream

MAX_FORMER_STREAMS: Final = 1024
"""People who left or withdrew consent, kept so their timestamps never go back; the oldest goes first."""


class Streams:
    """One stream per person, from their first opened packet on."""

    def __init__(self, library: OpusLibrary, stats: ReceiverStats) -> None:
        self._library = library
        self._stats = stats
        self._open: dict[int, Stream] = {}
        self._former: dict[int, Stream] = {}
        "of those who left or withdrew: empty"
        self._ready: list[Frame] = []
        "frames of those who left since the last tick"

    def __len__(self) -> int:
        return len(self._open)

    @property
    def waiting(self) -> int:
        """Packets that have not been decoded yet."""
        return sum(stream.waiting for stream in self._open.values())

    def of(self, user_id: int) -> Stream:
        """Return a person's stream; open it if it is not."""
        stream = self._open.get(user_id)
        if stream is None:
            stream = self._former.pop(user_id, None) or Stream(user_id, self._library, self._stats)
            self._open[user_id] = stream
        return stream

    def drain(self, now: float) -> list[Frame]:
        """Return every frame that is ready."""
        frames, self._ready = self._ready, []
        for stream in self._open.values():
            stream.drain(now, frames)
        return frames

    def restart(self, user_id: int) -> None:
        """Expect another SSRC from this person."""
        if user_id in self._open:
            self._open[user_id].restart()

    def finish(self, user_id: int) -> None:
        """Close the stream of somebody who left: what they said still comes out, without waiting for lost packets."""
        if user_id in self._open:
            self._open[user_id].drain(float("inf"), self._ready)
            self._close(user_id)

    def drop(self, user_id: int) -> None:
        """Close the stream of somebody the bot may no longer hear: what they said does not come out."""
        self._ready = [frame for frame in self._ready if frame.user_id != user_id]
        if user_id in self._open:
            self._close(user_id)

    def _close(self, user_id: int) -> None:
        stream = self._open.pop(user_id)
        self._stats.dropped += stream.end()
        if len(self._former) >= MAX_FORMER_STREAMS:
            self._former.pop(next(iter(self._former)))
        self._former[user_id] = stream
