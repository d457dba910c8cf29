#!/bin/sh
# words-to-numbers 1.5.1 (npm, for what transcribers and voice commands give): of a number of several words before "thousand" or
# "million" only the last word is multiplied: "twenty one thousand" is 1,020, "ninety nine thousand" 9,090, "two hundred fifty
# thousand" 50,200, "forty two million" 2,000,040. "Twelve thousand" and "two hundred thousand" are right. No error.
# Guess before looking: 21,000, 99,000, 250,000 and 42,000,000.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund words-to-numbers@1.5.1 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >read.js <<'JS'
const assert = require('assert');
const { wordsToNumbers } = require('words-to-numbers');

const told = {
  'twelve thousand': 12000,
  'two hundred thousand': 200000,
  'twenty one thousand': 1020,
  'ninety nine thousand': 9090,
  'two hundred fifty thousand': 50200,
  'one hundred twenty three thousand four hundred fifty six': 3576,
  'forty two million': 2000040,
};
for (const [words, number] of Object.entries(told)) {
  console.log(`${words}: ${wordsToNumbers(words)}`);
  assert.equal(wordsToNumbers(words), number);
}
JS
node read.js
