"""Encryption of words at rest: Fernet (AES-128-CBC and HMAC-SHA256) seals with the first key and opens with any."""

import base64
import binascii
import hashlib
from collections.abc import Iterable

from cryptography.fernet import Fernet, InvalidToken

from bot.errors import ConfigError, WrongKey

STORE_KEY_BYTES = 32


class Seal:
    """The keys of the store. Without keys, words stay as they are."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        """`keys` are 32 bytes in base64 each; the first one seals. Raises ConfigError."""
        self._keys: dict[str, Fernet] = {}
        for key in keys:
            raw = _read(key)
            self._keys[hashlib.sha256(raw).hexdigest()[:16]] = Fernet(base64.urlsafe_b64encode(raw))

    @classmethod
    def of(cls, setting: str | None) -> "Seal":
        """Read STORE_KEY: keys separated by commas. Raises ConfigError."""
        return cls(key.strip() for key in setting.split(",")) if setting else cls()

    @property
    def key(self) -> str | None:
        """Name of the key that seals; None: nothing is sealed."""
        return next(iter(self._keys), None)

    def knows(self, key: str | None) -> bool:
        """Whether words sealed under the key of this name can be read."""
        return key is None or key in self._keys

    def seal(self, words: str) -> str:
        key = self.key
        return words if key is None else self._keys[key].encrypt(words.encode()).decode()

    def open(self, words: str, key: str | None) -> str:
        """Decrypt words sealed under the key of this name; None: they are not sealed. Raises WrongKey."""
        if key is None:
            return words
        try:
            return self._keys[key].decrypt(words).decode()
        except KeyError:
            raise WrongKey(f"words are sealed with a key that is not in STORE_KEY ({key})") from None
        except InvalidToken:
            raise WrongKey(f"words sealed with the key {key} were changed since") from None


def _read(key: str) -> bytes:
    # Both base64 alphabets, so that any common tool can make a key. No passphrases: each start would have to stretch
    # them, and their strength is unknown.
    try:
        raw = base64.b64decode(key.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != STORE_KEY_BYTES:
        raise ConfigError(["STORE_KEY: each key must be 32 random bytes in base64, as `openssl rand -base64 32` makes"])
    return raw
