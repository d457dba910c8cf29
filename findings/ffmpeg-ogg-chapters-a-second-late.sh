#!/bin/sh
# FFmpeg 8.1.2 in PyAV 18.0.0: chapters written to an Ogg file come back late where their milliseconds are 500 or more: the
# seconds of the Vorbis comment CHAPTERxxx are rounded, then the milliseconds are written beside them, so 1.6 s becomes
# 00:00:02.600. The same chapters in Matroska are right. No error, no warning.
# Guess before looking: a chapter is read back at the millisecond at which it was set.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check av==18.0.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import io
from fractions import Fraction

import av
import numpy as np

RATE, STARTS = 48_000, [0, 400, 1600, 2500, 3499]


def written(form):
    out = io.BytesIO()
    with av.open(out, "w", format=form) as file:
        stream = file.add_stream("libopus", rate=RATE, layout="mono")
        ends = [*STARTS[1:], 5000]
        file.set_chapters(
            [
                {"id": number, "start": start, "end": end, "time_base": Fraction(1, 1000), "metadata": {"title": "c"}}
                for number, (start, end) in enumerate(zip(STARTS, ends))
            ]
        )
        frame = av.AudioFrame.from_ndarray(np.zeros((1, RATE * 5), "<i2"), format="s16", layout="mono")
        frame.rate = RATE
        for part in (frame, None):
            for packet in stream.encode(part):
                file.mux(packet)
    with av.open(io.BytesIO(out.getvalue())) as file:
        return [round(float(chapter["start"] * chapter["time_base"]) * 1000) for chapter in file.chapters()]


seen = {form: written(form) for form in ("ogg", "matroska")}
print(seen)
assert seen["matroska"] == STARTS
assert seen["ogg"] == [0, 400, 2600, 3500, 3499]
PY
