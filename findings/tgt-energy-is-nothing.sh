#!/bin/sh
# tgt 1.5 (TextGridTools, for transcripts of Praat): a label with " = " in it is cut at that place, and loses one letter more, in
# the long form of TextGrid, which Praat saves by default: "E = mc2" is empty, and passed over like a silence; "speed = 5 m/s" is
# "spee". So it reads what it has written itself. In the short form the same labels are whole. No error.
# Guess before looking: the label is what stands between its quotation marks.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check tgt==1.5 numpy==2.4.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - "$dir/talk.TextGrid" <<'PY'
import sys

import tgt

LABELS = ["before", "E = mc2", "speed = 5 m/s", "after"]
seen = {}
for form in ("long", "short"):
    grid, tier = tgt.TextGrid(), tgt.IntervalTier(0, len(LABELS), "words")
    for second, label in enumerate(LABELS):
        tier.add_interval(tgt.Interval(second, second + 1, label))
    grid.add_tier(tier)
    tgt.write_to_file(grid, sys.argv[1], format=form)
    assert '"E = mc2"' in open(sys.argv[1]).read()
    seen[form] = [interval.text for interval in tgt.read_textgrid(sys.argv[1]).tiers[0]]
    print(form, seen[form])
assert seen == {"long": ["before", "spee", "after"], "short": LABELS}
PY
