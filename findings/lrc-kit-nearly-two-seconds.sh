#!/bin/sh
# lrc-kit 1.2.1 (npm, lyrics and subtitles of music players): a line at 1.996 s to 1.999 s is written as [00:01.100], which
# every reader, itself among them, takes for 1.1 s: of a file that is only read and written, such lines come 0.9 s early, and
# so out of order. The thousandths are rounded to hundredths, and a hundred of those does not become a second.
# Guess before looking: [00:02.00], or [00:01.99].
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund lrc-kit@1.2.1 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const assert = require('assert');
const { Lrc } = require('lrc-kit');

const again = ['00:01.990', '00:01.994', '00:01.996', '00:01.999', '00:59.999'].map(time => {
  const read = Lrc.parse(`[${time}]words`);
  const written = read.toString();
  const back = Lrc.parse(written).lyrics[0].timestamp;
  console.log(`${time} is read as ${read.lyrics[0].timestamp} s, written as ${written}, and read again as ${back} s`);
  return back;
});
assert.deepEqual(again, [1.99, 1.99, 1.1, 1.1, 59.1]);
JS
node seen.js
