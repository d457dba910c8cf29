"""One audio track -> mono samples, each at its time: pauses and late starts in the time stamps stay what they are."""

from collections.abc import Iterator
from dataclasses import dataclass

import av
import av.error
import numpy as np
from av.container import InputContainer

from bot.errors import AudioTooLong, BadAudio, EmptyAudio, NotAudio
from bot.files.recordings.container import Source, opened
from bot.files.recordings.mix import Weights
from bot.files.recordings.samples import Samples, channels_of, frame_of, mono_of
from bot.files.recordings.straight import PIECE_SECONDS, Straight

UNREADABLE_PACKET_ERRORS = (
    *(av.error.InvalidDataError, av.error.PatchWelcomeError, av.error.PermissionError),
    *(av.error.BugError, av.error.UnknownError, av.error.UndefinedError),
)
"""What decoders say of one packet that they cannot read: the next may be readable."""
GAP_SECONDS = 0.1
"""Time stamps of players jitter by less."""
_RESTART_SECONDS = 0.5
"""Time stamps that go back this far begin anew: they are counted on from here."""
_MAX_GAP_SECONDS = 6 * 3600.0
"""A longer gap is an error of the time stamps."""
_LATEST_SECONDS = 600.0
"""When the first sound of a recording begins at most."""
_MAX_UNREADABLE_SHARE = 0.5
"""When more of its packets cannot be decoded, a file is not a recording."""
_DECODERS = {"amrnb": "libopencore_amrnb"}
"""Codec -> a decoder that reads what FFmpeg's own refuses: frames of silence, which phones write in pauses."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some sound, and where it belongs."""

    at: int
    "samples since the beginning of the recording"
    samples: Samples


def beginning(container: InputContainer) -> float:
    """Return the time stamp, in seconds, that players show as 0:00.

    MP4 and Matroska count from 0, so what begins later begins with silence, unless it is a piece of a broadcast.
    """
    first = (container.start_time or 0) / av.time_base
    return 0.0 if container.format.name.startswith(("mov", "matroska")) and 0 < first < _LATEST_SECONDS else first


def decoder_of(stream: av.AudioStream) -> av.AudioCodecContext | None:
    """Return a better decoder than FFmpeg's default one, if there is one."""
    wanted = _DECODERS.get(stream.codec_context.codec.canonical_name) or _DECODERS.get(stream.codec_context.name)
    if wanted is None or wanted not in av.codecs_available:
        return None
    decoder = av.CodecContext.create(wanted, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    decoder.sample_rate = stream.codec_context.sample_rate
    decoder.layout = "mono"
    return decoder


def read_track(
    source: Source, index: int, mix: Weights, rate: int, longest: float, *, even: bool = False
) -> Iterator[Piece]:
    """Decode the audio track with this index. Raises BadAudio; AudioTooLong after `longest` seconds of sound.

    `even`: as far as is known, its time stamps leave no gap.
    """
    with opened(source) as container:
        stream = container.streams.audio[index]
        at = 0
        if even and decoder_of(stream) is None:
            graph = Straight(source, index, mix, rate, beginning(container))
            for samples in graph.samples():
                if at + len(samples) > longest * rate:
                    raise AudioTooLong(f"more than {longest:.0f} s")
                yield Piece(at, samples)
                at += len(samples)
            if graph.whole:
                return
        for piece in _Decoding(container, stream, mix, rate, longest).pieces():
            if (new := piece.at + len(piece.samples) - at) > 0:
                yield Piece(max(at, piece.at), piece.samples[-new:])


def _shape_of(frame: av.AudioFrame) -> tuple[int, int, str]:
    return frame.sample_rate, frame.layout.nb_channels, frame.format.name


class _Decoding:
    """The state of decoding one track."""

    def __init__(
        self, container: InputContainer, stream: av.AudioStream, mix: Weights, rate: int, longest: float
    ) -> None:
        self._container = container
        self._stream = stream
        self._decoder = decoder_of(stream)
        self._mix = mix
        self._rate = rate
        self._longest = longest * rate
        self._held = av.AudioFifo()
        "collects frames, because a resampler takes as long for a short frame as for a long one"
        self._resampler = self._new_resampler()
        self._shape: tuple[int, int, str] | None = None
        "rate, channels and format of the last frame"
        self._begin = beginning(container)
        self._base = float(stream.time_base or 0)
        self._end = 0.0
        "when the last frame ended, by the time stamps"
        self._at = 0
        "position of the next sample"
        self._count = self._good = self._bad = 0

    def pieces(self) -> Iterator[Piece]:
        for packet in self._packets():
            try:
                frames = packet.decode() if self._decoder is None else self._decoder.decode(packet)
            except UNREADABLE_PACKET_ERRORS:
                self._bad += 1
                continue
            self._good += 1
            for frame in frames:
                if not isinstance(frame, av.AudioFrame) or (rate := frame.sample_rate) <= 0:
                    continue
                pts = packet.pts if self._decoder else frame.pts
                if not self._follows(frame, pts):
                    yield from self._begin_anew(frame, pts)
                if self._mix:
                    frame = self._mixed(frame)
                frame.pts = None
                self._held.write(frame)
                if self._held.samples > rate:
                    yield from self._resample(self._held.read())
        yield from self._flush()
        if not self._count:
            raise NotAudio(f"{self._bad} unreadable packets") if self._bad else EmptyAudio("no sound on the track")
        if self._bad > self._good * _MAX_UNREADABLE_SHARE / (1 - _MAX_UNREADABLE_SHARE) + 1:
            raise BadAudio(f"{self._bad} unreadable packets of {self._bad + self._good}")

    def _packets(self) -> Iterator[av.Packet]:
        try:
            yield from self._container.demux(self._stream)
        except av.error.FFmpegError:
            if not self._good:
                raise  # else the file ends in the middle of a packet, which the survey has seen

    def _follows(self, frame: av.AudioFrame, pts: int | None) -> bool:
        """Whether a frame begins where the last one ended, and is of its shape. Asked 50 times a second of sound."""
        if _shape_of(frame) != self._shape:
            return False
        if pts is None:  # as of all but the first frame of a packet
            self._end += frame.samples / frame.sample_rate
            return True
        begin = pts * self._base - self._begin
        if not -_RESTART_SECONDS < begin - self._end < GAP_SECONDS:
            return False
        self._end = begin + frame.samples / frame.sample_rate
        return True

    def _begin_anew(self, frame: av.AudioFrame, pts: int | None) -> Iterator[Piece]:
        if pts is not None:
            begin = pts * self._base - self._begin
            if not -_RESTART_SECONDS < begin - self._end < GAP_SECONDS:
                yield from self._place(begin)
                begin = pts * self._base - self._begin
            self._end = begin + frame.samples / frame.sample_rate
        if (shape := _shape_of(frame)) != self._shape:
            yield from self._flush()
            self._shape = shape

    def _mixed(self, frame: av.AudioFrame) -> av.AudioFrame:
        if len(self._mix) != frame.layout.nb_channels:
            return frame
        return frame_of(np.asarray(self._mix, np.float32) @ channels_of(frame), frame.sample_rate)

    def _place(self, begin: float) -> Iterator[Piece]:
        """Move the position to where a frame belongs, when its time stamp leaves a gap."""
        if begin < self._end:
            self._begin += begin - self._end
        elif begin - self._end < _MAX_GAP_SECONDS:
            yield from self._flush()
            self._at = max(self._at, round(begin * self._rate))

    def _flush(self) -> Iterator[Piece]:
        if self._shape is not None:
            yield from self._resample(self._held.read())
            yield from self._out(self._resampler.resample(None))
        self._held, self._resampler, self._shape = av.AudioFifo(), self._new_resampler(), None

    def _resample(self, frame: av.AudioFrame | None) -> Iterator[Piece]:
        if frame is not None:
            frame.pts = None
            yield from self._out(self._resampler.resample(frame))

    def _new_resampler(self) -> av.AudioResampler:
        size = round(PIECE_SECONDS * self._rate)
        return av.AudioResampler(format="flt", layout="mono", rate=self._rate, frame_size=size)

    def _out(self, frames: list[av.AudioFrame]) -> Iterator[Piece]:
        for frame in frames:
            samples = mono_of(frame)
            self._count += len(samples)
            if self._count > self._longest:
                raise AudioTooLong(f"more than {self._longest / self._rate:.0f} s")
            yield Piece(self._at, samples)
            self._at += len(samples)
