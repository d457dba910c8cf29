#!/bin/sh
# markdownify 1.2.3 (HTML to Markdown): what stands in a list item behind a list of its own is written at the end of that
# list's last item, without a space: "Buy: tea, then go home" of a page says "teathen go home". With the inner list last, as
# most have it, all is right. No error; whoever reads it aloud says one word that nobody wrote.
# Guess before looking: a line of its own below the inner list, perhaps without its indent.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check markdownify==1.2.3 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from markdownify import markdownify

behind = markdownify("<ul><li>Buy<ul><li>rice</li><li>tea</li></ul>then go home.</li><li>Sleep.</li></ul>")
before = markdownify("<ul><li>Buy, then go home<ul><li>rice</li><li>tea</li></ul></li><li>Sleep.</li></ul>")
print(behind, before, sep="\n\n")
assert behind.strip() == "* Buy\n  + rice\n  + teathen go home.\n* Sleep."
assert before.strip() == "* Buy, then go home\n  + rice\n  + tea\n* Sleep."
PY
