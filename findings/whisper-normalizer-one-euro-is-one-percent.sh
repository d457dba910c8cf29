#!/bin/sh
# whisper-normalizer 0.1.15 (the English rules of Whisper's authors, with which many word error rates of transcribers are told): to
# write 1 as "one", it does so before the signs of numbers go: $1, €1, 1% and 1 are all "one", where $2 and 2% keep theirs. So a
# transcriber that hears a euro for a dollar, or for a percent, has no error.
# Guess before looking: what differs in its value stays different.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check whisper-normalizer==0.1.15 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from whisper_normalizer.english import EnglishTextNormalizer

normal = EnglishTextNormalizer()
ONES = ("$1", "€1", "1%", "1")
seen = {words: normal(words).strip() for words in (*ONES, "$2", "€2", "2%", "2")}
print(seen)
assert {seen[words] for words in ONES} == {"one"}
assert len({seen[words] for words in ("$2", "€2", "2%", "2")}) == 4
PY
