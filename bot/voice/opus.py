"""libopus by ctypes: decodes straight to 16 kHz mono and encodes from 24 kHz mono (RFC 6716), so nothing resamples.

The only door to libopus. Every call works in buffers allocated once. The library is a PyDLL, which keeps the
interpreter lock: a call takes tens of microseconds, and releasing the lock for it would cost a thread switch. Encoding
alone gives the lock up, so that the pacer sends on time while the event loop encodes for many calls.
"""

import ctypes
import ctypes.util
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.audio import FRAME_MS, HEAR_RATE, SPEAK_RATE
from bot.errors import OpusMissing, VoiceError

OPUS_SILENCE: Final = b"\xf8\xff\xfe"
"""20 ms of silence. Clients send it five times when speech ends, never end-to-end encrypted."""
MAX_PACKET_BYTES: Final = 1275 * 6
"""Six frames of the largest size; longer packets are not Opus (RFC 6716 section 3.4)."""
MAX_PACKET_MS: Final = 120
"""The longest packet Opus has."""

WRONG_OPUS_HINT: Final = "Correct OPUS_LIBRARY, or leave it empty to use the copy that comes with the bot."

_APPLICATION_AUDIO = 2049
_SET_BITRATE = 4002
_SET_COMPLEXITY = 4010
_SET_INBAND_FEC = 4012
_SET_PACKET_LOSS_PERC = 4014
_SET_SIGNAL = 4024
_RESET_STATE = 4028
_SIGNAL_VOICE = 3001
_MAX_ENCODED_BYTES = 1275


class OpusError(VoiceError):
    """A packet that is not Opus. It never leaves bot/voice: the receiver counts it."""

    code = "opus"


@dataclass(frozen=True, slots=True)
class OpusLibrary:
    """A loaded libopus."""

    source: str
    "where it comes from: setting, bundled, system or PyAV"
    path: str
    version: str
    "as the library names itself"
    handle: ctypes.PyDLL
    encode: "ctypes._NamedFuncPointer"
    "opus_encode, without the interpreter lock"


def load(path: Path | None = None) -> OpusLibrary:
    """Load libopus: only `path` when given, else the bundled one, the system's, or PyAV's copy.

    Raises OpusMissing.
    """
    for source, candidate in [("setting", str(path))] if path else _candidates():
        try:
            handle = ctypes.PyDLL(candidate)
            _declare(handle)
            encode = ctypes.CDLL(candidate).opus_encode
        except (OSError, AttributeError):
            continue
        encode.restype, encode.argtypes = handle.opus_encode.restype, handle.opus_encode.argtypes
        version = handle.opus_get_version_string().decode("ascii", "replace")
        return OpusLibrary(source, candidate, version, handle, encode)
    if path:
        raise OpusMissing(f"OPUS_LIBRARY={path} is no libopus that can be loaded here", hint=WRONG_OPUS_HINT)
    raise OpusMissing


def _candidates() -> Iterator[tuple[str, str]]:
    for directory in _package("opuslib_next"):
        for file in sorted((directory / "_native").glob("*opus*")):
            if file.is_file():
                yield "bundled", str(file)
    system = ctypes.util.find_library("opus")
    if system:
        yield "system", system
    for directory in _package("av"):
        for folder in (directory.parent / "av.libs", directory / ".dylibs"):
            for file in sorted(folder.glob("*opus*")):
                yield "PyAV", str(file)


def _package(name: str) -> list[Path]:
    """Return where a package is installed, without importing it."""
    spec = importlib.util.find_spec(name)
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []


def _declare(handle: ctypes.PyDLL) -> None:
    int_, pointer, text = ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
        ("opus_get_version_string", text, []),
        ("opus_decoder_create", pointer, [ctypes.c_int32, int_, pointer]),
        ("opus_decoder_destroy", None, [pointer]),
        ("opus_decode", int_, [pointer, text, ctypes.c_int32, pointer, int_, int_]),
        ("opus_decoder_ctl", int_, [pointer, int_]),
        ("opus_packet_get_nb_samples", int_, [text, ctypes.c_int32, ctypes.c_int32]),
        ("opus_encoder_create", pointer, [ctypes.c_int32, int_, int_, pointer]),
        ("opus_encoder_destroy", None, [pointer]),
        ("opus_encode", ctypes.c_int32, [pointer, text, int_, pointer, ctypes.c_int32]),
        # Variadic: pass values beyond the declared arguments as ctypes objects.
        ("opus_encoder_ctl", int_, [pointer, int_]),
    ):
        function = getattr(handle, name)
        function.restype = result
        function.argtypes = arguments


class OpusDecoder:
    """One SSRC's decoder: mono s16le at `rate`."""

    def __init__(self, library: OpusLibrary, rate: int = HEAR_RATE) -> None:
        self._rate = rate
        self._frame = rate * FRAME_MS // 1000
        self._max_samples = rate * MAX_PACKET_MS // 1000
        self._buffer = ctypes.create_string_buffer(2 * self._max_samples)
        self._view = memoryview(self._buffer).cast("B")
        self._address = ctypes.addressof(self._buffer)
        self._lib = library.handle
        self._decode = self._lib.opus_decode
        self._state = None
        error = ctypes.c_int(0)
        self._state = self._lib.opus_decoder_create(rate, 1, ctypes.byref(error))
        if error.value or not self._state:
            raise OpusMissing(f"libopus refused a decoder: {error.value}")

    def decode(self, packet: bytes) -> bytes:
        """Return the samples of `packet`: 640 bytes for the usual 20 ms at 16 kHz.

        Raises OpusError.
        """
        if not 0 < len(packet) <= MAX_PACKET_BYTES:
            raise OpusError("length")
        return self._copy(self._decode(self._state, packet, len(packet), self._address, self._max_samples, 0))

    def decode_fec(self, packet: bytes) -> bytes:
        """Return the lost samples *before* `packet`, as many as it holds, from the FEC that it carries.

        Without FEC libopus conceals. Raises OpusError.
        """
        samples = self.samples(packet)
        if not samples:
            raise OpusError("length")
        return self._copy(self._decode(self._state, packet, len(packet), self._address, samples, 1))

    def samples(self, packet: bytes) -> int:
        """Return how many samples `packet` holds, 0 if it is not Opus."""
        if not 0 < len(packet) <= MAX_PACKET_BYTES:
            return 0
        samples = self._lib.opus_packet_get_nb_samples(packet, len(packet), self._rate)
        return samples if 0 < samples <= self._max_samples else 0

    def conceal(self) -> bytes:
        """Return 20 ms of concealment for a lost packet."""
        return self._copy(self._decode(self._state, None, 0, self._address, self._frame, 0))

    def reset(self) -> None:
        """Forget the past: the next packet does not follow the last."""
        self._lib.opus_decoder_ctl(self._state, _RESET_STATE)

    def _copy(self, samples: int) -> bytes:
        if samples <= 0:
            raise OpusError(str(samples))
        return bytes(self._view[: 2 * samples])

    def __del__(self) -> None:
        if self._state:
            self._lib.opus_decoder_destroy(self._state)
            self._state = None


class OpusEncoder:
    """One speaker's encoder: 20 ms of mono s16le at `rate` to a packet with in-band FEC."""

    def __init__(
        self, library: OpusLibrary, rate: int = SPEAK_RATE, bitrate: int = 64_000, complexity: int = 0, loss: int = 10
    ) -> None:
        """`bitrate` in bit/s; `complexity` 0 to 10; `loss` the percentage of packet loss that the FEC is sized for.

        Application "audio", because "voip" filters out low tones; signal "voice", because only SILK carries FEC.
        Complexity 0 costs half of 2 and 3 and sounds the same: tests/bench/listening.py measures both.
        """
        self._samples = rate * FRAME_MS // 1000
        self._buffer = ctypes.create_string_buffer(_MAX_ENCODED_BYTES)
        self._view = memoryview(self._buffer).cast("B")
        self._address = ctypes.addressof(self._buffer)
        self._lib = library.handle
        self._encode = library.encode
        self._state = None
        error = ctypes.c_int(0)
        self._state = self._lib.opus_encoder_create(rate, 1, _APPLICATION_AUDIO, ctypes.byref(error))
        if error.value or not self._state:
            raise OpusMissing(f"libopus refused an encoder: {error.value}")
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_COMPLEXITY, complexity),
            (_SET_SIGNAL, _SIGNAL_VOICE),
            (_SET_INBAND_FEC, 1),
            (_SET_PACKET_LOSS_PERC, loss),
        ):
            self._lib.opus_encoder_ctl(self._state, request, ctypes.c_int32(value))

    def encode(self, pcm: bytes) -> bytes:
        """Return the packet of exactly 20 ms of PCM (960 bytes at 24 kHz)."""
        if len(pcm) != 2 * self._samples:
            raise ValueError(f"{len(pcm)} bytes are not one frame of {2 * self._samples}")
        length = self._encode(self._state, pcm, self._samples, self._address, _MAX_ENCODED_BYTES)
        if length <= 0:
            raise OpusError(str(length))
        return bytes(self._view[:length])

    def reset(self) -> None:
        """Forget the past: the next frame starts a new sound."""
        self._lib.opus_encoder_ctl(self._state, _RESET_STATE)

    def __del__(self) -> None:
        if self._state:
            self._lib.opus_encoder_destroy(self._state)
            self._state = None
