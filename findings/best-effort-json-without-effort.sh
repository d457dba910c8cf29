#!/bin/sh
# best-effort-json-parser 1.5.1 (npm; for JSON of a model that is still coming in): of an object that was cut off anywhere it
# gives what is there. But it throws where the cut goes through the escape of a letter (\u3042: at four places in each letter
# of Japanese, from servers that escape all but ASCII), and from where a string holds three backticks to the end of that
# string, as every string with a piece of code does. Whole, both are read. partial-json 0.1.7 reads every cut of them.
# Guess before looking: every beginning of valid JSON gives something.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund best-effort-json-parser@1.5.1 partial-json@0.1.7 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >cut.js <<'JS'
const effort = require('best-effort-json-parser');
const partial = require('partial-json');

const WHOLE = { plain: '{"say":"Hello"}', escaped: '{"say":"\\u3042\\u308a"}', fence: '{"say":"```json\\n1\\n```"}' };

/** Return how many beginnings of a text cannot be read, and whether the whole can. */
function unread(parse, text) {
  let refused = 0;
  for (let end = 1; end < text.length; end++) {
    try { parse(text.slice(0, end)); } catch { refused++; }
  }
  const whole = JSON.stringify(parse(text)) === JSON.stringify(JSON.parse(text));
  return `${refused} of ${text.length - 1}, whole ${whole}`;
}

for (const [name, text] of Object.entries(WHOLE)) {
  console.log(`${name}: refused ${unread(effort.parse, text)}; partial-json ${unread(partial.parse, text)}`);
}
JS
timeout 60 node cut.js 2>/dev/null | tee seen
cat >expected <<'TXT'
plain: refused 0 of 14, whole true; partial-json 0 of 14, whole true
escaped: refused 8 of 21, whole true; partial-json 0 of 21, whole true
fence: refused 14 of 24, whole true; partial-json 0 of 24, whole true
TXT
cmp expected seen
