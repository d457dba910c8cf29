"""Several tracks at once -> one sound, and who speaks when."""

from collections.abc import Iterator, Sequence

import numpy as np

from bot.files.recordings.facts import SpeakerTurn
from bot.files.recordings.track import Piece

_SPOKEN_LEVEL = 10 ** (-50 / 20)
"""On the track of one person, anything louder is that person."""
_TURN_FRAME_SECONDS = 0.1
_JOINED_SECONDS = 0.8
"""A shorter pause is part of a turn."""


class SpeakerTurns:
    """Who speaks when, from the tracks of named people."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._turns: list[list[tuple[float, float]]] = [[] for _ in names]

    def hear(self, number: int, piece: Piece, rate: int) -> None:
        size = round(_TURN_FRAME_SECONDS * rate)
        frames = piece.samples[: len(piece.samples) // size * size].reshape(-1, size)
        turns = self._turns[number]
        for place in np.flatnonzero(frames.std(axis=1) > _SPOKEN_LEVEL):
            begin = piece.at / rate + int(place) * _TURN_FRAME_SECONDS
            if turns and begin - turns[-1][1] < _JOINED_SECONDS:
                turns[-1] = turns[-1][0], begin + _TURN_FRAME_SECONDS
            else:
                turns.append((begin, begin + _TURN_FRAME_SECONDS))

    def between(self, start: float, end: float) -> list[SpeakerTurn]:
        """Return the turns that are heard between two times, in order."""
        found = [
            SpeakerTurn(round(begin, 1), round(stop, 1), name)
            for name, turns in zip(self._names, self._turns, strict=True)
            for begin, stop in turns
            if begin < end and stop > start
        ]
        return sorted(found)


def merged(tracks: Sequence[Iterator[Piece]], rate: int, turns: SpeakerTurns | None = None) -> Iterator[Piece]:
    """Add up tracks, a second at a time. Pieces of a track follow one another."""
    heads = [next(track, None) for track in tracks]
    if turns is not None:
        for number, head in enumerate(heads):
            if head is not None:
                turns.hear(number, head, rate)
    while waiting := [head for head in heads if head is not None]:
        start = min(head.at for head in waiting)
        window, size = np.zeros(rate, np.float32), 0
        for number, track in enumerate(tracks):
            head = heads[number]
            while head is not None and head.at < start + rate:
                count = min(len(head.samples), start + rate - head.at)
                window[head.at - start : head.at - start + count] += head.samples[:count]
                size = max(size, head.at - start + count)
                if count < len(head.samples):
                    head = Piece(head.at + count, head.samples[count:])
                    break
                head = next(track, None)
                if head is not None and turns is not None:
                    turns.hear(number, head, rate)
            heads[number] = head
        yield Piece(start, window[:size])
