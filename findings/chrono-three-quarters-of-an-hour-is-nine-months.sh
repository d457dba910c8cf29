#!/bin/sh
# chrono-node 2.10.3 (npm, times as people write them): "in three quarters of an hour" is nine months from now: it reads "in
# three quarters", three quarters of a year, and passes over "of an hour". "In half an hour" and "in 45 minutes" are right. A
# reminder is set for August without an error, as `parseDate` tells the date alone.
# Guess before looking: 45 minutes; or nothing found.
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

const now = new Date(2026, 10, 18, 15, 0, 0);
const seen = ['in 45 minutes', 'in half an hour', 'remind me in three quarters of an hour'].map(said => {
  const date = chrono.parseDate(said, now);
  console.log(`${said}: ${date.toDateString()}, ${date.toTimeString().slice(0, 5)}`);
  return date.getTime();
});
const at = (...parts) => new Date(...parts).getTime();
assert.deepEqual(seen, [at(2026, 10, 18, 15, 45), at(2026, 10, 18, 15, 30), at(2027, 7, 18, 15, 0)]);
JS
node seen.js
