#!/bin/sh
# wav 1.0.2 and wav-decoder 1.3.0 (npm): a chunk of odd length before the sound costs all of it. RIFF pads such a chunk to
# even length, and does not count the pad ("Multimedia Programming Interface and Data Specifications 1.0", 1991, chapter 2).
# `wav` tells the format, then ends with no byte of sound and no error; `wav-decoder` throws. Recorders write comments,
# cue notes and JUNK of any length there; with an even one both read everything.
# Guess before looking: both know the pad byte, as every reader of RIFF must.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund wav@1.0.2 wav-decoder@1.3.0 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.js <<'JS'
const assert = require('assert');
const wav = require('wav');
const decoder = require('wav-decoder');

function chunk(name, data) {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length % 2)]);
}

function recording(noteLength) {
  const format = Buffer.alloc(16);
  [[1, 0], [1, 2], [2, 12], [16, 14]].forEach(([value, at]) => format.writeUInt16LE(value, at));
  [[8000, 4], [16000, 8]].forEach(([value, at]) => format.writeUInt32LE(value, at));
  const sound = Buffer.alloc(16000);
  for (let at = 0; at < 8000; at++) sound.writeInt16LE(Math.round(9000 * Math.sin(at / 5)), at * 2);
  const parts = [Buffer.from('WAVE'), chunk('fmt ', format), chunk('JUNK', Buffer.alloc(noteLength)), chunk('data', sound)];
  return chunk('RIFF', Buffer.concat(parts));
}

function streamed(file) {
  return new Promise((resolve, reject) => {
    const reader = new wav.Reader();
    let rate = 0, bytes = 0;
    reader.on('format', format => { rate = format.sampleRate; });
    reader.on('data', data => { bytes += data.length; });
    reader.on('end', () => resolve([rate, bytes]));
    reader.on('error', reject);
    reader.end(file);
  });
}

(async () => {
  for (const length of [28, 27]) {
    const [rate, bytes] = await streamed(recording(length));
    const decoded = await decoder.decode(recording(length)).then(sound => sound.length, error => error.name);
    console.log(`JUNK of ${length} bytes: wav says ${rate} Hz and gives ${bytes} bytes of 16,000; wav-decoder: ${decoded}`);
    assert.deepEqual([rate, bytes, decoded], length % 2 ? [8000, 0, 'RangeError'] : [8000, 16000, 8000]);
  }
})().catch(error => { console.error(error); process.exit(1); });
JS
node read.js
