"""The history of a channel in memory, newest last; the store keeps the same for longer."""

from bisect import insort
from collections import Counter
from collections.abc import Iterable

from bot.types import Message

MAX_HISTORY_MESSAGES = 200
MAX_HISTORY_CHARACTERS = 40_000
"""About 10,000 tokens of text; the prompt takes less."""


class History:
    """The last messages of one channel, in the order people spoke, whatever order their words become known in."""

    def __init__(
        self,
        messages: Iterable[Message] = (),
        limit: int = MAX_HISTORY_MESSAGES,
        characters: int = MAX_HISTORY_CHARACTERS,
        counts: Counter[str] | None = None,
    ) -> None:
        """`counts` gets history_trimmed: messages dropped at the old end."""
        self._limit = limit
        self._characters = characters
        self._counts: Counter[str] = Counter() if counts is None else counts
        self._messages: list[Message] = []
        self._size = 0
        for message in messages:
            self.append(message)

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Oldest first."""
        return tuple(self._messages)

    def append(self, message: Message) -> None:
        """Insert a message by its time; of two with the same time, the one added first comes first."""
        insort(self._messages, message, key=lambda message: message.at)
        self._size += len(message.text)
        self._trim()

    def put(self, message: Message) -> bool:
        """Replace the message with this id; False when it is gone."""
        for place, there in enumerate(self._messages):
            if there.id == message.id:
                self._messages[place] = message
                self._size += len(message.text) - len(there.text)
                self._trim()
                return True
        return False

    def remove(self, message_id: str) -> None:
        """Drop one message."""
        self._messages = [message for message in self._messages if message.id != message_id]
        self._size = sum(len(message.text) for message in self._messages)

    def forget(self, user_id: int) -> int:
        """Drop what one person said and the answers to it; return how many messages that was."""
        before = len(self._messages)
        self._messages = [message for message in self._messages if not message.concerns({user_id})]
        self._size = sum(len(message.text) for message in self._messages)
        return before - len(self._messages)

    def clear(self) -> None:
        self._messages.clear()
        self._size = 0

    def _trim(self) -> None:
        while len(self._messages) > self._limit or (self._size > self._characters and len(self._messages) > 1):
            self._size -= len(self._messages.pop(0).text)
            self._counts["history_trimmed"] += 1
