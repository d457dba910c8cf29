#!/bin/sh
# chrono-node 2.10.3 (npm, times as people write them), Japanese: "明後日9時" (the day after tomorrow at nine) is nine today,
# which is over, "来週の金曜日" (Friday of next week) Friday of this week, and "来月5日" nothing. "明日9時" (tomorrow) is right, and
# "今夜8時" (tonight). It knows neither word, and reads what stands behind it. In English "the day after tomorrow at 9" is right.
# Guess before looking: the day after tomorrow; or nothing found, as of next month.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund chrono-node@2.10.3 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const assert = require('assert');
const chrono = require('chrono-node');

const now = new Date(2026, 10, 18, 15, 0, 0); // a Wednesday
const day = (said, reader) => {
  const date = reader.parseDate(said, now);
  console.log(`${said}: ${date && `${date.toDateString()}, ${date.toTimeString().slice(0, 5)}`}`);
  return date && date.getDate();
};
assert.deepEqual(['明日9時', '明後日9時', '来週の金曜日', '来月5日'].map(said => day(said, chrono.ja)), [19, 18, 20, null]);
assert.equal(day('the day after tomorrow at 9', chrono.en), 20);
JS
node seen.js
