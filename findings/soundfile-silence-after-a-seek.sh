#!/bin/sh
# soundfile 0.14.0 (libsndfile 1.2.2): an MP3 read from a place in its middle, as for a piece of a long recording (librosa's
# `offset` and every reader of windows do it), begins with up to 90 ms that are not those of that place: silence or noise,
# while `tell` is right. A frame of MP3 may need bytes of those before it, and likely the decoder that was placed there has not
# read them. Read in one go, the same samples are right; Ogg Opus and FLAC are right after a seek.
# Guess before looking: what is read after a seek is what stands there in the whole.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check soundfile==0.14.0 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - 2>"$dir/noise" <<'PY' || { cat "$dir/noise"; exit 1; }
import io

import numpy as np
import soundfile

RATE = 48_000
PLACES = (30_000, 60_001, 96_100, 144_000, 192_007)
clock = np.arange(RATE) / RATE
tones = np.concatenate([8000 * np.sin(2 * np.pi * (300 + 200 * one) * clock) for one in range(6)]).astype(np.int16)


def wrong_ms(form, coding):
    """Return for each place up to how many ms behind it something else is read than in one go."""
    file = io.BytesIO()
    soundfile.write(file, tones, RATE, format=form, subtype=coding)
    file.seek(0)
    whole = soundfile.read(file, dtype="int16")[0].astype(int)
    found = []
    for place in PLACES:
        file.seek(0)
        with soundfile.SoundFile(file) as sound:
            sound.seek(place)
            piece = sound.read(8000, dtype="int16").astype(int)
            assert sound.tell() == place + 8000
        wrong = np.nonzero(np.abs(piece - whole[place : place + 8000]) > 100)[0]
        found.append(round(1000 * (wrong[-1] + 1) / RATE) if len(wrong) else 0)
    return found


seen = {form: wrong_ms(form, coding) for form, coding in (("MP3", "MPEG_LAYER_III"), ("OGG", "OPUS"), ("FLAC", "PCM_16"))}
print("ms that are wrong after a seek:", seen)
assert min(seen["MP3"]) >= 5 and max(seen["MP3"]) >= 60
assert not any(seen["OGG"] + seen["FLAC"])
PY
