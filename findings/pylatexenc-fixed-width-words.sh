#!/bin/sh
# pylatexenc 2.11: of the commands that only choose a font, latex_to_text keeps the words of \textbf, \textit, \textsc,
# \textsl and \textrm, and drops those of \texttt, \textsf, \textup and \textmd, and of \mbox: the parser knows that these
# take an argument, and the converter, which does not know them, takes them for commands to leave out. No error, no
# warning. A command that neither knows (\sout) keeps its words.
# Guess before looking: all of them are their words.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check pylatexenc==2.11 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from pylatexenc.latex2text import LatexNodes2Text

KEPT = ("textbf", "textit", "textsc", "textsl", "textrm", "sout")
LOST = ("texttt", "textsf", "textup", "textmd", "mbox")
seen = {name: LatexNodes2Text().latex_to_text("a \\%s{word} b" % name) for name in KEPT + LOST}
print(seen)
assert all("word" in seen[name] for name in KEPT)
assert not any("word" in seen[name] for name in LOST)
PY
