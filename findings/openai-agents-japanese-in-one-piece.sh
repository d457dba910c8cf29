#!/bin/sh
# openai-agents 0.24.0 (Python), the splitter that hands an answer to the voice sentence by sentence as it is written, which a
# voice pipeline has by default (get_sentence_based_splitter): it knows ". ! ?" with a blank behind. Sentences of Japanese and
# Chinese end with 。 and no blank, those of Hindi with ।, so that none of theirs is ever ready: nothing is said
# until the whole answer is written. The same answer in English is said from its first sentence on.
# Guess before looking: each script has its own full stop; 「。」 ends a sentence.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check openai-agents[voice]==0.24.0 2>/dev/null ||
    { echo "not installed" >&2; exit 2; }
"$dir/venv/bin/python" - <<'PY'
from agents.voice import get_sentence_based_splitter

ANSWERS = {
    "English": ["It will be sunny in the morning. ", "It rains from three on. ", "Take an umbrella with you. "],
    "Japanese": ["明日の東京は午前中は晴れますが、午後は曇ります。", "三時ごろから雨が降り始めるでしょう。", "傘をお持ちください。"],
    "Chinese": ["明天上午东京天气晴朗，下午将转为多云天气。", "大约从三点开始会下雨，请您多加注意。", "出门时请带上雨伞。"],
    "Hindi": ["कल सुबह मौसम साफ रहेगा और धूप निकलेगी।", " दोपहर तीन बजे से बारिश होगी।", " छाता साथ ले जाइए।"],
}
split, seen = get_sentence_based_splitter(), {}
for language, sentences in ANSWERS.items():
    waiting, said = "", []
    for letter in "".join(sentences):
        ready, waiting = split(waiting + letter)
        said += [ready] if ready else []
    seen[language] = len(said)
    print(f"{language}: of {len(sentences)} sentences {len(said)} are said before the answer ends")
assert seen["Japanese"] == seen["Chinese"] == seen["Hindi"] == 0 and seen["English"] >= 2
PY
