"""A sound file that is still arriving -> PCM, by ffmpeg (PyAV) in a thread of its own.

ffmpeg asks for bytes when it wants them; here they come when the server sends them. So the thread waits in `read` until
the next part is fed, and `feed` waits, a moment at most, until the thread has used it up. It waits, too, while much PCM
is ready: a few bytes of silence may stand for minutes.
"""

import threading

from bot.audio import SPEAK_RATE

MAX_WAIT_SECONDS = 0.008
"""For the thread: the event loop stands still meanwhile. What takes longer is collected with the next part."""
MAX_READY_BYTES = 10 * SPEAK_RATE * 2
"""PCM that is handed out at once, but for the frame that exceeds it: 10 s, which the event loop takes in one step."""
MAX_UNDECODABLE_PACKETS = 50
_READ_BYTES = 2048
_LEAST_READ_BYTES = {"mp4": 256}
"""By demuxer. ffmpeg takes MP4 in fragments for invalid where a read brings a few bytes only."""
_STREAMED_OPTIONS = {"probesize": "2048", "analyzeduration": "0"}
"""Begin with the first frame: ffmpeg would rather look at five seconds first."""


class ContainerStream:
    """Decodes one file. `close` it: its thread waits otherwise."""

    def __init__(self, demuxer: str) -> None:
        self._demuxer = demuxer
        self._changed = threading.Condition()
        self._input = bytearray()
        self._least = _LEAST_READ_BYTES.get(demuxer, 1)
        self._ended = False
        self._closed = False
        self._waiting = False
        "the thread wants more than there is"
        self._output = bytearray()
        self._finished = False
        self.failed = False
        "it was over without any sound: it cannot be decoded, or not while it streams"
        self._decoded = False
        self._thread = threading.Thread(target=self._work, name="container-stream", daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether more PCM will come without more input."""
        with self._changed:
            return bool(self._output) or self._works

    def feed(self, part: bytes) -> bytes:
        """Return the PCM (s16le mono 24 kHz) that is ready now."""
        with self._changed:
            self._input += part
            return self._settle()

    def end(self) -> bytes:
        """Say that no more comes, and return the PCM that is ready; while `busy`, call it again for the rest."""
        with self._changed:
            self._ended = True
            return self._settle()

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._input.clear()
            self._changed.notify_all()

    def read(self, size: int) -> bytes:
        """Return the next bytes of the file, none at its end; called by ffmpeg in the thread."""
        with self._changed:
            while not self._has_enough:
                self._waiting = True
                self._changed.notify_all()
                self._changed.wait()
            self._waiting = False
            part = bytes(self._input[:size])
            del self._input[:size]
            return part

    def _settle(self) -> bytes:
        self._waiting = False  # there is news for the thread
        self._changed.notify_all()
        self._changed.wait_for(lambda: self._full or not self._works, MAX_WAIT_SECONDS)
        ready = bytes(self._output)
        self._output.clear()
        self._changed.notify_all()
        return ready

    @property
    def _works(self) -> bool:
        """Whether the thread can do more with what there is."""
        return not (self._finished or (self._waiting and not self._has_enough))

    @property
    def _has_enough(self) -> bool:
        """Whether the thread need not wait for input."""
        return len(self._input) >= self._least or self._ended or self._closed

    @property
    def _full(self) -> bool:
        return len(self._output) >= MAX_READY_BYTES

    def _work(self) -> None:
        import av  # here, because it takes 19 MB, and few servers need it
        import av.error

        undecodable = 0
        try:
            with av.open(self, "r", format=self._demuxer, buffer_size=_READ_BYTES, options=_STREAMED_OPTIONS) as file:
                resampler, source = av.AudioResampler("s16", "mono", SPEAK_RATE), None
                track = file.streams.audio[0]
                context: object = track.codec_context
                if context is None:  # whatever its type says: a codec that ffmpeg has no decoder for
                    return
                track.codec_context.thread_count = 1  # it has a thread already, and each of its own keeps memory
                for packet in file.demux(track):
                    if self._closed or undecodable > MAX_UNDECODABLE_PACKETS:
                        return
                    try:
                        frames = packet.decode()
                    except av.error.FFmpegError:
                        undecodable += 1
                        continue
                    for frame in frames:
                        told = frame.format.name, frame.layout.name, frame.sample_rate
                        if source and told != source:  # another file without a mark at its start: MPEG frames
                            for piece in resampler.resample(None):
                                self._put(piece.to_ndarray().tobytes())
                            resampler = av.AudioResampler("s16", "mono", SPEAK_RATE)
                        source = told
                        for piece in resampler.resample(frame):
                            self._put(piece.to_ndarray().tobytes())
                for piece in resampler.resample(None):
                    self._put(piece.to_ndarray().tobytes())
        except (av.error.FFmpegError, ValueError, IndexError, OSError, EOFError):
            pass  # what was decoded before stays
        finally:
            with self._changed:
                self._finished = True
                self.failed = not self._decoded
                self._input.clear()
                self._changed.notify_all()

    def _put(self, pcm: bytes) -> None:
        with self._changed:
            self._decoded = True
            self._output += pcm
            if self._full:
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._closed or not self._full)
