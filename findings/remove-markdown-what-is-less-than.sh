#!/bin/sh
# remove-markdown 0.7.0 (npm, plain text of Markdown): what stands between < and > is gone, words and all: "if 3 < 5 and 7 >
# 6" is "if 3  6", as tags of HTML are taken away, and every "<" begins one to it, also before a blank, where none can begin
# (CommonMark section 6.6), and in code, where there are none: `List<String>` is List. About 5 (~5) loses its sign beside
# another one: "~5 to ~6".
# Guess before looking: comparisons and code stay as they are.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund remove-markdown@0.7.0 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const assert = require('assert');
const module_ = require('remove-markdown');

const removeMarkdown = module_.default || module_;
const said = {
  'if 3 < 5 and 7 > 6': 'if 3  6',
  'Use `List<String>` here': 'Use List here',
  'it took ~5 to ~6 hours': 'it took 5 to 6 hours',
  'if 3 < 5': 'if 3 < 5',
  '5 * 3 = 15 and 2 * 4 = 8': '5 * 3 = 15 and 2 * 4 = 8',
};
const seen = Object.fromEntries(Object.keys(said).map(text => [text, removeMarkdown(text)]));
for (const [text, plain] of Object.entries(seen)) console.log(`${text}: ${plain}`);
assert.deepEqual(seen, said);
JS
node seen.js
