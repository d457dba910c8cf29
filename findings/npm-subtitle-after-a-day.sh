#!/bin/sh
# subtitle 4.2.2 (npm): a cue at 27:00:01,000 is read right (97,201,000 ms), and written as 03:00:01,86400000: the day goes
# out of the hours and into the milliseconds. Writing says no error, and its own reader refuses the file, as its `parseTimestamp`
# does the time. Long streams, cameras and time codes of broadcasts have such hours.
# Guess before looking: 27:00:01,000, or 03:00:01,000 as libraries do that format a clock; in any case three digits.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund subtitle@4.2.2 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >write.js <<'JS'
const assert = require('assert');
const { parseSync, parseTimestamp, stringifySync } = require('subtitle');

const cues = parseSync('1\n27:00:01,000 --> 27:00:02,500\nafter a day\n');
console.log('read:', cues[0].data.start, 'ms');
assert.equal(cues[0].data.start, 97201000);
const written = ['SRT', 'WebVTT'].map(format => {
  const file = stringifySync(cues, { format });
  assert.throws(() => parseSync(file), /expected timestamp at row/);
  const times = file.split('\n').find(line => line.includes('-->'));
  assert.throws(() => parseTimestamp(times.split(' ')[0]), /Invalid SRT or VTT time format/);
  return times;
});
console.log('written:', written.join(' and '));
assert.deepEqual(written, ['03:00:01,86400000 --> 03:00:02,86400500', '03:00:01.86400000 --> 03:00:02.86400500']);
JS
node write.js
