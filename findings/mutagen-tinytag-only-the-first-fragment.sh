#!/bin/sh
# mutagen 1.48.1 and tinytag 2.3.2: the length of a fragmented MP4 (ISO 14496-12 section 8.8; what browsers and streams
# record) is that of its first part: 1.0 s of 6 s where the first second is in the movie box, and 0.0 s where that is empty. The
# length of each fragment stands in the file; the same sound without fragments is told right. No error, no None.
# Guess before looking: 6 s, or None for a length that it does not know.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check mutagen==1.48.1 tinytag==2.3.2 av==18.1.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - "$dir/a.m4a" <<'PY'
import sys

import av
import mutagen
import numpy as np
import tinytag

RATE, SECONDS, FRAME = 48_000, 6, 1024


def record(options):
    """Write a tone of six seconds."""
    with av.open(sys.argv[1], "w", format="mp4", options=options) as container:
        stream = container.add_stream("aac", rate=RATE, layout="mono")
        for at in range(0, RATE * SECONDS, FRAME):
            tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(at, at + FRAME) / RATE)
            frame = av.AudioFrame.from_ndarray(tone.astype(np.float32)[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE, at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


for movflags, told in (("", 6.0), ("frag_keyframe", 1.0), ("frag_keyframe+empty_moov", 0.0)):
    record({"movflags": movflags, "frag_duration": "1000000"} if movflags else {})
    with av.open(sys.argv[1]) as container:
        decoded = sum(frame.samples for frame in container.decode(audio=0)) / RATE
    lengths = mutagen.File(sys.argv[1]).info.length, tinytag.TinyTag.get(sys.argv[1]).duration
    print(f"{movflags or 'whole'}: {decoded:.1f} s of sound, told as", *(f"{length:.1f}" for length in lengths))
    assert abs(decoded - SECONDS) < 0.1 and all(abs(length - told) < 0.1 for length in lengths)
PY
