#!/bin/sh
# whisper-normalizer 0.1.15 (the English rules of Whisper's authors, with which most word error rates of transcribers are told): to
# write 1 as "one", it does so inside of numbers and before their signs go: $1, €1, 1% and 1 are all "one", 1.5M is
# "one.5 m" (and "1.5 million" is 1500000), and -5 is 5, where "minus five" is -5. "1,5" is 15, and O'Brien is "0 brien". So a
# transcriber that hears a euro for a dollar, or 5 for -5, has no error, and one that writes -5 for "minus five" has.
# Guess before: what differs in its value stays different; O'Brien is "o brien" or "obrien".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check whisper-normalizer==0.1.15 2>/dev/null
"$dir/venv/bin/python" - <<'PY'
from whisper_normalizer.english import EnglishTextNormalizer

normal = EnglishTextNormalizer()
WORDS = ("$1", "€1", "1%", "1", "$2", "2%", "1.5M", "1.5 million", "-5", "minus five", "1,5", "O'Brien")
seen = {words: normal(words).strip() for words in WORDS}
print(seen)
assert {seen[words] for words in ("$1", "€1", "1%", "1")} == {"one"}
assert (seen["$2"], seen["2%"]) == ("$2", "2%")
assert (seen["1.5M"], seen["1.5 million"]) == ("one.5 m", "1500000")
assert (seen["-5"], seen["minus five"], seen["1,5"], seen["O'Brien"]) == ("5", "-5", "15", "0 brien")
PY
