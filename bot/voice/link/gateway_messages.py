"""Whether a JSON message of the voice gateway has the form that Discord documents (Voice Connections): pure.

discord.py keeps whatever it is given: a key of the wrong length would end the call at the next packet, a heartbeat of
NaN seconds spoil the timers of the event loop.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final

from bot.voice.aead import SECRET_KEY_BYTES
from bot.voice.link.dave_transitions import PREPARE_EPOCH, PREPARE_TRANSITION, SESSION_DESCRIPTION

READY: Final = 2
HELLO: Final = 8
EXECUTE_TRANSITION: Final = 22


def well_formed(message: object) -> bool:
    """Tell whether discord.py may handle a message; other ops than those that it acts on always pass."""
    if not isinstance(message, Mapping) or not (message.get("seq") is None or _whole(message["seq"], 32)):
        return False
    op, data = message.get("op"), message.get("d")
    fields = _MESSAGE_FIELDS.get(op) if isinstance(op, int) else None
    return fields is None or (isinstance(data, Mapping) and all(fits(data.get(name)) for name, fits in fields.items()))


def _whole(value: object, bits: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << bits


def _number(bits: int) -> Callable[[object], bool]:
    return lambda value: _whole(value, bits)


def _text(value: object) -> bool:
    return isinstance(value, str)


def _modes(value: object) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _key(value: object) -> bool:
    return isinstance(value, list) and len(value) == SECRET_KEY_BYTES and all(_whole(byte, 8) for byte in value)


def _interval(value: object) -> bool:
    return isinstance(value, int | float) and 0 < value < math.inf


_MESSAGE_FIELDS: Final[Mapping[int, Mapping[str, Callable[[object], bool]]]] = {
    READY: {"ssrc": _number(32), "port": _number(16), "ip": _text, "modes": _modes},
    SESSION_DESCRIPTION: {"mode": _text, "secret_key": _key, "dave_protocol_version": _number(16)},
    HELLO: {"heartbeat_interval": _interval},
    PREPARE_TRANSITION: {"transition_id": _number(16), "protocol_version": _number(16)},
    EXECUTE_TRANSITION: {"transition_id": _number(16)},
    PREPARE_EPOCH: {"epoch": _number(64), "protocol_version": _number(16)},
}
"""Of the ops that discord.py acts on."""
