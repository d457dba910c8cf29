#!/bin/sh
# unicode-rbnf 2.4.1 (numbers in words by Unicode's rules, for voices): in Polish, Russian, Kazakh and Kyrgyz every digit after the
# point is a zero: 1.5, 1.6 and 1.9 are all "jedno przecinek zero", and 3.14 is "trzy przecinek zero zero". The whole part is right,
# and English, German, Czech and Ukrainian say the digits. No error.
# Guess before looking: "jedno przecinek pięć".
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check unicode-rbnf==2.4.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from unicode_rbnf import RbnfEngine


def said(language: str) -> list[str]:
    engine = RbnfEngine.for_language(language)
    return [engine.format_number(number).text for number in (1.5, 1.6, 1.9, 3.14)]


for language in ("pl", "ru", "kk", "ky", "en", "de", "cs", "uk"):
    print(language, said(language))
assert said("pl") == ["jedno przecinek zero"] * 3 + ["trzy przecinek zero zero"]
for language in ("ru", "kk", "ky"):
    assert len(set(said(language)[:3])) == 1, language
for language in ("en", "de", "cs", "uk"):
    assert len(set(said(language))) == 4, language
PY
