#!/bin/sh
# pipecat-ai 1.14.0, what makes an answer ready to be spoken. MarkdownTextFilter takes away, with the Markdown, whatever
# stands five times in a row, digits and letters, too: "1000000 yen" is spoken as "1 yen", room 55555 has no number. Its
# successor keeps them, but VoiceFormatter, with its defaults, makes "$1.5 million" into "one dollar and fifty cents
# million", "€12,50" into "twelve euros,50", 1.5M users into 1.5 meters of them, and a 5G network into one of 5 grams.
# Guess before looking: the marks of emphasis, headings and links go, the numbers stay; one point five million dollars, and what
# it does not know (5G, 1.5M) it leaves to the voice.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
# What its text needs, and no more: all that it depends on is half a gigabyte.
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps pipecat-ai==1.14.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check docstring_parser loguru loudness markdown num2words==0.5.14 \
    pydantic sentencex==1.0.32 soxr==1.0.0 wait_for2==0.4.1 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" -W ignore - 2>/dev/null <<'PY'
import asyncio

from pipecat.utils.text.markdown_text_filter import MarkdownTextFilter
from pipecat.utils.text.transforms.voice_formatter import VoiceFormatter

FILTERED = {
    "It costs **1000000** yen.": "It costs 1 yen.",
    "It costs **1,000,000** yen.": "It costs 1,000,000 yen.",
    "Room 55555 is free.": "Room  is free.",
    "Room 5555 is free.": "Room 5555 is free.",
    "Yaaaaay, done!": "Yy, done!",
}
FORMATTED = {
    "It costs **1000000** yen.": "It costs 1000000 yen.",
    "It costs $1.50.": "It costs one dollar and fifty cents.",
    "It costs $1.5 million.": "It costs one dollar and fifty cents million.",
    "It costs €12,50.": "It costs twelve euros,50.",
    "It runs 5km.": "It runs 5 kilometers.",
    "It has 1.5M users.": "It has 1.5 meters users.",
    "It is a 5G network.": "It is a 5 grams network.",
}


async def main():
    filtered = {words: await MarkdownTextFilter().filter(words) for words in FILTERED}
    formatted = {words: await VoiceFormatter()(words, "*") for words in FORMATTED}
    for name, seen in (("MarkdownTextFilter", filtered), ("VoiceFormatter", formatted)):
        print(name, *(f"    {words!r} is spoken as {spoken!r}" for words, spoken in seen.items()), sep="\n")
    assert (filtered, formatted) == (FILTERED, FORMATTED)


asyncio.run(main())
PY
