#!/bin/sh
# FFmpeg 8.1.2 in PyAV 18.1.0 (5.1.9 of Debian 12 the same): a fragmented MP4 written with movflags
# frag_keyframe+empty_moov+global_sidx, all three documented, gets its index put in front of the fragments at the end,
# and the fragments keep the places of their sound from before (tfhd's base data offset): of 6 s AAC, FFmpeg itself
# reads one packet and refuses 282. No error, no warning while writing. With default_base_moof beside them the file is right.
# One would expect: what FFmpeg writes without a complaint, FFmpeg reads.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - "$dir" 2>/dev/null <<'PY'
import sys

import av
import numpy as np

RATE, SECONDS = 48_000, 6
tone = (np.sin(2 * np.pi * 440 * np.arange(RATE * SECONDS) / RATE) * 8000).astype(np.int16)


def written(flags):
    path = f"{sys.argv[1]}/a.mp4"
    with av.open(path, "w", format="mp4", options={"movflags": flags, "frag_duration": "1000000"}) as file:
        stream = file.add_stream("aac", rate=RATE, layout="mono")
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE, frame_size=1024)
        frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        for part in (*resampler.resample(frame), *resampler.resample(None), None):
            file.mux(stream.encode(part))
    return path


def read(path):
    heard = refused = 0
    with av.open(path) as file:
        for packet in file.demux(file.streams.audio[0]):
            try:
                heard += sum(frame.samples for frame in packet.decode())
            except av.error.FFmpegError:
                refused += 1
    return round(heard / RATE, 1), refused


fragments = "frag_keyframe+empty_moov"
seen = {more: read(written(fragments + more)) for more in ("", "+global_sidx", "+global_sidx+default_base_moof")}
print(seen)
assert seen[""] == seen["+global_sidx+default_base_moof"] == (6.0, 0)
assert seen["+global_sidx"][0] < 1 and seen["+global_sidx"][1] > 250
PY
