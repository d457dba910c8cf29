#!/bin/sh
# @microsoft/fetch-event-source 2.0.1 (npm; streams of models in browsers): the lines of an event are joined by newlines
# (WHATWG HTML section 9.2.6), so that a piece of text that is or begins with a newline has an empty first line. Those are
# gone: the piece "\n\n" between two paragraphs is "", and of "\n- two" only "- two" is left, so paragraphs, lists and code
# run together in one line. Newlines within a piece and behind it stay. eventsource-parser 4.1.3 gives all of them.
# Guess before looking: "\n\n" and "\n- two", as the standard says.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund @microsoft/fetch-event-source@2.0.1 eventsource-parser@4.1.3 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const assert = require('assert');
const { getLines, getMessages } = require('@microsoft/fetch-event-source/lib/cjs/parse.js');

const pieces = ['The end.', '\n\n', 'List:', '\n- one', '\n- two\n', 'a\nb'];
const stream = pieces.map(piece => piece.split('\n').map(line => `data: ${line}\n`).join('') + '\n').join('');

async function main() {
  const seen = [];
  getLines(getMessages(() => {}, () => {}, message => seen.push(message.data)))(new TextEncoder().encode(stream));
  const { createParser } = await import('eventsource-parser');
  const other = [];
  createParser({ onEvent: event => other.push(event.data) }).feed(stream);
  console.log('fetch-event-source:', JSON.stringify(seen.join('')));
  console.log('eventsource-parser:', JSON.stringify(other.join('')));
  assert.deepEqual(other, pieces);
  assert.deepEqual(seen, ['The end.', '', 'List:', '- one', '- two\n', 'a\nb']);
}
main();
JS
node seen.js
