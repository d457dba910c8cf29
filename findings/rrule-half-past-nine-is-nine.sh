#!/bin/sh
# rrule 2.8.1 (npm, recurring events), rules in words: `fromText` reads "every day at 9:30" as nine (BYHOUR=9, no minute),
# "every monday at 17:30" as five, and "every morning" as every Monday, as it begins with the same three letters; `toText`
# says "every day at 9" of a rule for 9:30. With no minute in the rule, the minute is that of when the rule was made. No
# error.
# Guess before looking: BYMINUTE=30, and 9:30; a refusal of "morning".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null 2>&1
npm install --silent --no-audit --no-fund rrule@2.8.1 >/dev/null 2>&1 ||
    { echo "not installed" >&2; exit 2; }
cat >seen.js <<'JS'
const assert = require('assert');
const { RRule } = require('rrule');

const rules = ['every day at 9:30', 'every monday at 17:30', 'every morning'].map(said => {
  const rule = RRule.fromText(said).toString();
  console.log(`${said}: ${rule}`);
  return rule;
});
const words = ['BYHOUR=9;BYMINUTE=30', 'BYHOUR=9;BYMINUTE=0'].map(times => {
  const said = RRule.fromString(`RRULE:FREQ=DAILY;${times}`).toText();
  console.log(`FREQ=DAILY;${times}: ${said}`);
  return said;
});
assert.deepEqual(rules, ['RRULE:FREQ=DAILY;BYHOUR=9', 'RRULE:FREQ=WEEKLY;BYDAY=MO;BYHOUR=17', 'RRULE:FREQ=WEEKLY;BYDAY=MO']);
assert.deepEqual(words, ['every day at 9', 'every day at 9']);
JS
node seen.js
