"""The end-to-end encryption of voice (DAVE protocol version 1), as the receiver sees it.

The only door to davey. davey tells its failures apart only by the text of a ValueError; that text is read here and
nowhere else.
"""

from enum import Enum
from typing import Final, Protocol

import davey

from bot.voice.opus import SILENCE

_MARKER: Final = b"\xfa\xfa"
_TAG_BYTES: Final = 8
_TRAILER_MIN: Final = _TAG_BYTES + 1 + 1 + len(_MARKER)
_TRAILER_MAX: Final = _TAG_BYTES + 5 + 1 + len(_MARKER)
"""Tag, LEB128 of a 32-bit nonce (1 to 5 bytes), size, marker. Opus has no unencrypted ranges, so nothing else."""


class DaveSession(Protocol):
    """What is used of davey.DaveSession."""

    @property
    def epoch(self) -> int | None: ...

    @property
    def ready(self) -> bool: ...

    def decrypt(self, user_id: int, media_type: davey.MediaType, packet: bytes) -> bytes: ...

    def can_passthrough(self, user_id: int) -> bool: ...


def new_session(user_id: int, channel_id: int) -> davey.DaveSession:
    """Return a session without a group."""
    return davey.DaveSession(davey.DAVE_PROTOCOL_VERSION, user_id, channel_id)


def is_panic(error: BaseException) -> bool:
    """Tell whether Rust panicked: that arrives as pyo3's PanicException, no Exception, which no module exports."""
    return type(error).__name__ == "PanicException"


class OpenResult(Enum):
    """What became of a payload."""

    OPENED = "opened"
    "decrypted and authenticated as that person's"
    SILENCE = "silence"
    "the silence frame, which goes in the clear"
    PLAIN = "plain"
    "not encrypted, and rightly so"
    NO_KEY = "no_key"
    "that person is not in the group (yet), or there is no group (yet)"
    NO_MATCH = "no_match"
    "another epoch, a replay, corruption, or another person's"
    UNENCRYPTED = "unencrypted"
    "not encrypted where it must be"
    BROKEN = "broken"
    "davey failed in a way it should not"

    @property
    def good(self) -> bool:
        return self in _GOOD


_GOOD: Final = frozenset({OpenResult.OPENED, OpenResult.SILENCE, OpenResult.PLAIN})


def sealed(payload: bytes) -> bool:
    """Tell whether `payload` ends in DAVE's trailer for Opus.

    Stricter than davey, which also takes ranges left unencrypted; Opus has none, and what only a hostile sender would
    write is not handed on.
    """
    length = len(payload)
    if length <= _TRAILER_MIN or payload[-2:] != _MARKER:
        return False
    size = payload[-3]
    if not _TRAILER_MIN <= size <= _TRAILER_MAX or size >= length:
        return False
    # LEB128: every byte but the last has its high bit set.
    nonce = payload[length - size + _TAG_BYTES : -3]
    return nonce[-1] < 0x80 and (len(nonce) == 1 or min(nonce[:-1]) >= 0x80)


class Opener:
    """A session at the protocol version in force; version 0 is a call without end-to-end encryption."""

    def __init__(self, session: DaveSession | None = None, version: int = 0) -> None:
        self._session = session
        self.version = version

    @property
    def state(self) -> tuple[int, int | None, bool]:
        """What changes when a payload that could not be opened may open now."""
        session = self._session
        return (self.version, session.epoch, session.ready) if session else (self.version, None, False)

    def open(self, user_id: int, payload: bytes, in_transition: bool = False) -> tuple[OpenResult, bytes]:
        """Open `payload` as `user_id`'s; the bytes are the Opus packet when the outcome is good.

        Plain payloads pass while the version is 0, or `in_transition` between versions if the session agrees. Sealed
        ones never pass as plain: around an upgrade they would be decoded as noise. Never raises.
        """
        if payload == SILENCE:
            return OpenResult.SILENCE, payload
        session = self._session
        if not sealed(payload):
            if not self.version or (in_transition and session and session.can_passthrough(user_id)):
                return OpenResult.PLAIN, payload
            return OpenResult.UNENCRYPTED, b""
        if session is None:
            return OpenResult.NO_KEY, b""
        try:
            return OpenResult.OPENED, session.decrypt(user_id, davey.MediaType.audio, payload)
        except ValueError as error:
            return (OpenResult.NO_KEY if "NoDecryptorForUser" in str(error) else OpenResult.NO_MATCH), b""
        except BaseException as error:
            if not is_panic(error):
                raise
            return OpenResult.BROKEN, b""
