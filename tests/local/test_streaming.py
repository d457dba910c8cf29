"""Recognition that streams: how much of the work is done before somebody stops speaking, and whether the words suffer.

LOCAL_MODELS_DIR=… ./dev --extra local --extra local-ja pytest -n 0 -s -m "long or not long" tests/local -k streaming
"""

from pathlib import Path
from time import process_time

import pytest

from bot.audio import HEAR_RATE, seconds
from bot.call.growing_speech import MAX_UNSETTLED_SECONDS, GrowingSpeech, joined
from bot.engine.local.recogniser import MoonshineRecogniser
from bot.types import Utterance
from sandbox import clips
from tests.engine.make import AKI
from tests.local.weights import RECOGNISER
from tests.local.word_errors import errors, words_of

BREATH = bytes(2 * HEAR_RATE * 2 // 5)


def talk(*ids: str) -> tuple[list[bytes], list[str]]:
    """Return what somebody says between breaths, as sound and as words."""
    chosen = [clip for id in ids for clip in clips.speech() if clip.id == id]
    return [clips.load(clip.id, HEAR_RATE) + BREATH for clip in chosen], words_of(" ".join(c.sentence for c in chosen))


def seconds_of(pcm: bytes) -> list[bytes]:
    """Return a sound second by second, as a call looks at it."""
    return [pcm[at : at + 2 * HEAR_RATE] for at in range(0, len(pcm), 2 * HEAR_RATE)]


def in_parts(
    recogniser: MoonshineRecogniser, sounds: list[bytes], *, breaths: bool
) -> tuple[str, float, float, list[float]]:
    """Return the words, the seconds of CPU while somebody speaks and after they stopped, and those of each part.

    Each sound of `sounds` ends in a breath, if there are `breaths`.
    """
    speech, pcm, voiced = GrowingSpeech(), b"", 0.0
    lengths: list[float] = []
    began = process_time()
    for number, sound in enumerate(sounds):
        pcm, voiced = pcm + sound, voiced + seconds(sound, HEAR_RATE) - 0.4 * breaths
        utterance = Utterance(1, AKI, 0.0, pcm, voiced, "silence")
        if number < len(sounds) - 1 and (breaths or speech.overdue(utterance)):
            asked = speech.part(utterance, breath=breaths)
            speech.written(asked, recogniser.words(asked.utterance.pcm, ()))
            lengths.append(seconds(asked.utterance.pcm, HEAR_RATE))
    ended = process_time()
    before, rest = speech.rest(Utterance(1, AKI, 0.0, pcm, voiced, "silence"))
    text = joined(before, recogniser.words(rest.pcm, ()) if rest else "")
    lengths.append(seconds(rest.pcm, HEAR_RATE) if rest else 0.0)
    return text, ended - began, process_time() - ended, lengths


@pytest.mark.parametrize("breaths", [True, False], ids=["breaths", "no breath"])
@pytest.mark.parametrize(
    "ids",
    [
        ("ben-moon", "ben-train", "ben-pause", "ben-story"),
        pytest.param(("anna-cook", "anna-quickest", "anna-boss", "anna-wait"), marks=pytest.mark.long),
        pytest.param(("bot-rice", "bot-moon", "bot-heard"), marks=pytest.mark.long),
    ],
)
def test_only_the_rest_is_left_at_the_end_and_the_words_are_as_good(
    models: Path, ids: tuple[str, ...], breaths: bool
) -> None:
    recogniser = MoonshineRecogniser(models / RECOGNISER)
    parts, said = talk(*ids)
    recogniser.words(parts[0], ())  # the first is slower
    if not breaths:
        parts = seconds_of(b"".join(part.removesuffix(BREATH) for part in parts))
    began = process_time()
    whole = recogniser.words(b"".join(parts), ())
    took = process_time() - began
    text, during, after, lengths = in_parts(recogniser, parts, breaths=breaths)
    wrong = [errors(said, words_of(one)) for one in (whole, text)]
    length = seconds(b"".join(parts), HEAR_RATE)
    print(
        f"\n{length:.1f} s of speech, seconds of CPU: whole {took:.2f} after its end; in parts {during:.2f} while it "
        f"lasts, {after:.2f} after its end; wrong words of {len(said)}: whole {wrong[0]}, in parts {wrong[1]}"
    )
    assert lengths[-1] < (length / 2 if breaths else MAX_UNSETTLED_SECONDS + 1.0)
    assert sum(lengths) < 1.3 * length, "hardly anything is heard twice"
    assert wrong[1] <= wrong[0] + 4
