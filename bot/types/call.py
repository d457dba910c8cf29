"""The state of a call, and what became of what it heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CallState(StrEnum):
    """Where a call stands; owned by call.py."""

    JOINING = "joining"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    LEAVING = "leaving"


class LinkEnd(StrEnum):
    """Why a voice link ended."""

    LEFT = "left"
    "we left"
    KICKED = "kicked"
    "somebody disconnected the bot, or the channel is gone"
    REFUSED = "refused"
    "4017: end-to-end encryption was not accepted"
    LOST = "lost"
    "the network, after every attempt to recover"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an utterance (/call why)."""

    utterance_id: int
    user_id: int
    at: float
    "seconds on the call's clock"
    outcome: str
    "answered, too_short, no_speech, not_addressed, no_consent, undecryptable, over_budget, model_error …"
    detail: Mapping[str, float | str] = field(default_factory=dict)
    "the number behind it: seconds, dbfs, count, status"
