#!/bin/sh
# subsrt-ts 2.1.2 (npm): every line of an ASS or SSA file loses its first letter: "Hello" is "ello", and of a line that begins
# with {\i1} the rest of the command becomes words. It counts where the text begins, as the text may hold commas, and
# counts one sign too many, for a blank that it has taken away before. subsrt 1.1.1, which it was made from, keeps the letter.
# Guess before looking: "Hello".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund subsrt-ts@2.1.2 subsrt@1.1.1 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.mjs <<'JS'
import assert from 'assert';
import before from 'subsrt';
import subsrt from 'subsrt-ts';

const FORMAT = 'Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text';
const LINES = ['Hello', 'はい', '{\\i1}Yes{\\i0}, no'];
const FILE = `[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: ${FORMAT}\n`
  + LINES.map(line => `Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,${line}\n`).join('');

const read = library => library.parse(FILE).filter(cue => cue.type === 'caption').map(cue => cue.text);
const seen = { 'subsrt-ts': read(subsrt), subsrt: read(before) };
console.log(JSON.stringify(seen));
assert.deepEqual(seen, { 'subsrt-ts': ['ello', 'い', '\\i1}Yes, no'], subsrt: ['Hello', 'はい', 'Yes, no'] });
JS
node read.mjs
