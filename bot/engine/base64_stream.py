"""Streamed base64, cut anywhere and written in any of its ways -> bytes (RFC 4648; data URLs: RFC 2397)."""

import binascii
import re

MAX_DATA_URL_HEAD_CHARACTERS = 256
"""Of what stands before a data URL's comma."""
_DATA_URL = "data:"
_BASE64_PADDING = re.compile("=+")
_PLAIN_ALPHABET = str.maketrans({"-": "+", "_": "/", " ": None, "\n": None, "\r": None, "\t": None})
"""The URL-safe alphabet becomes the plain one; line breaks go."""


class Base64Stream:
    """Decodes base64 that may be cut at any character and padded at the end of any part.

    A part may begin as a data URL, whose head is left in `media_type`.
    """

    def __init__(self) -> None:
        self.garbled = 0
        "parts that were not base64"
        self.media_type = ""
        "what a data URL said of its bytes: audio/wav;codec=1"
        self._head = ""
        self._rest = ""

    def feed(self, text: str) -> bytes:
        """Return the bytes that are complete now. What cannot be decoded becomes zeros: samples stay aligned."""
        text = self._without_head(text)
        *ended, open_end = _BASE64_PADDING.split(self._rest + text.translate(_PLAIN_ALPHABET))
        whole = len(open_end) // 4 * 4
        self._rest = open_end[whole:]
        return b"".join([*map(self._decode, ended), self._decode(open_end[:whole])])

    def end(self) -> bytes:
        """Return the remaining bytes, if the end lacks its padding."""
        head, self._head = self._head, ""
        rest, self._rest = self._rest + head, ""
        return self._decode(rest)

    def _without_head(self, text: str) -> str:
        """Take off the head of a data URL, which may come in pieces. No base64 has its colon."""
        text, self._head = self._head + text, ""
        begun = text[: len(_DATA_URL)]
        if not text or not _DATA_URL.startswith(begun):
            return text
        head, comma, data = text[:MAX_DATA_URL_HEAD_CHARACTERS].partition(",")
        if comma:
            self._rest = ""
            self.media_type = head.removeprefix(_DATA_URL)
            return data + text[MAX_DATA_URL_HEAD_CHARACTERS:]
        if len(text) < MAX_DATA_URL_HEAD_CHARACTERS:
            self._head = text
            return ""
        return text

    def _decode(self, text: str) -> bytes:
        try:
            return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
        except (binascii.Error, ValueError):
            self.garbled += 1
            return bytes(len(text) * 3 // 4)
