#!/bin/sh
# pipecat-ai 1.14.0, SOXRStreamAudioResampler (what its voices, transcribers and recorder get from create_stream_resampler),
# as it is set by default: what it holds back for its filter is thrown away after a pause of 0.2 s, where the next word
# begins. Of each word between pauses the end is gone, and more of it the lower the rate: from 24 kHz to 8 kHz about 60 ms
# of a "yes" of 200 ms, and all of a word of 100 ms. There is no way to ask for the rest. With clear_after_secs=None it
# comes, in front of the next word.
# Guess before looking: of each word all but a few milliseconds, and the rest not lost but late.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
# What its resampler needs, and no more.
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps pipecat-ai==1.14.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check loguru numpy==2.4.0 soxr==1.0.0 wait_for2==0.4.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" -W ignore - 2>/dev/null <<'PY'
import asyncio

from pipecat.audio.resamplers.soxr_stream_resampler import SOXRStreamAudioResampler

WORDS = 6


async def share(length, pause, **settings):
    """Return how much of words of this length, in ms, comes out of 24 kHz at 8 kHz."""
    resampler = SOXRStreamAudioResampler(**settings)
    samples = 0
    for _ in range(WORDS):
        for _ in range(length // 20):
            samples += len(await resampler.resample(b"\x10\x20" * 480, 24_000, 8_000)) // 2
        await asyncio.sleep(pause)
    return samples / (8 * length * WORDS)


async def main():
    seen = {length: await share(length, 0.5) for length in (100, 200, 1000)}
    for length, part in seen.items():
        print(f"of words of {length} ms, with pauses: {part:.0%}")
    unpaused, kept = await share(100, 0), await share(100, 0.5, clear_after_secs=None)
    print(f"of words of 100 ms without pauses: {unpaused:.0%}, with clear_after_secs=None: {kept:.0%}")
    assert seen[100] == 0
    assert seen[200] < 0.75
    assert seen[1000] < 0.98
    assert kept > 0.8


asyncio.run(main())
PY
