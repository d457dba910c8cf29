"""A first look at a recording: how long it is, whether it is cut off, and which tracks and channels to hear.

All packets are read, or the index that lists them, and, where there is a choice, a minute of them decoded: a few
hundredths of the whole work.
"""

from dataclasses import dataclass, field

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.stream import Disposition

from bot.errors import AudioTooLong, EmptyAudio, TruncatedAudio
from bot.files.recordings import ending
from bot.files.recordings.bare_frames import flac_frame_cut, frame_cut
from bot.files.recordings.container import Source, bytes_of, opened
from bot.files.recordings.mix import Weights, mixed, weights
from bot.files.recordings.samples import Samples, channels_of
from bot.files.recordings.speech import SPEECH_RATE, speech_share
from bot.files.recordings.track import GAP_SECONDS, UNREADABLE_PACKET_ERRORS, beginning

_EXCERPTS_SECONDS = 90.0
"""Decoded of each track where there is a choice."""
_EXCERPT_SECONDS = 1.5
_MOST_CHANNELS = 8
"""With more, excerpts are shorter in all, so that memory does not grow."""
_TRACK_SHARE_OF_BEST = 0.2
"""A track with less speech than this share of the most speaking one is not heard."""
_LEAST_SPEECH_SHARE = 0.02
_COUNTED_FORMATS = {"flac", "wv", "tta"}
"""Formats whose header counts the samples themselves."""
_SLACK_SECONDS = 0.5
_LONG_PACKET_SECONDS = 0.2
_NOT_THE_PROGRAMME = Disposition.comment | Disposition.visual_impaired | Disposition.hearing_impaired


@dataclass(frozen=True, slots=True)
class TrackChoice:
    """A track that is heard."""

    index: int
    "among the audio tracks"
    mix: Weights
    even: bool
    "its packets follow one another without a gap"


@dataclass(frozen=True, slots=True)
class Survey:
    seconds: float
    "until the last sound, as a player shows it"
    cut: bool
    tracks: tuple[TrackChoice, ...]


@dataclass(slots=True)
class _TrackLook:
    """What is seen of one track."""

    index: int
    stream: av.AudioStream
    packets: int = 0
    base: float = 0.0
    "seconds of a tick"
    begin: int = 0
    "what is before this tick is not heard: a decoder needs it to settle"
    end: float = 0.0
    "when the last packet ends, in ticks"
    gap: float = 0.0
    "ticks from the end of a packet to the next one, at most"
    total: float = 0.0
    "ticks of all packets"
    last: av.Packet | None = None
    decoded: av.Packet | None = None
    "the last that was; a decoder must not get one twice"
    last_frames: list[av.AudioFrame] = field(default_factory=list)
    "of it"
    excerpts: list[Samples] = field(default_factory=list)
    held: float = 0.0
    "seconds of excerpts"
    mix: Weights = ()
    speech: float = 0.0

    @property
    def disposition(self) -> Disposition:
        return self.stream.disposition

    @property
    def even(self) -> bool:
        return self.gap * self.base < GAP_SECONDS

    def measure_last(self) -> None:
        """Decode the last packet, if it is long or tells no duration: containers know only that of a full one."""
        last, ticks = self.last, self.last.duration or 0 if self.last else 0
        if last is None or not self.base or 0 < ticks * self.base < _LONG_PACKET_SECONDS:
            return
        frames = self.last_frames if self.decoded is last else _decoded(last)
        if real := sum(frame.samples / frame.sample_rate for frame in frames) / self.base:
            self.total += real - ticks
            if last.pts is not None and self.end <= last.pts + ticks:
                self.end = last.pts + real


def survey(source: Source, longest: float) -> Survey:
    """Look at a recording. Raises BadAudio; AudioTooLong for more than `longest` seconds of sound."""
    with opened(source) as container:
        looks = [_TrackLook(index, stream) for index, stream in enumerate(container.streams.audio)]
        with bytes_of(source) as file:
            structure = ending.cut(file)
        broken = (structure is not False or not look_up(container, looks)) and _look(container, looks)
        heard = [look for look in looks if look.packets]
        if not heard:
            raise TruncatedAudio("cut off before its first sound") if structure else EmptyAudio("no sound on the track")
        for look in heard:
            look.measure_last()
            if look.excerpts:
                excerpt = np.concatenate(look.excerpts, axis=1)
                look.mix = weights(excerpt)
                look.speech = speech_share(mixed(excerpt, look.mix)) if len(heard) > 1 else 1.0
        chosen = _chosen(heard)
        sound = max(look.total * look.base for look in chosen)
        if sound > longest:
            raise AudioTooLong(f"{sound:.0f} s")
        begin = beginning(container)
        seconds = max(sound, *(look.end * look.base - begin for look in chosen))
        if not any(look.end for look in chosen):  # packets without times or durations
            seconds = max(seconds, (container.duration or 0) / av.time_base)
        if structure is None:
            broken = broken or any(_ends_short(container, look) for look in chosen)
        tracks = tuple(TrackChoice(look.index, look.mix, look.even) for look in chosen)
    return Survey(seconds, broken or bool(structure), tracks)


def look_up(container: InputContainer, looks: list[_TrackLook]) -> bool:
    """Read an index that lists every packet, and the last of them. Return whether that tells all of a track."""
    look = looks[0]
    stream, entries = look.stream, look.stream.index_entries
    listed = container.format.name.startswith("mov") and 1 < len(entries) == stream.frames
    if len(looks) > 1 or stream.codec_context.channels != 1 or not listed:
        return False
    times = np.fromiter((entry.timestamp for entry in entries), np.int64, len(entries))
    steps, base = np.diff(times), float(stream.time_base or 0)
    usual = np.median(steps)
    if steps.min() < 0 or (steps.max() - usual) * base >= GAP_SECONDS:
        return False
    container.seek(int(times[-1]), stream=stream)
    rest = [packet for packet in container.demux(stream) if packet.size]
    container.seek(int(times[0]), stream=stream)
    if not rest or (last := rest[-1]).pts != times[-1]:
        return False
    look.base, look.packets, look.last = base, len(times), last
    look.end = int(times[-1]) + (last.duration or 0)
    look.total = look.end - max(0, int(times[0]))
    return True


def _look(container: InputContainer, looks: list[_TrackLook]) -> bool:
    """Read all packets. Return whether the file breaks off in the middle of one."""
    by_stream = {look.stream.index: look for look in looks}
    begin = max(0.0, beginning(container))
    for look in looks:
        look.base = float(look.stream.time_base or 0)
        look.begin = round(begin / look.base) if look.base else 0
    choice = len(looks) > 1 or any(look.stream.codec_context.channels > 1 for look in looks)
    step = _step(container, looks) if choice else 0.0
    try:
        for packet in container.demux(*(look.stream for look in looks)):
            if not packet.size:
                continue
            look = by_stream[packet.stream_index]
            duration, pts = packet.duration or 0, packet.pts
            if pts is not None:
                if look.packets and pts - look.end > look.gap:
                    look.gap = pts - look.end
                if pts + duration > look.end:
                    look.end = pts + duration
            look.packets += 1
            look.total += duration if pts is None else max(0, duration - max(0, look.begin - pts))
            look.last = packet
            if choice and (look.total * look.base % step if step else 0.0) < _EXCERPT_SECONDS:
                _listen(look, packet)
    except av.error.FFmpegError:
        if not any(look.packets for look in looks):
            raise
        return True
    return False


def _step(container: InputContainer, looks: list[_TrackLook]) -> float:
    """Return the seconds from one excerpt to the next; 0: all is decoded."""
    channels = sum(max(1, look.stream.codec_context.channels) for look in looks)
    budget = _EXCERPTS_SECONDS * min(1.0, _MOST_CHANNELS / channels)
    seconds = (container.duration or 0) / av.time_base
    return max(_EXCERPT_SECONDS, seconds * _EXCERPT_SECONDS / budget) if seconds > budget else 0.0


def _listen(look: _TrackLook, packet: av.Packet) -> None:
    """Decode a packet of an excerpt to 16 kHz, as it is: no filter is needed to find speech in it."""
    if look.held > _EXCERPTS_SECONDS:
        return
    look.decoded, look.last_frames = packet, _decoded(packet)
    for frame in look.last_frames:
        channels = channels_of(frame)
        if look.excerpts and len(channels) != len(look.excerpts[0]):
            continue
        count = round(channels.shape[1] * SPEECH_RATE / frame.sample_rate)
        if count:
            look.excerpts.append(_thinned(channels, count))
            look.held += channels.shape[1] / frame.sample_rate


def _decoded(packet: av.Packet) -> list[av.AudioFrame]:
    try:
        return [frame for frame in packet.decode() if isinstance(frame, av.AudioFrame) and frame.sample_rate > 0]
    except UNREADABLE_PACKET_ERRORS:
        return []


def _thinned(channels: Samples, count: int) -> Samples:
    """Return `count` samples of each channel, each the mean of those it stands for."""
    size = channels.shape[1]
    if count >= size:
        return channels[:, np.linspace(0, size - 1, count).round().astype(int)]
    edges = np.linspace(0, size, count + 1).astype(int)
    return np.add.reduceat(channels, edges[:-1], axis=1) / np.diff(edges)


def _chosen(looks: list[_TrackLook]) -> list[_TrackLook]:
    """Return the tracks to hear: the one marked as default, else all on which people speak, else the first.

    Muxers mark the first by themselves, so only a mark on a later track says something. Tracks in several languages are
    the same programme.
    """
    programme = [look for look in looks if not look.disposition & _NOT_THE_PROGRAMME] or looks
    marked = [look for look in programme if look.disposition & Disposition.default]
    if len(marked) == 1 and marked[0] is not programme[0] and marked[0].speech >= _LEAST_SPEECH_SHARE:
        return marked
    best = max(look.speech for look in programme)
    if best < _LEAST_SPEECH_SHARE:
        sounding = [look for look in programme if any(np.any(excerpt) for excerpt in look.excerpts)]
        return (sounding or programme)[:1]
    speaking = [look for look in programme if look.speech >= max(_LEAST_SPEECH_SHARE, best * _TRACK_SHARE_OF_BEST)]
    languages = {look.stream.language for look in speaking} - {None, "und"}
    return speaking[:1] if len(languages) > 1 else speaking


def _ends_short(container: InputContainer, look: _TrackLook) -> bool:
    """Whether the last packet of a track is not whole, or there are fewer than its header counts."""
    last, stream = look.last, look.stream
    if last is None:
        return False
    if container.format.name in _COUNTED_FORMATS and stream.duration and stream.time_base:
        return look.total * look.base < float(stream.duration * stream.time_base) - _SLACK_SECONDS
    if container.format.name == "flac":
        return flac_frame_cut(bytes(last), stream.codec_context.extradata)
    return last.is_corrupt or frame_cut(container.format.name, bytes(last))
