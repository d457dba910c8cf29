#!/bin/sh
# @plussub/srt-vtt-parser 2.0.5 (npm): a WebVTT cue whose times have no hours, as they may have below an hour (section 4.1), and
# which has a setting, as for its place on the screen (section 4.4), ends at NaN. With hours, or without the setting, it
# ends right. No error. Comparisons with NaN are false, so that the cue is never shown, or never taken away.
# Guess before looking: 2000 ms in all four.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @plussub/srt-vtt-parser@2.0.5 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.mjs <<'JS'
import assert from 'assert';
import { parse } from '@plussub/srt-vtt-parser';

const ends = ['00:00:01.000 --> 00:00:02.000', '00:01.000 --> 00:02.000'].flatMap(times => ['', ' align:start'].map(setting => {
  const [cue] = parse(`WEBVTT\n\n${times}${setting}\nHello\n`).entries;
  console.log(`${times}${setting}: from ${cue.from} to ${cue.to}`);
  return cue.to;
}));
assert.deepEqual(ends, [2000, 2000, 2000, NaN]);
JS
node read.mjs
