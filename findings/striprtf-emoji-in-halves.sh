#!/bin/sh
# striprtf 0.0.35: an emoji in a Rich Text file, which holds it as two \u words for the halves of a surrogate pair (RTF
# 1.9.1, "Unicode RTF": \u takes a signed 16-bit number), becomes a string of two lone surrogates. It is no text: it has
# two characters, and to encode, print or write it raises UnicodeEncodeError. Signs within 16 bits are right.
# Guess before looking: one character, as the two halves are one in UTF-16.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check striprtf==0.0.35 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from striprtf.striprtf import rtf_to_text


def read(source):
    text = rtf_to_text(r"{\rtf1\ansi\uc1 " + source + "}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return len(text), error.reason
    return len(text), "text"


seen = {"hiragana": read(r"\u12354?"), "emoji": read(r"\u-10179?\u-8704?")}
print(seen)
assert seen == {"hiragana": (1, "text"), "emoji": (2, "surrogates not allowed")}
PY
