"""Encryption of words at rest with AES-256-GCM: the first key seals, every key opens.

What is sealed is bound to its place, as associated data: a value that was moved to another row, column or file does not
open. Values of the first format (Fernet, not bound to a place) open, too.

cryptography takes 6 MiB, so it is imported once there is a key.
"""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.errors import ConfigError, Damaged, WrongKey

if TYPE_CHECKING:
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STORE_KEY_BYTES = 32
SEAL_NONCE_BYTES = 12
"""Random: under one key up to 2^32 values (NIST SP 800-38D, section 8.3)."""
_KEY_NAME = re.compile(r"[0-9a-f]{16}|2\.[0-9a-f]{14}")
DAMAGED_KEY_NAME = "damaged"
"""Stands in the place of a key's name where no key opens what is sealed."""
CHANGED_WORDS = "words were changed or moved since they were sealed"
_SEALED_FILE = b"kikite sealed "
"""What a sealed file begins with; the key's name and a line's end follow."""


class Seal:
    """The keys of the store. Without keys, words stay as they are."""

    def __init__(self, keys: Iterable[str] = ()) -> None:
        """`keys` are 32 bytes in base64 each; the first one seals. Raises ConfigError."""
        self._keys: dict[str, AESGCM] = {}
        self._first_format: dict[str, Fernet] = {}
        for key in keys:
            raw = _read(key)
            name = hashlib.sha256(raw).hexdigest()
            self._keys[f"2.{name[:14]}"], self._first_format[name[:16]] = _ciphers(raw)

    @classmethod
    def of(cls, setting: str | None) -> "Seal":
        """Read STORE_KEY: keys separated by commas. Raises ConfigError."""
        return cls(key.strip() for key in setting.split(",")) if setting else cls()

    @property
    def key(self) -> str | None:
        """Name of the key that seals, and of the format; None: nothing is sealed."""
        return next(iter(self._keys), None)

    def knows(self, key: str | None) -> bool:
        """Whether words sealed under the key of this name can be read."""
        return key is None or key in self._keys or key in self._first_format

    def seal(self, words: str, place: str) -> str:
        """Encrypt words for their place."""
        return words if self.key is None else base64.urlsafe_b64encode(self._encrypt(words.encode(), place)).decode()

    def open(self, words: str, key: str | None, place: str) -> str:
        """Decrypt words sealed under the key of this name; None: they are not sealed.

        Raises WrongKey, and Damaged when they were changed or moved since.
        """
        if key is None:
            return words
        try:
            if fernet := self._first_format.get(key):
                return _opened(fernet, words)
            return self._decrypt(base64.b64decode(words, b"-_", validate=True), key, place).decode()
        except ValueError:
            raise Damaged(CHANGED_WORDS) from None

    def seal_file(self, data: bytes, place: str) -> bytes:
        """Encrypt the content of a file for its place, which is its name."""
        return data if self.key is None else _SEALED_FILE + self.key.encode() + b"\n" + self._encrypt(data, place)

    def open_file(self, data: bytes, place: str) -> bytes:
        """Decrypt the content of a file, sealed or not. Raises WrongKey and Damaged."""
        key = file_key(data)
        return data if key is None else self._decrypt(data.partition(b"\n")[2], key, place)

    def _encrypt(self, data: bytes, place: str) -> bytes:
        nonce = os.urandom(SEAL_NONCE_BYTES)
        return nonce + self._keys[self.key or ""].encrypt(nonce, data, place.encode())

    def _decrypt(self, data: bytes, key: str, place: str) -> bytes:
        if key not in self._keys:
            if not is_key_name(key):
                raise Damaged("the name of a key was changed")
            raise WrongKey(f"transcripts are encrypted with a key that is not in STORE_KEY ({key})")
        from cryptography.exceptions import InvalidTag

        try:
            return self._keys[key].decrypt(data[:SEAL_NONCE_BYTES], data[SEAL_NONCE_BYTES:], place.encode())
        except InvalidTag:
            raise Damaged(CHANGED_WORDS) from None


def _ciphers(raw: bytes) -> tuple["AESGCM", "Fernet"]:
    """Return what a key opens and seals, and what it opens of the first format."""
    from cryptography.fernet import Fernet
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return AESGCM(HKDF(SHA256(), 32, None, b"kikite store 2").derive(raw)), Fernet(base64.urlsafe_b64encode(raw))


def _opened(fernet: "Fernet", words: str) -> str:
    from cryptography.fernet import InvalidToken

    try:
        return fernet.decrypt(words).decode()
    except InvalidToken:
        raise Damaged(CHANGED_WORDS) from None


def is_key_name(key: str) -> bool:
    """Whether this can be the name of a key at all, or is damage."""
    return _KEY_NAME.fullmatch(key) is not None


def file_key(data: bytes) -> str | None:
    """Return the name of the key that a file is sealed with; None: it is not sealed."""
    if not data.startswith(_SEALED_FILE):
        return None
    return data.partition(b"\n")[0].removeprefix(_SEALED_FILE).decode("ascii", "replace")


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
