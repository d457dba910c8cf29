#!/bin/sh
# subsrt 1.1.1 and subsrt-ts 2.1.2 (npm), MicroDVD, whose times are frames: a frame divided by the frames per second is a
# second, and they take it for a millisecond. A line of the 90,000th frame, an hour at 25 frames, comes at 3.6 s. Writing is
# the same backwards: what comes after an hour goes to frame 90,000,000, in its forty-second day. To another format and back is
# exact, so that a test of both ways sees nothing. Every other format of theirs counts milliseconds.
# Guess before looking: 3,600,000 ms, and frame 90,000.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund subsrt-ts@2.1.2 subsrt@1.1.1 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.mjs <<'JS'
import assert from 'assert';
import before from 'subsrt';
import subsrt from 'subsrt-ts';

const SRT = '1\r\n01:00:00,000 --> 01:00:02,000\r\nan hour\r\n\r\n';
for (const [name, library] of Object.entries({ subsrt: before, 'subsrt-ts': subsrt })) {
  const [cue] = library.parse('{90000}{90050}an hour\n', { fps: 25 });
  const written = library.convert(SRT, { format: 'sub', fps: 25 }).trim();
  console.log(`${name}: frame 90000 comes after ${cue.start} ms; an hour is ${written}`);
  assert.equal(cue.start, 3600);
  assert.ok(written.startsWith('{90000000}{90050000}'));
}
JS
node read.mjs
