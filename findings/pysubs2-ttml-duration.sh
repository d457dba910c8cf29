#!/bin/sh
# pysubs2 1.8.1: a TTML paragraph whose end is told by a duration (begin="1s" dur="2s", TTML2 section 12.2.4) cannot be
# read: KeyError 'end', for the whole file. With end="3s" in its place it is read.
# Guess before looking: the end is the beginning and the duration added.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pysubs2==1.8.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from pysubs2 import SSAFile

TEXT = '<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="en"><body><div><p begin="1s" %s>Hello</p></div></body></tt>'


def read(times):
    try:
        return [(event.start, event.end, event.plaintext) for event in SSAFile.from_string(TEXT % times, format_="ttml")]
    except KeyError as error:
        return repr(error)


seen = read('end="3s"'), read('dur="2s"')
print(seen)
assert seen == ([(1000, 3000, "Hello")], "KeyError('end')")
PY
