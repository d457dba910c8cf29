#!/bin/sh
# wavefile 11.0.0 (npm): an odd number of 8-bit samples is one more: the byte that RIFF puts behind a chunk of odd length, so
# that the next one begins at an even place, is read as sound. It is 0, which is the loudest there is in 8 bits, so that the
# sound ends in a click. No error.
# Guess before looking: as many samples as the chunk's length says.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund wavefile@11.0.0 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.js <<'JS'
const assert = require('assert');
const { WaveFile } = require('wavefile');

const number = (value, bytes) => { const made = Buffer.alloc(bytes); made.writeUIntLE(value, 0, bytes); return made; };
const chunk = (name, data) => Buffer.concat([Buffer.from(name), number(data.length, 4), data, Buffer.alloc(data.length % 2)]);

const format = Buffer.concat([number(1, 2), number(1, 2), number(8000, 4), number(8000, 4), number(1, 2), number(8, 2)]);
const data = chunk('data', Buffer.alloc(8001, 128));
const quiet = new WaveFile(chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), chunk('fmt ', format), data])));
quiet.toBitDepth('16');
const sound = quiet.getSamples(false, Int16Array);
console.log(`8001 silent samples: ${sound.length}, the last ${sound.at(-1)}`);
assert.equal(sound.length, 8002);
assert.equal(sound.at(-1), -32768);
assert.ok(sound.slice(0, 8001).every(sample => Math.abs(sample) < 300));
JS
node read.js
