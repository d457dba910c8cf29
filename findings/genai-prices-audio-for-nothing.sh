#!/bin/sh
# genai-prices 0.2.3 (its bundled price list): four models of one API and the same million audio tokens give three
# meanings of "known". gpt-audio prices them as audio. gpt-4o-audio-preview is sold by audio tokens too, but the list
# has no audio rate for it, so they are priced as text. gpt-transcribe and whisper-1 are paid by the minute, which a
# usage cannot say, and cost exactly 0. None raises, none warns: a cap that counts on it never closes.
# Guess before looking: LookupError or None where a rate is not known.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check genai-prices==0.2.3 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from genai_prices import Usage, calc_price

usage = Usage(input_tokens=1_000_000, input_audio_tokens=1_000_000)
seen = {
    model: float(calc_price(usage, model_ref=model, provider_id="openai").input_price)
    for model in ("gpt-audio", "gpt-4o-audio-preview", "gpt-transcribe", "whisper-1")
}
print(seen)
assert seen == {"gpt-audio": 32.0, "gpt-4o-audio-preview": 2.5, "gpt-transcribe": 0.0, "whisper-1": 0.0}
PY
