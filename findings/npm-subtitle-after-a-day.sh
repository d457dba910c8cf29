#!/bin/sh
# subtitle 4.2.2 (npm): a cue at 27:00:01,000 is read right (97,201,000 ms), and written as 03:00:01,86400000: the day goes
# out of the hours and into the milliseconds. No other reader takes that for a time, and its own reads it as a sixth time, more
# than a day off. No error. Long streams, cameras and time codes of broadcasts have such hours.
# Guess before: 27:00:01,000, or 03:00:01,000 as libraries do that format a clock; in any case three digits.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund subtitle@4.2.2 >/dev/null 2>&1
cat >write.js <<'JS'
const assert = require('assert');
const { parseSync, stringifySync } = require('subtitle');

const cues = parseSync('1\n27:00:01,000 --> 27:00:02,500\nafter a day\n');
console.log('read:', cues[0].data.start, 'ms');
assert.equal(cues[0].data.start, 97201000);
const written = ['SRT', 'WebVTT'].map(format => stringifySync(cues, { format }).split('\n').find(line => line.includes('-->')));
console.log('written:', written.join(' and '));
assert.deepEqual(written, ['03:00:01,86400000 --> 03:00:02,86400500', '03:00:01.86400000 --> 03:00:02.86400500']);
JS
node write.js
