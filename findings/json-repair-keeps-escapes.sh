#!/bin/sh
# json-repair 0.64.6: JSON that a model left unfinished is completed, but its strings are not read as JSON strings any
# more. Of the escapes of RFC 8259 section 7, `\/` (which PHP writes for every slash) and `\f` keep their backslash, so that a
# link becomes "https:\/\/example.org", and a backslash before a quotation mark is gone. Whole, the same text is read
# right: it then goes to `json.loads`.
# Guess before looking: what is missing is added at the end; what is there means what it means in JSON.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check json-repair==0.64.6 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import json

import json_repair

STRINGS = {
    "slashes": r'"https:\/\/example.org"',
    "a form feed": r'"a\fb"',
    "a tab": r'"a\tb"',
    "a letter": r'"\u3042"',
    "a backslash": r'"a\\b"',
    "a quotation mark": r'"say \"a\""',
    "a backslash and a quotation mark": r'"C:\\\"a\""',
}
wrong = {}
for name, string in STRINGS.items():
    meant = json.loads(string)
    assert json_repair.loads(f'{{"a": {string}}}') == {"a": meant}
    read = json_repair.loads(f'{{"a": {string}')["a"]  # the closing brace is missing
    print(f"{name}: {read}" + ("" if read == meant else f"   (in place of {meant!r})"))
    if read != meant:
        wrong[name] = read
assert wrong == {
    "slashes": r"https:\/\/example.org",
    "a form feed": r"a\fb",
    "a backslash and a quotation mark": 'C:"a"',
}
PY
