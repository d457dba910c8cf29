"""What a channel remembers while it is in use, newest last; the store keeps the same for longer."""

from bisect import insort
from collections.abc import Iterable

from bot.types import Message

MESSAGES = 200
CHARACTERS = 40_000
"""About 10,000 tokens of text; the prompt takes less."""


class History:
    """The last messages of one channel, in the order they were said, whatever order their words became known in."""

    def __init__(self, messages: Iterable[Message] = (), limit: int = MESSAGES, characters: int = CHARACTERS) -> None:
        self._limit = limit
        self._characters = characters
        self._messages: list[Message] = []
        self._size = 0
        self.dropped = 0
        "messages that fell out at the old end"
        for message in messages:
            self.append(message)

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def messages(self) -> tuple[Message, ...]:
        """Oldest first."""
        return tuple(self._messages)

    def append(self, message: Message) -> None:
        """Add a message at its place in time; of the same moment, the one added first comes first."""
        insort(self._messages, message, key=lambda message: message.at)
        self._size += len(message.text)
        self._trim()

    def put(self, message: Message) -> bool:
        """Put a message in place of the one with its id; False when that one is gone."""
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
        """Drop what one person said, and the answers to it; return how many messages went."""
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
            self.dropped += 1
