#!/bin/sh
# subtitle 4.2.2 (npm): in WebVTT, the identifier that stands above a cue's time becomes words of the cue before it, unless
# it is a number: "Good morning." is read as "Good morning.\n\nintroduction" where the next cue is called "introduction". The
# specification (WebVTT, section 4.1: "WebVTT cue identifier") lets any line be one; editors write names and "cue-2" there.
# Whoever reads captions aloud, or sends them to a model, adds words that nobody said. Numbers are left out as they should.
# Guess before looking: identifiers are dropped, whatever they are.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund subtitle@4.2.2 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.js <<'JS'
const assert = require('assert');
const { parseSync } = require('subtitle');

const file = second =>
  `WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\nGood morning.\n\n${second}\n00:00:03.000 --> 00:00:04.000\nGood night.\n`;
const words = second => parseSync(file(second)).filter(node => node.type === 'cue').map(node => node.data.text);
for (const second of ['2', 'introduction', 'cue-2']) {
  console.log(`the second cue is called ${second}:`, JSON.stringify(words(second)));
}
assert.deepEqual(words('2'), ['Good morning.', 'Good night.']);
assert.deepEqual(words('introduction'), ['Good morning.\n\nintroduction', 'Good night.']);
assert.deepEqual(words('cue-2'), ['Good morning.\n\ncue-2', 'Good night.']);
JS
node read.js
