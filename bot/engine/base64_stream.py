"""Streamed base64, cut anywhere and written in any of its ways -> bytes (RFC 4648; data URLs: RFC 2397)."""

import binascii
import re

import numpy as np

from bot.engine.sound_guard import roughness

MAX_DATA_URL_HEAD_CHARACTERS = 256
"""Of what stands before a data URL's comma."""
MIN_COMPARED_CHARACTERS, COMPARED_CHARACTERS = 256, 4096
"""Of a part that is read in two ways: 96 samples tell which is sound, two do not."""
MIN_SMOOTHER_TIMES = 2.0
"""Between the roughness of a wrong and a right reading, which is that of noise and of speech."""
MIN_COMPARED_DBFS = -70.0
_DATA_URL = "data:"
_URL_SAFE_OR_BREAK = "-_\n\r\t"
_PLAIN = str.maketrans("-_", "+/", "\n\r\t")
"""The URL-safe alphabet becomes the plain one; line breaks go."""
_FILE_MARKS = ("UklGR", "SUQz", "T2dnU", "ZkxhQ", "GkXfo")
"""RIFF, ID3, OggS, fLaC and EBML in base64."""
_OPEN_BITS = {2: 0x0F, 3: 0x03}
"""By the characters of an unpadded group: the bits of its last character that no byte uses, which are zero."""
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}


class Base64Stream:
    """Decodes base64 that may be cut at any character and padded, or not, at the end of any part.

    A part may begin as a data URL, whose head is left in `media_type`.
    """

    def __init__(self) -> None:
        self.garbled = 0
        "parts that were not base64"
        self.media_type = ""
        "what a data URL said of its bytes: audio/wav;codec=1"
        self._head = ""
        self._rest = ""
        self._odd = False
        "an odd number of bytes came"
        self._part_size = 0
        "characters of the part before"
        self._part_end = ""
        "its last character"
        self._apart: bool | None = None
        "each part is a text of its own, without padding; None: not known"
        self._spaces_are_plus: bool | None = None
        "a form decoder made a space of each plus; None: not known"

    def feed(self, text: str, *, whole: bool = False) -> bytes:
        """Return the bytes that are complete now. What cannot be decoded becomes zeros: samples stay aligned.

        `whole`: the server's part begins here.
        """
        text, is_url = self._without_head(text)
        text = self._plain(text)
        before = b""
        if self._rest and (is_url or (whole and self._begins(text))):
            before, self._rest = self._decode(self._rest), ""
            self._odd ^= bool(len(before) & 1)
        self._note(text, whole=whole)
        *ended, open_end = (self._rest + text).split("=")
        size = len(open_end) // 4 * 4
        self._rest = open_end[size:]
        data = b"".join([*map(self._decode, ended), self._decode(open_end[:size])])
        self._odd ^= bool(len(data) & 1)
        return before + data

    def end(self) -> bytes:
        """Return the remaining bytes, if the end lacks its padding."""
        head, self._head = self._head, ""
        rest, self._rest = self._rest + self._plain(head), ""
        return self._decode(rest)

    def _without_head(self, text: str) -> tuple[str, bool]:
        """Take off the head of a data URL, which may come in pieces, and say if one ended. No base64 has its colon."""
        text, self._head = self._head + text, ""
        begun = text[: len(_DATA_URL)]
        if not text or not _DATA_URL.startswith(begun):
            return text, False
        head, comma, data = text[:MAX_DATA_URL_HEAD_CHARACTERS].partition(",")
        if comma:
            self.media_type = head.removeprefix(_DATA_URL)
            return data + text[MAX_DATA_URL_HEAD_CHARACTERS:], True
        if len(text) < MAX_DATA_URL_HEAD_CHARACTERS:
            self._head = text
            return "", False
        return text, False

    def _plain(self, text: str) -> str:
        """Return a text in the plain alphabet, without white space."""
        if any(letter in text for letter in _URL_SAFE_OR_BREAK):  # looking costs a tenth of replacing
            text = text.translate(_PLAIN)
        if "+" in text:
            self._spaces_are_plus = False
        if " " not in text:
            return text
        if self._spaces_are_plus is None:
            # Lines break after whole groups.
            offsets = [match.start() - number for number, match in enumerate(re.finditer(" ", text.strip(" ")))]
            if any((len(self._rest) + offset) % 4 for offset in offsets):
                self._spaces_are_plus = True
        return text.replace(" ", "+" if self._spaces_are_plus else "")

    def _note(self, text: str, *, whole: bool) -> None:
        self._part_size = len(text) + (0 if whole else self._part_size)
        self._part_end = text[-1:] or self._part_end

    def _begins(self, text: str) -> bool:
        """Whether a text of its own begins here, and the one before lacks its padding."""
        unused = _OPEN_BITS.get(self._part_size % 4)
        if self._part_size % 4 == 1 or (unused and _VALUES.get(self._part_end, 0xFF) & unused):
            self._apart = False
        if self._apart is None and unused:
            if text.startswith(_FILE_MARKS):
                return True
            if len(text) < MIN_COMPARED_CHARACTERS:
                return False
            before = len(self._rest) * 3 // 4
            one, other = _roughness(text, self._odd + before), _roughness(self._rest + text, self._odd)
            if max(one, other) > 0:
                if one * MIN_SMOOTHER_TIMES < other:
                    self._apart = True
                elif other * MIN_SMOOTHER_TIMES < one:
                    self._apart = False
        return bool(self._apart)

    def _decode(self, text: str) -> bytes:
        try:
            return binascii.a2b_base64(text + "=" * (-len(text) % 4), strict_mode=True)
        except (binascii.Error, ValueError):
            self.garbled += 1
            return bytes(len(text) * 3 // 4)


def _roughness(text: str, before: int) -> float:
    """Return the roughness of a text as 16-bit samples; 0 where it is next to silence, or no base64.

    `before`: bytes before it.
    """
    text = text[:COMPARED_CHARACTERS]
    try:
        data = binascii.a2b_base64(text[: len(text) // 4 * 4])[before % 2 :]
    except (binascii.Error, ValueError):
        return 0.0
    samples = np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float64)
    if samples.size < 2 or (samples**2).mean() < 32768**2 * 10 ** (MIN_COMPARED_DBFS / 10):
        return 0.0
    return roughness(samples - samples.mean())
