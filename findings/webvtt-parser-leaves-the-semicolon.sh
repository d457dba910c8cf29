#!/bin/sh
# webvtt-parser 2.2.0 (npm; the parser behind the validator of WebVTT): of a character reference the semicolon stays, so that
# "Tom &amp; Jerry" is "Tom &; Jerry", and "a &lt; b" is "a <; b". A reference ends with its semicolon (WebVTT section 6.4, which
# leaves that to HTML). It reports no error. The table of names that it has of itself is without their semicolons; one with
# them, handed to its constructor, reads them right.
# Guess before looking: "Tom & Jerry".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund webvtt-parser@2.2.0 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.js <<'JS'
const assert = require('assert');
const { WebVTTParser } = require('webvtt-parser');

const seen = {};
for (const words of ['Tom &amp; Jerry', 'a &lt; b', 'x&nbsp;y']) {
  const { cues, errors } = new WebVTTParser().parse(`WEBVTT\n\n00:01.000 --> 00:02.000\n${words}\n`);
  assert.deepEqual(errors, []);
  seen[words] = cues[0].tree.children.map(child => child.value).join('');
}
const names = new WebVTTParser({ '&amp;': '&' });
const [given] = names.parse('WEBVTT\n\n00:01.000 --> 00:02.000\nTom &amp; Jerry\n').cues;
assert.equal(given.tree.children[0].value, 'Tom & Jerry');
console.log(JSON.stringify(seen));
assert.deepEqual(Object.values(seen), ['Tom &; Jerry', 'a <; b', 'x\u00a0;y']);
JS
node read.js
