#!/bin/sh
# soxr 1.1.0 (what speech frameworks resample with): int16 zeros do not stay zeros. Digital silence comes out as ones of
# either sign, at every quality, from `resample` and from `ResampleStream`, also in the silent channel of a stereo recording:
# libsoxr dithers integers, and the binding has no switch for that. Whoever looks for silence by "all samples are 0"
# (a muted person, a gap, a frame not worth sending) finds none any more. As float32 the same zeros stay zeros.
# Guess before looking: a linear filter makes nothing of nothing.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check soxr==1.1.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import numpy as np
import soxr

SILENCE = np.zeros(48_000, np.int16)
TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype(np.int16)


def share(samples):
    """Return how many percent of the samples are not 0, and the largest of them."""
    return round(100 * float(np.mean(samples != 0))), int(np.abs(samples).max())


stream = soxr.ResampleStream(48_000, 16_000, 1, dtype="int16")
seen = {quality: share(soxr.resample(SILENCE, 48_000, 16_000, quality)) for quality in ("QQ", "LQ", "MQ", "HQ", "VHQ")}
seen["stream"] = share(stream.resample_chunk(SILENCE, last=True))
seen["beside a tone"] = share(soxr.resample(np.stack([TONE, SILENCE], axis=1), 48_000, 16_000)[:, 1])
seen["float32"] = share(soxr.resample(SILENCE.astype(np.float32), 48_000, 16_000))
for name, (percent, largest) in seen.items():
    print(f"{name}: {percent} % of the samples are not 0, the largest is {largest}")
assert seen.pop("float32") == (0, 0)
assert all(percent > 10 and largest == 1 for percent, largest in seen.values())
PY
