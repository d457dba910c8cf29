"""The end-to-end encryption of voice (DAVE protocol version 1), as the receiver sees it.

The only door to davey. davey distinguishes its failures only by the text of a ValueError; this file alone reads it.
"""

from enum import Enum
from typing import Final, Protocol

import davey

from bot.voice.opus import OPUS_SILENCE

_TRAILER_MARKER: Final = b"\xfa\xfa"
_DAVE_TAG_BYTES: Final = 8
_MIN_TRAILER_BYTES: Final = _DAVE_TAG_BYTES + 1 + 1 + len(_TRAILER_MARKER)
_MAX_TRAILER_BYTES: Final = _DAVE_TAG_BYTES + 5 + 1 + len(_TRAILER_MARKER)
"""Tag, LEB128 of a 32-bit nonce (1 to 5 bytes), size, marker. Opus has no unencrypted ranges, so there is no more."""


class DaveSession(Protocol):
    """The part of davey.DaveSession that the bot uses."""

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
    """Tell whether Rust panicked: pyo3 raises PanicException, which is no Exception and which no module exports."""
    return type(error).__name__ == "PanicException"


class OpenResult(Enum):
    """How opening a payload ended."""

    OPENED = "opened"
    "decrypted, and authenticated as that person's"
    SILENCE = "silence"
    "the silence frame, which is never encrypted"
    PLAIN = "plain"
    "not encrypted, as expected"
    NO_KEY = "no_key"
    "that person is not in the group (yet), or there is no group (yet)"
    NO_MATCH = "no_match"
    "another epoch, a replay, corruption, or another person's"
    UNENCRYPTED = "unencrypted"
    "not encrypted although it must be"
    BROKEN = "broken"
    "davey panicked"

    def __init__(self, value: str) -> None:
        self.good = value in {"opened", "silence", "plain"}


def sealed(payload: bytes) -> bool:
    """Tell whether `payload` ends in DAVE's trailer for Opus.

    Stricter than davey, which also accepts unencrypted ranges. Opus has none: only a hostile sender would write them.
    """
    length = len(payload)
    if length <= _MIN_TRAILER_BYTES or payload[-2:] != _TRAILER_MARKER:
        return False
    size = payload[-3]
    if not _MIN_TRAILER_BYTES <= size <= _MAX_TRAILER_BYTES or size >= length:
        return False
    # LEB128: every byte but the last has its high bit set.
    nonce = payload[length - size + _DAVE_TAG_BYTES : -3]
    return nonce[-1] < 0x80 and (len(nonce) == 1 or min(nonce[:-1]) >= 0x80)


class Opener:
    """A session at the protocol version in force; version 0 means a call without end-to-end encryption."""

    def __init__(self, session: DaveSession | None = None, version: int = 0) -> None:
        self._session = session
        self.version = version

    @property
    def state(self) -> tuple[int, int | None, bool]:
        """Changes whenever a payload that did not open before may open now."""
        session = self._session
        return (self.version, session.epoch, session.ready) if session else (self.version, None, False)

    def open(self, user_id: int, payload: bytes, in_transition: bool = False) -> tuple[OpenResult, bytes]:
        """Open `payload` as `user_id`'s; the bytes are the Opus packet when the result is good.

        Plain payloads pass while the version is 0, and `in_transition` between versions if the session allows it.
        Sealed ones never pass as plain: around an upgrade they would decode to noise. Never raises.
        """
        if payload == OPUS_SILENCE:
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
