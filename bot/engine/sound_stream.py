"""Bytes of a streamed sound -> s16le mono 24 kHz. The bytes tell what they are, not what they are called."""

from typing import Protocol

from bot.audio import SPEAK_RATE
from bot.engine.container_stream import ContainerStream
from bot.engine.resample import Resampler
from bot.engine.samples import SampleFormat, to_s16
from bot.engine.sound_guard import SoundGuard
from bot.engine.sound_kind import SoundKind, begins, kind_of
from bot.engine.wav_header import WavHeader, read_header, trailer_bytes

MAX_SNIFFED_BYTES = 1 << 19
"""Held until it is known what they are."""
NOT_DECODABLE = "cannot be decoded while it streams"


class SoundDecoder(Protocol):
    """Decodes one file, or samples without a file around them."""

    @property
    def failed(self) -> bool:
        """Whether it was over without any sound."""
        ...

    @property
    def busy(self) -> bool:
        """Whether more comes without more input."""
        ...

    def feed(self, part: bytes) -> bytes: ...
    def end(self) -> bytes: ...
    def close(self) -> None: ...


class SoundStream:
    """Recognises, decodes and checks the sound of one answer. `close` it."""

    def __init__(self, plain_format: SampleFormat | None = None) -> None:
        self.plain_format = plain_format or SampleFormat()
        "of samples without a header"
        self.fault = ""
        "why it cannot be played; nothing more comes then"
        self._head = b""
        "bytes that wait to be recognised"
        self._decoder: SoundDecoder | None = None
        self._resampler: Resampler | None = None
        self._guard = SoundGuard()

    @property
    def busy(self) -> bool:
        """Whether more comes without more input: call `end` again."""
        return not self.fault and self._decoder is not None and self._decoder.busy

    def feed(self, part: bytes, *, whole: bool = True) -> bytes:
        """Return the samples that can be played now. `whole`: the server sent these bytes as a part of its own."""
        pcm = b""
        if self._decoder and whole and begins(part):
            pcm = self._end_file()
        return pcm + self._checked(self._decode(part))

    def end(self) -> bytes:
        """Return the rest: no more will come."""
        pcm = self._end_file()
        if self._decoder or self.fault:
            return pcm
        pcm += self._guard.end()
        self._note_fault()
        return b"" if self.fault else pcm

    def close(self) -> None:
        """Stop decoding."""
        if self._decoder:
            self._decoder.close()

    def _end_file(self) -> bytes:
        """Return the rest of the file that arrives, and forget it unless it is busy."""
        pcm = b"" if self._decoder else self._decode(b"", last=True)
        if self._decoder:
            pcm += self._decoder.end()
            self._note_fault()
            if not self._decoder.busy:
                self._decoder.close()
                self._decoder = None
        return self._checked(pcm)

    def _decode(self, part: bytes, *, last: bool = False) -> bytes:
        if self.fault:
            return b""
        if self._decoder is None:
            part, self._head = self._head + part, b""
            self._decoder = self._recognise(part, last=last) if part else None
            if self._decoder is None:
                self._head = part
                if len(part) > MAX_SNIFFED_BYTES:
                    self.fault = "a header without end"
                return b""
        return self._decoder.feed(part)

    def _recognise(self, data: bytes, *, last: bool) -> SoundDecoder | None:
        """Return what decodes these bytes; None while more are needed."""
        kind = kind_of(data, last=last)
        if kind is SoundKind.PCM:
            return _Samples(self.plain_format, self._at_speak_rate)
        header = read_header(data) if kind is SoundKind.WAV else None
        if kind is None or (kind is SoundKind.WAV and header is None and not last):
            return None
        if header and header.format:
            if header.format.usable:
                return _Samples(header.format, self._at_speak_rate, header)
            self.fault = "a WAV header that makes no sense"
            return None
        return ContainerStream(kind.value)

    def _at_speak_rate(self, pcm: bytes, rate: int) -> bytes:
        """Resample; goes on where the file before ended."""
        if rate == SPEAK_RATE:
            return pcm
        if self._resampler is None or self._resampler.source != (rate, 1):
            self._resampler = Resampler(rate, 1)
        return self._resampler.feed(pcm)

    def _checked(self, pcm: bytes) -> bytes:
        pcm = self._guard.feed(pcm)
        self._note_fault()
        return b"" if self.fault else pcm

    def _note_fault(self) -> None:
        if self._guard.tripped:
            self.fault = self.fault or "noise of misread bytes"
        if self._decoder and self._decoder.failed:
            self.fault = self.fault or NOT_DECODABLE
        if self.fault:
            self.close()


class _Resample(Protocol):
    def __call__(self, pcm: bytes, rate: int, /) -> bytes: ...


class _Samples:
    """Samples, perhaps with a WAV header before them and notes after them."""

    failed = False
    busy = False

    def __init__(self, format: SampleFormat, resample: _Resample, header: WavHeader | None = None) -> None:
        self._format = format
        self._resample = resample
        self._header_left = header.bytes if header else 0
        self._left = header.data_bytes if header else None
        "bytes of samples until the file's end; None: until no more come"
        self._rest = b""
        "half a sample, or the first bytes after the samples"
        self._over = False

    def feed(self, part: bytes) -> bytes:
        part, self._header_left = part[self._header_left :], max(0, self._header_left - len(part))
        if self._over or not part:
            return b""
        if self._left is None:
            return self._convert(part)
        own, after = part[: self._left], part[self._left :]
        pcm = self._convert(own) if own else b""
        self._left -= len(own)
        if self._left or not after:
            return pcm
        self._rest += after
        skipped = trailer_bytes(self._rest)
        self._over = bool(skipped)
        if skipped == 0:  # the header told too short a length
            self._left = None
            pcm += self._convert(b"")
        return pcm

    def end(self) -> bytes:
        return b""

    def close(self) -> None:
        return

    def _convert(self, data: bytes) -> bytes:
        data = self._rest + data
        whole = len(data) // self._format.frame_bytes * self._format.frame_bytes
        self._rest = data[whole:]
        return self._resample(to_s16(data[:whole], self._format), self._format.rate)
