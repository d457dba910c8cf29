"""What a server says of the samples it streams, where it says anything; pure.

Headerless samples do not tell their own rate. Some servers do: in fields beside the data, in the name of the format
(`pcm_16000`, `ulaw_8000`), or in the media type of a data URL (RFC 2586: `audio/L16;rate=16000;channels=1`).
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.engine.samples import Encoding, SampleFormat

G711_RATE_HZ = 8000
_RATE_FIELDS = ("sample_rate", "sampling_rate", "sample_rate_hz", "sample_rate_hertz", "rate")
_CHANNEL_FIELDS = ("channels", "num_channels", "channel_count")
_FORMAT_FIELDS = ("format", "encoding", "response_format", "mime_type", "media_type")
_MAX_FORMAT_NAME_CHARACTERS = 100
_NAMES = (
    (re.compile(r"f_?32|float_?32"), (Encoding.FLOAT, 4)),
    (re.compile(r"f_?64|float_?64"), (Encoding.FLOAT, 8)),
    (re.compile(r"mu-?law|u-?law|pcmu"), (Encoding.ULAW, 1)),
    (re.compile(r"a-?law|pcma"), (Encoding.ALAW, 1)),
    (re.compile(r"s24|pcm_?24(?!\d)|l24"), (Encoding.INTEGER, 3)),
    (re.compile(r"s32|pcm_?32(?!\d)"), (Encoding.INTEGER, 4)),
    (re.compile(r"(?<![a-z])u8|pcm_?u?8(?!\d)"), (Encoding.INTEGER, 1)),
)
_RATE_IN_NAME = re.compile(r"(?:rate=|[_-])(\d{4,6})\b")
_CHANNELS_IN_NAME = re.compile(r"channels=(\d{1,2})\b")


def declared_format(fields: Mapping[str, Any], media_type: str, known: SampleFormat) -> SampleFormat:
    """Return `known`, changed by what `fields` (beside the data) and a data URL's `media_type` say and is usable."""
    names = [media_type, *(str(value) for name in _FORMAT_FIELDS if isinstance(value := fields.get(name), str))]
    encoding, width, channels, rate = known.encoding, known.width, known.channels, known.rate
    for name in (name[:_MAX_FORMAT_NAME_CHARACTERS].lower() for name in names if name):
        encoding, width = next((found for pattern, found in _NAMES if pattern.search(name)), (encoding, width))
        if found := _RATE_IN_NAME.search(name):
            rate = int(found[1])
        elif encoding in (Encoding.ALAW, Encoding.ULAW):
            rate = G711_RATE_HZ
        if found := _CHANNELS_IN_NAME.search(name):
            channels = int(found[1])
    rate = _count(fields, _RATE_FIELDS) or rate
    channels = _count(fields, _CHANNEL_FIELDS) or channels
    declared = SampleFormat(encoding, width, channels, rate)
    return declared if declared.usable else known


def _count(fields: Mapping[str, Any], names: tuple[str, ...]) -> int:
    """Return the first of these fields that is a number; 0: there is none."""
    values = (fields.get(name) for name in names)
    return next((value for value in values if isinstance(value, int) and value > 0 and value is not True), 0)
