"""One audio track -> mono samples by one graph of FFmpeg's filters, as far as its sound goes on without surprises.

Steps of Python for each packet and frame cost half as much as decoding them. A graph opens, decodes, mixes and
resamples by itself and gives seconds at a time. But it ends at a packet that it cannot read and at a change of rate or
channels, and tells the time stamps of its pieces alone. What it leaves, `track.py` reads.
"""

from collections.abc import Iterator
from pathlib import Path

import av
import av.error
import numpy as np
from av.filter import Graph

from bot.files.recordings.container import OPEN_OPTIONS, Source
from bot.files.recordings.mix import Weights
from bot.files.recordings.samples import Samples, mono_of

_STAMP_ERROR_SECONDS = 0.05
"""By which the time stamps of pieces may differ from their count: Matroska rounds to milliseconds."""
PIECE_SECONDS = 2.0
"""Each costs a dozen calls of numpy, whatever it holds: with 0.5 s a third of the time that is not decoding."""

OWN_MEMORY = "/proc/self/mem"


class Straight:
    """Reads one track once, from its beginning."""

    def __init__(self, source: Source, index: int, mix: Weights, rate: int, begin: float) -> None:
        """`begin` is the time stamp, in seconds, that is 0:00."""
        self.whole = False
        "all was read"
        self._source = source
        self._index = index
        self._mix = mix
        self._rate = rate
        self._begin = begin

    def samples(self) -> Iterator[Samples]:
        """Yield what follows on 0:00 without a gap. One within the last piece is not seen."""
        held, count, before = None, 0, 0.0
        try:
            for pts, samples in self._pulled():
                ahead = pts - self._begin * self._rate - count
                if abs(ahead - before) > _STAMP_ERROR_SECONDS * self._rate:
                    return  # the gap is in the piece that is held
                before = ahead  # a clock that drifts leaves no gap
                if held is not None:
                    yield held
                held = samples
                count += len(samples)
        except av.error.FFmpegError:
            return
        if held is not None:
            yield held
            self.whole = True

    def _pulled(self) -> Iterator[tuple[int, Samples]]:
        graph = self._graph()
        while True:
            try:
                frame = graph.pull()
            except av.error.EOFError:
                return
            if not isinstance(frame, av.AudioFrame) or frame.pts is None:
                raise av.error.BugError(0, "no time")
            yield frame.pts, mono_of(frame)

    def _graph(self) -> Graph:
        graph, rate = Graph(), self._rate
        options = ":".join(f"{name}={value}" for name, value in OPEN_OPTIONS.items())
        source = _address(self._source)
        nodes = [graph.add("amovie", filename=source, streams=f"a:{self._index}", dec_threads="1", format_opts=options)]
        if self._mix:
            weighted = "+".join(f"{weight:.6f}*c{channel}" for channel, weight in enumerate(self._mix))
            nodes += [graph.add("aformat", sample_fmts="fltp"), graph.add("pan", f"mono|c0={weighted}")]
        nodes += [
            graph.add("aformat", sample_fmts="flt", channel_layouts="mono", sample_rates=str(rate)),
            graph.add("asetnsamples", nb_out_samples=str(round(PIECE_SECONDS * rate)), pad="0"),
            graph.add("abuffersink"),
        ]
        graph.link_nodes(*nodes).configure()
        return graph


def _address(source: Source) -> str:
    """Return by what a graph opens a recording; one without a path is in this process's memory."""
    if isinstance(source, Path):
        return str(source)
    start = int(np.frombuffer(source, np.uint8).ctypes.data)
    return f"subfile,,start,{start},end,{start + len(source)},,:{OWN_MEMORY}"
