"""Speech that is written down part by part: nothing lost, nothing twice, and little left when it ends."""

import asyncio
import random
from dataclasses import replace

import numpy as np
import pytest

from bot.audio import HEAR_RATE
from bot.call.growing_speech import MAX_UNSETTLED_SECONDS, GrowingSpeech
from bot.call.heard_parts import HeardParts
from bot.errors import RateLimited
from bot.types import Heard, Utterance
from tests.fake_call import fake_call
from tests.fakes import ANNA, BEN

BLOCK = HEAR_RATE // 20
"""Samples of one word: 50 ms."""


def speech(words: int, voiced: float | None = None, first: int = 1) -> Utterance:
    """Return an utterance whose every 50 ms are a word: its number, as loudness."""
    pcm = np.repeat(np.arange(first, first + words), BLOCK).astype("<i2").tobytes()
    return Utterance(1, ANNA, 0.0, pcm, words / 20 if voiced is None else voiced, "silence")


def words_of(utterance: Utterance) -> str:
    return " ".join(map(str, np.frombuffer(utterance.pcm, "<i2")[::BLOCK]))


def all_words(count: int) -> str:
    return " ".join(map(str, range(1, count + 1)))


@pytest.mark.parametrize("seed", range(200))
async def test_every_word_comes_once_whatever_is_asked_for_when(seed: int) -> None:
    rng = random.Random(seed)
    parts, running = HeardParts(), list[asyncio.Task[Heard]]()

    async def transcribe(one: Utterance) -> Heard:
        await asyncio.sleep(0.0 if rng.random() < 0.5 else 0.001)
        return Heard(1, ANNA, words_of(one), 0.0)

    length = 0
    for _ in range(rng.randint(1, 12)):
        length += rng.randint(1, 120)
        so_far = speech(length)
        if rng.random() < 0.3:  # captions ask beside it
            shown = parts.of(so_far)
            if part := shown.next_part(so_far, breath=rng.random() < 0.5):
                shown.written(part, words_of(part.utterance))
        if rng.random() < 0.5:
            parts.breath(so_far, transcribe)
        pausing = asyncio.create_task(parts.pause(so_far, transcribe))
        running.append(pausing)
        if rng.random() < 0.5:
            assert (await pausing).text == all_words(length)
        else:
            await asyncio.sleep(0)
            pausing.cancel()  # speech resumes
    length += rng.randint(0, 30)
    ended = speech(length)
    assert (await parts.end(ended, parts.close(ended), transcribe)).text == all_words(length)
    parts.forget()
    await asyncio.gather(*running, return_exceptions=True)
    await asyncio.sleep(0)


async def test_little_is_left_at_the_end_and_nothing_where_a_pause_was_the_end() -> None:
    parts, asked = HeardParts(), list[int]()

    async def transcribe(one: Utterance) -> Heard:
        asked.append(len(one.pcm) // 2 // BLOCK)
        return Heard(1, ANNA, words_of(one), 0.0)

    for length in (60, 130, 200):
        await parts.pause(speech(length), transcribe)
    speech_so_far = parts.of(speech(200))
    for ended in (speech(200), speech(215), speech(203)):  # its pause; a rest; a rest too short to be understood alone
        assert (await parts.end(ended, speech_so_far, transcribe)).text == words_of(ended)
    assert asked == [60, 70, 70, 15, 73]


async def test_sound_that_is_not_what_was_settled_is_written_down_whole() -> None:
    parts, asked = HeardParts(), list[str]()

    async def transcribe(one: Utterance) -> Heard:
        asked.append(words_of(one))
        return Heard(1, ANNA, "other", 0.0)

    await parts.pause(speech(60), transcribe)
    other = speech(100, first=7)
    heard = await parts.end(other, parts.close(other), transcribe)
    assert (asked[-1], heard.text) == (words_of(other), "other")


def test_without_a_breath_it_is_cut_where_it_is_quietest() -> None:
    pcm = np.full(round(MAX_UNSETTLED_SECONDS * HEAR_RATE), 900, "<i2")
    pcm[-HEAR_RATE : -HEAR_RATE + 2 * BLOCK] = 3
    growing = GrowingSpeech()
    whole = replace(speech(1), pcm=pcm.tobytes(), voiced=MAX_UNSETTLED_SECONDS)
    part = growing.part(whole, breath=False)
    assert part.settles
    assert abs(part.end // 2 - (len(pcm) - HEAR_RATE)) <= 2 * BLOCK
    growing.written(part, "first")
    assert growing.rest(whole)[1] is not None


@pytest.mark.looptime
async def test_in_a_call_a_long_speech_is_heard_about_once() -> None:
    async with fake_call(ANNA, BEN, answering="name", preemptive=True) as fake:
        fake.transcriber.streams = True
        await fake.says(ANNA, *(4.0, -0.4) * 6, 3.0, then=4.0)
        [said] = [message.text for message in fake.call.record.messages if message.role == "user"]
        sent = fake.transcriber.sent
        assert said == " ".join(["hello there"] * len(sent))
        assert sum(sent) < 1.2 * 29.4
        assert max(sent) < 6.0


@pytest.mark.looptime
async def test_in_a_call_who_takes_no_breath_is_heard_about_once() -> None:
    async with fake_call(ANNA, BEN, answering="name", preemptive=True) as fake:
        fake.transcriber.streams = True
        await fake.says(ANNA, 25.0, then=4.0)
        [said] = [message.text for message in fake.call.record.messages if message.role == "user"]
        sent = fake.transcriber.sent
        assert said == " ".join(["hello there"] * len(sent))
        assert sum(sent) < 1.1 * 25.0
        assert max(sent) < MAX_UNSETTLED_SECONDS + 1.5


@pytest.mark.looptime
async def test_a_transcriber_in_trouble_is_not_asked_again_each_second() -> None:
    async with fake_call(ANNA, BEN, answering="name", preemptive=True) as fake:
        fake.transcriber.streams = True
        fake.transcriber.words.extend(RateLimited() for _ in range(40))
        fake.link.speak(ANNA, 28.0)
        await asyncio.sleep(27.0)
        assert 2 <= len(fake.transcriber.sent) <= 4


@pytest.mark.parametrize("breath", [False, True])
def test_after_a_refusal_a_part_waits_for_more_than_usual(breath: bool) -> None:
    growing = GrowingSpeech()
    assert growing.next_part(speech(60), breath=breath)
    growing.refused()
    assert not growing.next_part(speech(115), breath=breath)
    part = growing.next_part(speech(125), breath=breath)
    assert part
    assert (part.start, len(part.utterance.pcm)) == (0, len(speech(125).pcm)), "nothing of it is left out"
    growing.written(part, "words")
    assert growing.next_part(speech(136), breath=breath), "all is well again"


@pytest.mark.looptime
@pytest.mark.parametrize("request_runs", [False, True])
async def test_the_words_so_far_of_who_is_forgotten_are_forgotten(request_runs: bool) -> None:
    async with fake_call(ANNA, BEN, answering="name", preemptive=True) as fake:
        fake.transcriber.streams = True
        fake.transcriber.delay = 60.0 if request_runs else 0.1
        parts = fake.call._responder.transcripts.dictation.parts
        fake.link.speak(ANNA, 4.0, -0.4, 4.0)
        await asyncio.sleep(5.0)
        assert parts._open[ANNA][1].text == ("" if request_runs else "hello there")
        await fake.erasure.forget_person(ANNA)
        assert not parts._open and not any(parts._asked.values())
