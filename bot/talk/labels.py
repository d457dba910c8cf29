"""What each person of a channel is called: by the model, in the transcript and in the history.

Two people of one name, or of names that look alike, get distinct labels: "Alex" and "Alex (2)". A label stays with its
person while they keep their name, also when they leave and come back, and is nobody else's afterwards. A new call takes
the labels up from the lines of the calls before it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import count

from bot.talk.skeleton import skeleton, visible
from bot.types import Message

MAX_PERSON_LABEL_CHARACTERS = 32
"""Discord's limit for a display name."""
MAX_LABELLED_PEOPLE = 1000
"""The person met the longest ago is forgotten first."""
_NAMELESS = "someone"
"""For a name without a visible letter, where even the user name is not known."""
_NUMBER_PATTERN = re.compile(r" \((\d+)\)$")


@dataclass(frozen=True, slots=True)
class _Label:
    name: str
    "the display name it was made of"
    text: str
    shape: str
    "its skeleton"


class Labels:
    """The labels of one channel's people."""

    def __init__(
        self, bot_name: Callable[[], str], messages: Sequence[Message] = (), people: Mapping[int, str] | None = None
    ) -> None:
        """`bot_name` is nobody else's label. `people`: id -> label, as they are known already; `messages`: earlier
        lines, oldest first, whose labels are taken up.
        """
        self._bot_name = bot_name
        self._labels: dict[int, _Label] = {}
        self._owners: dict[str, int] = {}
        "skeleton of a label -> whose it is or was"
        self._bot = ("", "")
        "its name, and the skeleton of that"
        for user_id, label in (people or {}).items():
            self.of(user_id, label)
        for message in reversed(messages):  # the newest line of each person has their present label
            if message.role == "user" and message.speaker_id not in self._labels:
                self.of(message.speaker_id, message.speaker)

    def of(self, user_id: int, name: str) -> str:
        """Return the label of somebody with this display name."""
        label, bot = self._labels.get(user_id), self._bot_shape()
        if label is None or label.name != name or label.shape == bot:
            text = self._choose(user_id, visible(name) or _NAMELESS, bot)
            label = self._labels[user_id] = _Label(name, text, skeleton(text))
            self._owners[label.shape] = user_id
            if len(self._labels) > MAX_LABELLED_PEOPLE:
                self.forget(next(iter(self._labels)))
        return label.text

    def known(self, user_id: int) -> str | None:
        """Return the label of somebody met before."""
        label = self._labels.get(user_id)
        return label.text if label else None

    @property
    def people(self) -> Set[int]:
        """Who has a label."""
        return self._labels.keys()

    def on(self, messages: Iterable[Message]) -> tuple[Message, ...]:
        """Return lines with the present labels of their speakers."""
        return tuple(self._labelled(message) for message in messages)

    def forget(self, user_id: int) -> None:
        """Forget a person's name."""
        self._labels.pop(user_id, None)
        self._owners = {shape: owner for shape, owner in self._owners.items() if owner != user_id}

    def _bot_shape(self) -> str:
        name = self._bot_name()
        if name != self._bot[0]:
            self._bot = name, skeleton(name)
        return self._bot[1]

    def _choose(self, user_id: int, name: str, bot: str) -> str:
        before = self.known(user_id)
        number = _NUMBER_PATTERN.search(before) if before else None
        if before and number and before == _numbered(name, int(number[1])) and skeleton(before) != bot:
            return before
        texts = (_numbered(name, number) for number in count(1))
        return next(text for text in texts if self._free(skeleton(text), user_id, bot))

    def _free(self, shape: str, user_id: int, bot: str) -> bool:
        return shape != bot and self._owners.get(shape, user_id) == user_id

    def _labelled(self, message: Message) -> Message:
        label = self.known(message.speaker_id) if message.role == "user" else None
        return message if label in (None, message.speaker) else replace(message, speaker=label)


def labelled(
    messages: Sequence[Message], bot_name: str, people: Mapping[int, str] | None = None
) -> tuple[Message, ...]:
    """Return a channel's lines, oldest first, with one distinct label for each person; `people`: those of its call."""
    return Labels(lambda: bot_name, messages, people).on(messages)


def _numbered(name: str, number: int) -> str:
    """Return `name` with its number, within MAX_PERSON_LABEL_CHARACTERS."""
    end = "" if number == 1 else f" ({number})"
    return name[: MAX_PERSON_LABEL_CHARACTERS - len(end)].rstrip() + end
