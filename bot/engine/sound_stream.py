"""Bytes of a streamed sound -> s16le mono 24 kHz. The bytes tell what they are, not what they are called."""

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from bot.audio import SPEAK_RATE
from bot.engine.container_stream import ContainerStream
from bot.engine.file_ends import FileEnd, tag_bytes
from bot.engine.resample import Resampler
from bot.engine.samples import SampleFormat, to_s16
from bot.engine.sound_guard import SoundGuard
from bot.engine.sound_kind import MIN_SOUND_HEAD_BYTES, SoundKind, begins, kind_of, mark_of
from bot.engine.wav_header import WavHeader, read_header, trailer_bytes

MAX_SNIFFED_BYTES = 1 << 19
"""Held until it is known what they are."""
MAX_DECODED_BYTES = 1 << 17
"""At once: the event loop stands still meanwhile."""
MAX_WAITING_BYTES = 1 << 24
WAITING_FILE_BYTES = 256
"""What a file that waits takes besides its bytes."""
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


@dataclass(slots=True)
class _WaitingSound:
    """Bytes that are not decoded yet."""

    data: bytearray
    may_begin: bool
    "they look like the first bytes of a file, and may be"


class SoundStream:
    """Recognises, decodes and checks the sound of one answer: one file, or one after the other. `close` it."""

    def __init__(self, plain_format: SampleFormat | None = None) -> None:
        self.plain_format = plain_format or SampleFormat()
        "of samples without a header"
        self.fault = ""
        "why it cannot be played; nothing more comes then"
        self._head = b""
        "bytes that wait to be recognised"
        self._tag_left = 0
        "bytes of a tag that are still to be skipped"
        self._tagged = False
        self._decoder: SoundDecoder | None = None
        self._kind = SoundKind.PCM
        self._file_end = FileEnd(self._kind)
        self._over = False
        "the file has all its bytes, and its decoder is not through"
        self._waiting: deque[_WaitingSound] = deque()
        "what is for later: the next files, or more than is decoded at once"
        self._waiting_bytes = 0
        self._resampler: Resampler | None = None
        self._guard = SoundGuard()

    @property
    def busy(self) -> bool:
        """Whether more comes without more input: call `end` again."""
        return not self.fault and (bool(self._waiting) or (self._decoder is not None and self._decoder.busy))

    def feed(self, part: bytes, *, whole: bool = True) -> bytes:
        """Return the samples that can be played now. `whole`: the server sent these bytes as a part of its own."""
        if self.fault:
            return b""
        self._wait(part, may_begin=whole and begins(part))
        return self._checked(self._advance())

    def end(self) -> bytes:
        """Return the rest: no more will come. Call it again while `busy`."""
        pcm = self._advance()
        if not self._waiting:
            pcm += self._end_file()
        pcm = self._checked(pcm)
        if self._waiting or self._decoder or self.fault:
            return pcm
        pcm += self._guard.end()
        self._note_fault()
        return b"" if self.fault else pcm

    def close(self) -> None:
        """Stop decoding."""
        self._waiting.clear()
        if self._decoder:
            self._decoder.close()

    def _wait(self, part: bytes, *, may_begin: bool) -> None:
        if self._waiting and not may_begin:
            self._waiting[-1].data += part
            self._waiting_bytes += len(part)
        else:
            self._waiting.append(_WaitingSound(bytearray(part), may_begin))
            self._waiting_bytes += len(part) + WAITING_FILE_BYTES
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self.fault = "more than can be decoded while it streams"
            self.close()

    def _advance(self) -> bytes:
        """Return what the next bytes give: at most the end of one file, whose decoder may take its time."""
        if self._over:
            pcm = self._end_file()
            if self._over:
                return pcm
        else:
            pcm = b""
        left = MAX_DECODED_BYTES
        while self._waiting and left > 0 and not (self._over or self.fault):
            decoder, first = self._decoder, self._waiting[0]
            if first.may_begin and decoder and mark_of(bytes(first.data[:MIN_SOUND_HEAD_BYTES])) is not self._kind:
                pcm += self._end_file()
            else:
                part = bytes(first.data[:left])
                del first.data[:left]
                self._waiting_bytes -= len(part)
                first.may_begin = False
                if not first.data:
                    self._waiting.popleft()
                    self._waiting_bytes -= WAITING_FILE_BYTES
                pcm += self._decode(part)
                left -= len(part)
            if isinstance(decoder, ContainerStream) and decoder is not self._decoder:
                break
        return pcm

    def _end_file(self) -> bytes:
        """Return the rest of the file that arrives, and forget it unless it is busy."""
        pcm = b"" if self._decoder else self._decode(b"", last=True)
        if self._decoder:
            if held := self._file_end.end():
                pcm += self._decoder.feed(held)
            pcm += self._decoder.end()
            self._note_fault()
            self._over = self._decoder.busy
            if not self._over:
                self._decoder.close()
                self._decoder = None
        return pcm

    def _decode(self, part: bytes, *, last: bool = False) -> bytes:
        """Return what these bytes give; those of the next file wait."""
        if self.fault:
            return b""
        if self._decoder is None:
            part, self._head = self._untagged(self._head + part), b""
            self._decoder = self._recognise(part, last=last) if part else None
            if self._decoder is None:
                self._head = part
                if len(part) > MAX_SNIFFED_BYTES:
                    self.fault = "a header without end"
                return b""
            self._file_end = FileEnd(self._kind)
        own, after = self._file_end.feed(part)
        pcm = self._decoder.feed(own) if own else b""
        if after is not None:
            self._waiting.appendleft(_WaitingSound(bytearray(after), may_begin=False))
            self._waiting_bytes += len(after) + WAITING_FILE_BYTES
            pcm += self._end_file()
        return pcm

    def _untagged(self, data: bytes) -> bytes:
        """Return what follows the tags that a file may begin with: what they say of its sound is not needed."""
        while True:
            data, self._tag_left = data[self._tag_left :], max(0, self._tag_left - len(data))
            self._tag_left = self._tag_left or tag_bytes(data)
            if not (data and self._tag_left):
                return data
            self._tagged = True

    def _recognise(self, data: bytes, *, last: bool) -> SoundDecoder | None:
        """Return what decodes these bytes; None while more are needed."""
        kind = kind_of(data, last=last)
        if kind is SoundKind.PCM and self._tagged:  # frames that begin with a part of one: ffmpeg finds them
            kind = SoundKind.MP3
        if kind:
            self._kind, self._tagged = kind, False
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
