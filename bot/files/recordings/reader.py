"""A recording of any format -> its facts and its sound, in parts. Pure; takes CPU."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.audio import HEAR_RATE
from bot.errors import AudioTooLarge, AudioTooLong, BadAudio, EmptyAudio, NotAudio, SilentAudio, TruncatedAudio
from bot.files.recordings import archive, ending, ogg
from bot.files.recordings.container import Source, bytes_of, head_of, readable
from bot.files.recordings.facts import Limits, PartHead, RecordingFacts
from bot.files.recordings.parts import PartBuffer, in_parts
from bot.files.recordings.speakers import SpeakerTurns, merged
from bot.files.recordings.survey import Survey, survey
from bot.files.recordings.track import Piece, read_track


@dataclass(frozen=True, slots=True)
class SoundFile:
    """One file of sound, or one of several that follow each other in one file."""

    source: Source
    look: Survey

    @classmethod
    def open(cls, source: Source, limits: Limits, name: str = "") -> "SoundFile":
        source = readable(source, name)
        return cls(source, survey(source, limits.longest))

    def tracks(self, rate: int, longest: float) -> list[Iterator[Piece]]:
        return [
            read_track(self.source, track.index, track.mix, rate, longest, even=track.even)
            for track in self.look.tracks
        ]

    def pieces(self, rate: int, longest: float) -> Iterator[Piece]:
        tracks = self.tracks(rate, longest)
        return tracks[0] if len(tracks) == 1 else merged(tracks, rate)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that was looked at and can be heard."""

    links: list[SoundFile]
    "one after the other; with `speakers`, all at once"
    limits: Limits
    speakers: list[str] = field(default_factory=list)
    "names of the links"
    cut: bool = False
    "links are missing"

    @classmethod
    def open(cls, source: Source, limits: Limits, name: str = "") -> "Recording":
        """Look at a file. Its name counts only where it has no header. Raises BadAudio; a subclass says why."""
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        if not size:
            raise EmptyAudio("no bytes")
        if size > limits.size:
            raise AudioTooLarge(f"{size} bytes")
        head = head_of(source)
        if archive.is_archive(head):
            return cls._of_speakers(source, limits)
        try:
            links = [SoundFile.open(piece, limits, name) for piece in _links(source, head)]
        except NotAudio:
            with bytes_of(source) as file:
                if ending.cut(file):
                    raise TruncatedAudio("cut off before its index") from None
            raise
        if sum(link.look.seconds for link in links) > limits.longest and len(links) > 1:
            raise AudioTooLong("all links together")
        return cls(links, limits)

    @classmethod
    def _of_speakers(cls, source: Source, limits: Limits) -> "Recording":
        links, names = [], []
        source, cut = archive.uncut(source)
        for name, path, data in archive.speakers_of(source):
            try:
                links.append(SoundFile.open(data, limits, path))
            except (EmptyAudio, NotAudio):
                continue  # somebody who was there and never spoke
            except BadAudio as error:
                if not cut or type(error) not in (BadAudio, TruncatedAudio):
                    raise
                continue  # too little is left of it
            names.append(name)
        if not links:
            raise TruncatedAudio("cut off in its first track") if cut else NotAudio("no recording in the archive")
        return cls(links, limits, names, cut)

    @property
    def facts(self) -> RecordingFacts:
        lengths = [link.look.seconds for link in self.links]
        seconds = max(lengths) if self.speakers else sum(lengths)
        return RecordingFacts(seconds, self.cut or any(link.look.cut for link in self.links), self.speakers)

    def parts(
        self, seconds: float, overlap: float = 0.0, rate: int = HEAR_RATE
    ) -> Iterator[tuple[PartHead, PartBuffer]]:
        """Decode the recording in parts of `seconds`. Raises BadAudio; SilentAudio when all of it is zeros."""
        turns = SpeakerTurns(self.speakers) if self.speakers else None
        heard = False
        try:
            for start, last, buffer in in_parts(self._pieces(rate, turns), seconds, overlap, rate):
                heard = True
                told = turns.between(start, start + buffer.size / rate) if turns else []
                yield PartHead(start, last, told), buffer
        except (EmptyAudio, NotAudio):
            if self.facts.cut:
                raise TruncatedAudio("cut off before its first sound") from None
            raise
        if not heard:
            raise SilentAudio("zeros")

    def _pieces(self, rate: int, turns: SpeakerTurns | None) -> Iterator[Piece]:
        longest = self.limits.longest
        if turns is not None:
            yield from merged([link.pieces(rate, longest) for link in self.links], rate, turns)
            return
        begin = 0
        for link in self.links:
            for piece in link.pieces(rate, longest):
                yield Piece(begin + piece.at, piece.samples)
            begin += round(link.look.seconds * rate)


def _links(source: Source, head: bytes) -> list[Source]:
    if not head.startswith(b"OggS"):
        return [source]
    data = source if isinstance(source, bytes) else source.read_bytes()
    whole = ogg.completed(data)
    found = ogg.links(whole)
    return [source] if len(found) == 1 and whole is data else [whole[start:end] for start, end in found]
