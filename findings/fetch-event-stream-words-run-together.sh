#!/bin/sh
# fetch-event-stream 0.1.6 (npm; streams of models): of a line "data:  world" one blank belongs to the stream and the next to
# the text (WHATWG HTML section 9.2.6: "If value starts with a U+0020 SPACE character, remove it"). It takes all of them, so
# that the words of a model, each of which comes with the blank in front of it, run together: "Helloworld,howareyou?". Blanks
# behind a word stay. Pieces in JSON are not hurt. eventsource-parser 4.1.3 gives the blanks.
# Guess before looking: one blank is removed.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund fetch-event-stream@0.1.6 eventsource-parser@4.1.3 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const assert = require('assert');

const pieces = ['Hello', ' world', ',', ' how', ' are', ' you', '?', '  indented'];
const stream = pieces.map(piece => `data: ${piece}\n\n`).join('');

async function main() {
  const { events } = await import('fetch-event-stream');
  const { createParser } = await import('eventsource-parser');
  const seen = [];
  for await (const event of events(new Response(stream))) seen.push(event.data);
  const other = [];
  createParser({ onEvent: event => other.push(event.data) }).feed(stream);
  console.log('fetch-event-stream:', JSON.stringify(seen.join('')));
  console.log('eventsource-parser:', JSON.stringify(other.join('')));
  assert.deepEqual(other, pieces);
  assert.deepEqual(seen, pieces.map(piece => piece.trimStart()));
}
main();
JS
node seen.js
