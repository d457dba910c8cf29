"""A file that comes with a question: a document or a recording, whatever its name says."""

from dataclasses import dataclass, replace

from bot.errors import ArchivedDocument, NeitherTextNorSound, NotAudio, NotDocument, TextTooLongToAsk, UnknownEncoding
from bot.files.box import ReadingPlace
from bot.files.documents import Note
from bot.files.recordings.facts import QUESTION_LIMITS
from bot.jobs.analyze import SPEAKERS_PROMPT, speaker_lines

MAX_ENCLOSED_CHARACTERS = 100_000
"""Of the documents that come with a question; the model is to remember the call, too."""
SOUND_TYPES = ("audio/", "video/")
"""Prefixes of the MIME types that may contain sound."""


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What the model is given beside the question."""

    words: str = ""
    sound: bytes = b""
    "s16le mono 16 kHz"
    notes: tuple[Note, ...] = ()
    "for the person who asks"

    def __add__(self, other: "Enclosed") -> "Enclosed":
        words = "\n\n".join(text for text in (self.words, other.words) if text)
        return Enclosed(words, self.sound + other.sound, self.notes + other.notes)


NOTHING_ENCLOSED = Enclosed()


async def read_enclosed(place: ReadingPlace, data: bytes, name: str, mime_type: str, begin: float = 0.0) -> Enclosed:
    """Read a file as what its content is. `mime_type`, which can be wrong, decides what is tried first.

    `begin`: the seconds of sound that other files bring before it.

    Raises BadDocument, BadAudio, FileError.
    """
    if mime_type.startswith(SOUND_TYPES):
        try:
            return await _heard(place, data, name, begin)
        except NotAudio as error:
            try:
                return await _read(place, data, name)
            except (NotDocument, UnknownEncoding):
                raise error from None
    try:
        return await _read(place, data, name)
    except (NotDocument, ArchivedDocument, UnknownEncoding) as error:
        try:
            return await _heard(place, data, name, begin)
        except NotAudio:
            raise (error if isinstance(error, ArchivedDocument) else NeitherTextNorSound(str(error))) from None


async def _heard(place: ReadingPlace, data: bytes, name: str, begin: float) -> Enclosed:
    heard = await place.sound(data, name, QUESTION_LIMITS)
    turns = [replace(turn, start=turn.start + begin, end=turn.end + begin) for turn in heard.turns]
    speakers = f"{SPEAKERS_PROMPT}\n{speaker_lines(turns)}" if turns else ""
    return Enclosed(speakers, heard.pcm, (Note("cut", name),) if heard.cut else ())


async def _read(place: ReadingPlace, data: bytes, name: str) -> Enclosed:
    document = await place.document(data, name)
    if len(document.text) > MAX_ENCLOSED_CHARACTERS:
        raise TextTooLongToAsk(f"{len(document.text)} characters")
    return Enclosed(document.text, notes=document.notes)
