#!/bin/sh
# mutagen 1.48.1: three seconds of Ogg Opus that were cut from the second hour of a stream are an hour and three seconds
# long. Granule positions may begin anywhere (RFC 7845 section 4.5: a recorder that joins a running stream, or a cut that
# leaves the pages as they are); mutagen takes the pre-skip from the last one and never looks at the first page with sound.
# libsndfile 1.2.2 (soundfile 0.14.0) counts the same file as 3 s, and reads 3 s from it.
# Guess before looking: 3 s, because the reader, which looks for the last page, would look at the first, too.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check mutagen==1.48.1 av==18.1.0 soundfile==0.14.0 numpy 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import io

import av
import numpy as np
import soundfile
from mutagen.oggopus import OggOpus

RATE, SECONDS = 48_000, 3


def recorded(begin: int) -> bytes:
    """Return a tone whose time stamps begin at so many samples."""
    tone = (np.sin(np.arange(RATE * SECONDS) * 0.05) * 0.3).astype(np.float32)[None]
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono")
        for at in range(0, tone.shape[1], 960):
            frame = av.AudioFrame.from_ndarray(tone[:, at : at + 960], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = RATE, begin + at
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


for begin, expected in ((0, 3), (3600 * RATE, 3603)):
    data = recorded(begin)
    told = OggOpus(io.BytesIO(data)).info.length
    sound, rate = soundfile.read(io.BytesIO(data))
    print(f"begins at {begin // RATE} s: mutagen {told:.1f} s, libsndfile {len(sound) / rate:.1f} s")
    assert (round(told), round(len(sound) / rate)) == (expected, 3)
PY
