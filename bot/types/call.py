"""The state of a call, and the verdicts on what it heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class CallState(StrEnum):
    """The state of a call; call.py owns it."""

    JOINING = "joining"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    LEAVING = "leaving"


class LinkEnd(StrEnum):
    """Why a voice link ended."""

    LEFT = "left"
    "the bot left"
    KICKED = "kicked"
    "somebody disconnected the bot, or the channel is gone"
    REFUSED = "refused"
    "4017: end-to-end encryption was not accepted"
    OUTDATED = "outdated"
    "4012, 4016: Discord no longer knows the protocol or the encryption that the bot uses"
    LIMITED = "limited"
    "4021: Discord limits how often the bot connects"
    UNEXPLAINED = "unexplained"
    "Discord disconnected the bot and never said why: somebody may have removed it"
    LOST = "lost"
    "the network failed, after every attempt to recover"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of an utterance (/call why)."""

    utterance_id: int
    user_id: int
    at: float
    "seconds on the call's clock"
    outcome: str
    "answered, too_short, no_speech, not_addressed, no_consent, undecryptable, over_budget, model_error …"
    detail: Mapping[str, float | str] = field(default_factory=dict)
    "the number behind it: seconds, dbfs, count, status"
