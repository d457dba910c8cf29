#!/bin/sh
# kansuji 1.1.0 (npm, numbers in Japanese characters): twenty million (二千万) is 二千, two thousand, and 300,000 (三十万) is 三十,
# thirty. The 万 (ten thousand) is missing where the number of ten thousands ends in a zero; so is the 億 (a hundred million) of
# 二百億. 30,000 and 210,000 keep it. What is read aloud or written is a right number, ten thousand times too small.
# Guess before looking: 二千万 and 三十万.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund kansuji@1.1.0 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const assert = require('assert');
const kansuji = require('kansuji');

const seen = Object.fromEntries(
  [30000, 210000, 300000, 2000000, 20000000, 200000000, 20000000000].map(number => [number, kansuji(number)]),
);
for (const [number, said] of Object.entries(seen)) console.log(number, said);
assert.deepEqual(seen, {
  30000: '三万', 210000: '二十一万', 300000: '三十', 2000000: '二百', 20000000: '二千', 200000000: '二億', 20000000000: '二百',
});
JS
node seen.js
