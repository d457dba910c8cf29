#!/bin/sh
# PyAV 18.1.0 (FFmpeg 8.1.2): a fragmented MP4 (ISO 14496-12 section 8.8), read from an object without `seek` whose
# `read` returns fewer bytes than asked for, as a socket's does, is decoded when each read brings 64 bytes, and is "Invalid
# data found when processing input" when each brings 1, 7 or 8.
# An MP4 that is not fragmented (index first), and FLAC, are decoded whatever a read brings.
# Guess before looking: FFmpeg's I/O layer asks again until it has what a demuxer needs, so the size of a read does not matter.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - "$dir" <<'PY'
import sys

import av
import numpy as np

RATE = 24_000
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "frag_duration": "200000"}


def made(name, codec, form, **options):
    """Return two seconds of a tone in a file."""
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)).astype("<i2")
    with av.open(f"{sys.argv[1]}/{name}", "w", options=options) as file:
        stream = file.add_stream(codec, rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.rate = RATE
        resampler = av.AudioResampler(form, "mono", RATE, frame_size=1024)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            file.mux(stream.encode(piece))
    with open(f"{sys.argv[1]}/{name}", "rb") as file:
        return file.read()


class Source:
    """Brings at most `size` bytes a read, and cannot seek."""

    def __init__(self, data, size):
        self.data, self.size = data, size

    def read(self, asked):
        part, self.data = self.data[: min(asked, self.size)], self.data[min(asked, self.size) :]
        return part


def decoded(data, form, size):
    """Return the seconds decoded, or the error."""
    try:
        with av.open(Source(data, size), "r", format=form) as file:
            return round(sum(frame.samples for frame in file.decode(audio=0)) / RATE)
    except av.error.FFmpegError as error:
        return type(error).__name__


files = {
    "fragments": ("mp4", made("a.mp4", "aac", "fltp", **FRAGMENTS)),
    "index first": ("mp4", made("b.mp4", "aac", "fltp", movflags="faststart")),
    "flac": ("flac", made("c.flac", "flac", "s16")),
}
seen = {name: {size: decoded(data, form, size) for size in (1, 7, 8, 64, 2048)} for name, (form, data) in files.items()}
for name, results in seen.items():
    print(name, results)
good = dict.fromkeys((1, 7, 8, 64, 2048), 2)
assert seen["index first"] == good
assert seen["flac"] == good
assert seen["fragments"] == {**good, **dict.fromkeys((1, 7, 8), "InvalidDataError")}
PY
