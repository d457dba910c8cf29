#!/bin/sh
# webvtt-py 0.6.0: it converts between WebVTT and SRT, and knows no character references, which WebVTT needs for & and < (section
# 4.2.2) and SRT does not have. From WebVTT to SRT "Tom &amp; Jerry" stays "Tom &amp; Jerry". From SRT the text of "3 < 5 and 7 > 6"
# is "3  6", and it writes the line as it is into WebVTT, where all from < to > is a tag, and not shown. No error.
# Guess before looking: "Tom & Jerry" in SRT, "3 &lt; 5 and 7 > 6" in WebVTT, and the words as they are in `text`.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check webvtt-py==0.6.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
import io

import webvtt


def converted(text: str, source: str, target: str) -> tuple[str, str]:
    """Return a caption's text, and its line in the other format."""
    captions = webvtt.from_buffer(io.StringIO(text), format=source)
    out = io.StringIO()
    captions.write(out, format=target)
    return captions[0].text, out.getvalue().strip().split("\n")[-1]


vtt = converted("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nTom &amp; Jerry\n", "vtt", "srt")
srt = converted("1\n00:00:01,000 --> 00:00:02,000\n3 < 5 and 7 > 6\n", "srt", "vtt")
print("from WebVTT:", vtt)
print("from SRT:", srt)
assert vtt == ("Tom &amp; Jerry", "Tom &amp; Jerry")
assert srt == ("3  6", "3 < 5 and 7 > 6")
PY
