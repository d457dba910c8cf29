"""Whether the bot is in its channel, as a question that Discord answers."""

from enum import Enum, auto


class Presence(Enum):
    """Whether the bot is still in its channel, as Discord answers when asked."""

    HERE = auto()
    "Discord counts the bot as in the channel, and the main gateway has told everything it knew"
    FREE = auto()
    "out of it, but nobody removed it: it left to enter again, or the main gateway's session was lost"
    GONE = auto()
    "out of it for a reason that the main gateway has not told"
    UNKNOWN = auto()
    "the main gateway does not answer"
