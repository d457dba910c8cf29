"""How names are written here: words that people put right in their lines, for the transcriber of that channel.

They are people's words, and go with the lines they are from: here, and in the store, which keeps them sealed.
"""

import re
from collections import deque
from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from bot.ports.holder import Holder
from bot.speakable import FULL_STOPS
from bot.types import Message

MAX_SPELLINGS = 20
"""Words kept per channel, newest first; the transcriber takes no more."""
MAX_SPELLING_CHANNELS = 1000
MAX_SPELLING_CHARACTERS = 40
_WORD_PATTERN = re.compile(r"[^\W\d_][\w'’-]*")
_RUN_PATTERN = re.compile(r"[\u30a1-\u30fa][\u30a1-\u30fa\u30fc・]+|[\u4e00-\u9fff々]{2,}")
"""Katakana or kanji in a row."""
_STEM_PATTERN = re.compile("['’]")
"""What ends the stem of "we're"."""
_OPENERS = frozenset(
    re.findall(
        r"\w+",
        """a actually all an and are as at because but can could did do does for from had has have he her here his how
        if in is it its let maybe my no not now of oh ok okay on or our please she so some sorry that the their then
        there these they this those to was we well were what when where which who why will with would yeah yes you
        your""",
    )
)
"""Words that begin a sentence, and so are written like names."""


@dataclass(frozen=True, slots=True)
class _Spelling:
    word: str = field(repr=False)
    line_id: str
    speaker_id: int


def names_learned(before: str, after: str) -> list[str]:
    """Return the words of `after` that look like names and are not in `before`, in order."""
    known = set(_WORD_PATTERN.findall(before))
    found: dict[int, str] = {}
    for match in _WORD_PATTERN.finditer(after):
        word, lead = match.group(), after[: match.start()].rstrip()
        opens = not lead or lead.endswith((*FULL_STOPS, "。", "！", "？"))
        common = opens and (
            _STEM_PATTERN.split(word.casefold())[0] in _OPENERS or word.casefold() in before.casefold().split()
        )
        pronoun = len(word) < 2 or word.startswith(("I'", "I’"))
        if word[0].isupper() and word not in known and not common and not pronoun:
            found[match.start()] = word
    for match in _RUN_PATTERN.finditer(after):
        if match.group() not in before:
            found[match.start()] = match.group()
    words = (found[at] for at in sorted(found))
    return list(dict.fromkeys(word for word in words if len(word) <= MAX_SPELLING_CHARACTERS))


class Spellings(Holder):
    """The spellings of all channels."""

    def __init__(self) -> None:
        self._channels: dict[int, deque[_Spelling]] = {}
        "newest first; the channel that learned last is last"

    def of(self, channel_id: int) -> list[str]:
        """Return the words of a channel, newest first."""
        return [spelling.word for spelling in self._channels.get(channel_id, ())]

    def load(self, channel_id: int, gleanings: Iterable[Message]) -> None:
        """Take a channel's words from what the store has gleaned of its lines, oldest first."""
        for one in gleanings:
            if one.role == "user" and one.audio_id:
                words = [word for word in one.text.splitlines() if word not in self.of(channel_id)]
                self._add(channel_id, [_Spelling(word, one.audio_id, one.speaker_id) for word in words])

    def correct(self, channel_id: int, before: Message, after: Message) -> None:
        learned = names_learned(before.text, after.text)
        kept = self._channels.get(channel_id, ())
        gone = {one.word for one in kept if one.line_id == after.id and one.word not in after.text}
        self._keep(channel_id, [one for one in kept if one.word not in gone and one.word not in learned])
        self._add(channel_id, [_Spelling(word, after.id, after.speaker_id) for word in learned])

    def gleaning(self, channel_id: int, line: Message) -> Message | None:
        """Return the words learned from a line, for the store; None: there are none."""
        words = [one.word for one in self._channels.get(channel_id, ()) if one.line_id == line.id]
        return Message("user", line.speaker_id, "", "\n".join(words), line.at, audio_id=line.id) if words else None

    def forget_person(self, user_id: int) -> None:
        for channel_id in list(self._channels):
            self._keep(channel_id, [one for one in self._channels[channel_id] if one.speaker_id != user_id])

    def clear_channel(self, channel_id: int) -> None:
        self._channels.pop(channel_id, None)

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        self._keep(channel_id, [one for one in self._channels.get(channel_id, ()) if one.line_id not in line_ids])

    def _add(self, channel_id: int, new: list[_Spelling]) -> None:
        if new:
            self._channels[channel_id] = deque([*new, *self._channels.pop(channel_id, ())][:MAX_SPELLINGS])
        while len(self._channels) > MAX_SPELLING_CHANNELS:
            del self._channels[next(iter(self._channels))]

    def _keep(self, channel_id: int, kept: list[_Spelling]) -> None:
        if kept:
            self._channels[channel_id] = deque(kept)
        else:
            self._channels.pop(channel_id, None)
