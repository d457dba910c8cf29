#!/bin/sh
# unicode-rbnf 2.4.1 (numbers in words by Unicode's rules, for voices): what comes after the point of a negative number is gone, in
# all 86 of its languages that say 1.5 at all: -1.5 is "minus one", as -1 and -1.9 are, and -0.5 is "minus", without a number. As a
# float, a Decimal or a string; 1.5 is "one point five". No error. Its readme lists negative numbers and fractions as supported.
# Guess before looking: "minus one point five", and "minus zero point five".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check unicode-rbnf==2.4.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from decimal import Decimal

from unicode_rbnf import RbnfEngine
from unicode_rbnf.engine import NoRuleForNumberError

english = RbnfEngine.for_language("en")
said = {number: english.format_number(number).text for number in (1.5, -1.5, -1.9, -1, -0.5)}
print(said)
assert said == {1.5: "one point five", -1.5: "minus one", -1.9: "minus one", -1: "minus one", -0.5: "minus"}
assert english.format_number(Decimal("-1.5")).text == english.format_number("-1.5").text == "minus one"

lost = []
for language in RbnfEngine.get_supported_languages():
    engine = RbnfEngine.for_language(language)
    try:
        whole, more = engine.format_number(1).text, engine.format_number(1.5).text
    except NoRuleForNumberError:
        continue
    assert more != whole, language
    if engine.format_number(-1.5).text == engine.format_number(-1).text:
        lost.append(language)
print(len(lost), "languages say -1.5 as -1")
assert len(lost) == 86
PY
