"""The transport encryption between a client and Discord's voice server: `aead_xchacha20_poly1305_rtpsize`.

The only door to PyNaCl.
"""

from typing import Final

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError

MODE: Final = "aead_xchacha20_poly1305_rtpsize"
KEY_BYTES: Final = 32

_PAD = bytes(20)
"""The nonce on the wire is the first 4 of 24 bytes; the rest is zero."""


class Aead:
    """One connection's key. The same class opens what comes and seals what goes."""

    def __init__(self, secret_key: bytes) -> None:
        if len(secret_key) != KEY_BYTES:
            raise ValueError("the secret key must have 32 bytes")
        self._key = bytes(secret_key)

    def open(self, header: bytes, body: bytes) -> bytes | None:
        """Return the plaintext of `body` (ciphertext, 16-byte tag, 4-byte nonce), None if it is forged or corrupt."""
        try:
            return crypto_aead_xchacha20poly1305_ietf_decrypt(body[:-4], header, body[-4:] + _PAD, self._key)
        except (CryptoError, ValueError, TypeError):
            return None

    def seal(self, header: bytes, plaintext: bytes, nonce: int) -> bytes:
        """Return the body for `plaintext`; never use a `nonce` (32 bits) twice with one key."""
        short = nonce.to_bytes(4, "big")
        return crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, header, short + _PAD, self._key) + short
