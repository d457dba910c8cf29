"""Captions of a whole call in virtual time: soon, under the right name, final, forgotten."""

import asyncio
import random
from dataclasses import replace

import pytest

from bot.call.access import Access
from bot.call.extras import Extras
from bot.call.growing_speech import GrowingSpeech, joined
from bot.chat.captions.pages import MAX_PAGE_CHARACTERS, MAX_PAGE_LINES, CaptionPages
from bot.errors import RateLimited
from bot.types import Caption, Made, Utterance
from tests.fake_call import FakeCall, fake_call
from tests.fakes import ANNA, BEN, now


class Reader:
    """Keeps what it is shown."""

    def __init__(self, language: str | None = None) -> None:
        self.language = language
        self.shown: list[tuple[float, Caption]] = []
        self.pages = CaptionPages()
        self.ended = False

    def show(self, caption: Caption) -> None:
        self.shown.append((now(), caption))
        self.pages.show(caption)

    def has(self, utterance_id: int) -> bool:
        return self.pages.has(utterance_id)

    def drop(self, utterance_id: int) -> None:
        self.pages.drop(utterance_id)

    def withdraw(self, user_id: int) -> None:
        for page in self.pages.pages:
            page.withdraw(user_id, page.text)

    def forget(self, user_id: int) -> None:
        self.pages.forget(user_id)

    async def end(self) -> None:
        self.ended = True

    @property
    def lines(self) -> list[str]:
        return [line for page in self.pages.pages for line in page.text.splitlines()]


class Translator:
    """Translates in a second."""

    model = writing_model = "gpt-audio-1.5"

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def write(self, instructions: str, text: str, *_: object, **__: object) -> Made:
        self.texts.append(text)
        await asyncio.sleep(1.0)
        return Made("translated put right" if "right" in text else "translated", b"")


def reading(fake: FakeCall, language: str | None = None) -> Reader:
    reader = Reader(language)
    assert fake.call.captions.open(reader)
    return reader


@pytest.mark.looptime
async def test_words_appear_while_they_are_said_and_settle() -> None:
    async with fake_call(ANNA, BEN, answering="listen") as fake:
        first, second = reading(fake), reading(fake)
        began = now()
        await fake.says(ANNA, 9.0, then=3.0)
        at, caption = first.shown[0]
        assert at - began <= 2.0 + fake.transcriber.delay
        assert not caption.final
        assert first.lines == ["**Anna** hello there"]
        assert max(b - a for (a, _), (b, _) in zip(first.shown, first.shown[1:], strict=False)) <= 2.0
        assert [caption for _, caption in second.shown] == [caption for _, caption in first.shown]
        end = next(at for at, caption in first.shown if caption.final)
        assert end - (began + 9.0) <= 1.5 + fake.transcriber.delay
        assert fake.call.captions.cost > 0
        await fake.call.captions.close(first)
        await fake.call.captions.close(second)
        assert first.ended
        assert not fake.call.captions.on


@pytest.mark.looptime
async def test_a_transcriber_in_trouble_is_not_asked_at_each_preview() -> None:
    async with fake_call(ANNA, BEN, answering="listen") as fake:
        reading(fake)
        fake.transcriber.words.extend(RateLimited() for _ in range(40))
        fake.link.speak(ANNA, 28.0)
        await asyncio.sleep(27.0)
        assert 4 <= len(fake.transcriber.sent) <= 10


@pytest.mark.looptime
async def test_a_transcriber_that_streams_is_never_sent_the_whole_again_by_captions_or_transcript() -> None:
    async with fake_call(ANNA, BEN, answering="name", preemptive=True) as fake:
        fake.transcriber.streams = True
        reader = reading(fake)
        await fake.says(ANNA, *(2.5, -0.3) * 8, 2.5, then=3.0)
        [said] = [message.text for message in fake.call.record.messages if message.role == "user"]
        assert reader.lines == [f"**Anna** {said}"]
        assert len(reader.shown) >= 8
        settled = len(said.split()) // 2
        assert settled >= 8
        assert max(fake.transcriber.sent) < 5.0


@pytest.mark.looptime
async def test_nobody_gets_anothers_line_and_all_of_them_are_there() -> None:
    rng = random.Random(22)
    async with fake_call(ANNA, BEN, answering="listen") as fake:
        fake.transcriber.by_person = {ANNA: "words of one", BEN: "words of two"}
        reader = reading(fake)
        names = {ANNA: "Anna", BEN: "Ben"}
        for _ in range(10):
            for person in (ANNA, BEN):
                fake.link.speak(person, -rng.uniform(0.0, 2.0), rng.uniform(0.6, 5.0), -1.5)
            await asyncio.sleep(9.0)
        await asyncio.sleep(5.0)
        assert all(caption.name == names[caption.user_id] for _, caption in reader.shown)
        said = {ANNA: "words of one", BEN: "words of two"}
        assert all(said[caption.user_id] in caption.text for _, caption in reader.shown)
        final = {caption.utterance_id for _, caption in reader.shown if caption.final}
        heard = {message.id for message in fake.call.record.messages if message.role == "user"}
        assert len(final) == len(heard) == 20


@pytest.mark.looptime
async def test_a_line_that_is_put_right_is_translated_only_for_those_who_can_see_it() -> None:
    async with fake_call(ANNA, BEN, answering="listen") as fake:
        studio = Translator()
        object.__setattr__(fake.services, "studio", studio)
        reading(fake)
        await fake.says(ANNA, 3.0, then=6.0)
        late = reading(fake, "ja")
        await fake.says(ANNA, 3.0, then=6.0)
        first, second = (message for message in fake.call.record.messages if message.role == "user")
        assert len(late.lines) == 1
        asked = len(studio.texts)
        for line in (first, second):
            fake.call.record.correct(replace(line, text="put right"))
        await asyncio.sleep(6.0)
        assert len(studio.texts) == asked + 1
        assert late.lines == ["**Anna** translated put right ✎"]


@pytest.mark.looptime
async def test_without_money_the_final_words_come_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_call(ANNA, BEN, answering="listen") as fake:
        reader = reading(fake)

        async def nothing(*_: object) -> None:
            return None

        monkeypatch.setattr(Extras, "reserve", nothing)
        await fake.says(ANNA, 5.0, then=3.0)
        assert [caption.final for _, caption in reader.shown] == [True]


@pytest.mark.looptime
async def test_who_is_forgotten_is_in_no_caption() -> None:
    async with fake_call(ANNA, BEN, answering="listen") as fake:
        fake.transcriber.by_person = {ANNA: "a canary"}
        reader = reading(fake)
        await fake.says(ANNA, 3.0, then=3.0)
        fake.link.speak(ANNA, 6.0)
        fake.link.speak(BEN, 6.0)
        await asyncio.sleep(4.0)
        assert any("canary" in line for line in reader.lines)
        await fake.erasure.forget_person(ANNA)
        await asyncio.sleep(6.0)
        assert reader.lines == ["**Ben** hello there"]
        assert "canary" not in repr([speech.text for _, speech in fake.call.captions._open.values()])


@pytest.mark.looptime
async def test_a_line_that_its_speaker_puts_right_changes_where_it_stands() -> None:
    async with fake_call(ANNA, BEN, answering="listen") as fake:
        fake.transcriber.by_person = {ANNA: "a canary"}
        reader = reading(fake)
        await fake.says(ANNA, 3.0, then=3.0)
        late, translated = reading(fake), reading(fake, "ja")
        await fake.says(BEN, 3.0, then=3.0)
        before = next(line for line in fake.call.record.messages if line.text == "a canary")
        after = replace(before, text="a cannery", edited=True)
        await fake.erasure.correct(fake.venue.guild_id, fake.venue.channel_id, before, after)
        await asyncio.sleep(3.0)
        assert reader.lines == ["**Anna** a cannery ✎", "**Ben** hello there"]
        assert late.lines == ["**Ben** hello there"], "they never had the line"
        assert len(translated.lines) == 1


@pytest.mark.looptime
async def test_a_channel_that_is_cleared_leaves_no_line_without_an_end() -> None:
    async with fake_call(ANNA, BEN, answering="listen") as fake:
        fake.transcriber.delay, fake.transcriber.by_person = 1.0, {ANNA: "a canary"}
        reader = reading(fake)
        fake.link.speak(ANNA, 3.0)
        fake.link.speak(BEN, 8.0)
        await asyncio.sleep(4.0)
        assert reader.lines == ["**Anna** a canary …", "**Ben** hello there …"]
        await fake.erasure.clear_channel(fake.venue.channel_id)
        assert reader.lines == []
        await asyncio.sleep(8.0)
        assert reader.lines == ["**Ben** hello there"], "who spoke on is written as a whole"


@pytest.mark.looptime
@pytest.mark.parametrize("after", [3.7, 4.7])
@pytest.mark.parametrize("delay", [0.3, 2.0])
async def test_who_withdraws_or_loses_the_right_is_in_no_line_and_who_leaves_has_theirs_settled(
    after: float, delay: float
) -> None:
    """In mid-sentence, and while the final words are awaited."""
    async with fake_call(ANNA, BEN, answering="listen") as fake:
        fake.transcriber.delay = delay
        reader = reading(fake)
        for number, what in enumerate(("withdraws", "is barred", "leaves"), 1):
            fake.link.speak(ANNA, 4.0)
            fake.link.speak(BEN, 4.0)
            await asyncio.sleep(after)
            assert any("Anna" in line for line in reader.lines)
            match what:
                case "withdraws":
                    await fake.calls.consent(fake.venue.guild_id, ANNA, False)
                case "is barred":
                    fake.settings = replace(fake.settings, access=Access().changed("answer", str(BEN), listed=True))
                    fake.call.people_changed()
                case _:
                    fake.venue.here.discard(ANNA)
                    fake.call.people_changed()
            if what != "leaves":
                assert not any("Anna" in line for line in reader.lines)
            await asyncio.sleep(9.0)
            assert not fake.call.captions._open
            assert sorted(reader.lines) == (what == "leaves") * ["**Anna** hello there"] + number * [
                "**Ben** hello there"
            ]
            fake.settings = replace(fake.settings, access=Access())
            await fake.calls.consent(fake.venue.guild_id, ANNA, True)


@pytest.mark.looptime
async def test_who_withdraws_is_not_translated_any_more() -> None:
    async with fake_call(ANNA, BEN, answering="listen") as fake:
        studio = Translator()
        object.__setattr__(fake.services, "studio", studio)
        reader = reading(fake, "ja")
        await fake.says(ANNA, 1.0, then=fake.transcriber.delay + 0.9)
        assert any("hello" in text for text in studio.texts), "its translation is on its way"
        await fake.calls.consent(fake.venue.guild_id, ANNA, False)
        await asyncio.sleep(5.0)
        assert reader.lines == []


def test_a_monologue_is_settled_at_breaths_and_never_sent_whole_again() -> None:
    speech, second = GrowingSpeech(), 32_000
    sent = 0
    for length in range(1, 31):
        utterance = Utterance(1, ANNA, 0.0, bytes(length * second), float(length), "silence")
        part = speech.next_part(utterance, breath=length % 3 == 0)
        assert part is not None
        assert len(part.utterance.pcm) <= 3 * second
        sent += len(part.utterance.pcm)
        speech.written(part, f"w{length}")
    assert speech.text.split() == [f"w{length}" for length in range(3, 31, 3)]
    assert sent == 60 * second
    assert joined("今日は", "晴れです") == "今日は晴れです"


def test_pages_stay_within_discords_limit_and_lose_nothing() -> None:
    rng = random.Random(7)
    pages, wanted = CaptionPages(), []
    written: dict[int, str] = {}
    for number in range(150):
        text = f"line {number} " + "**w** " * rng.randint(0, 60)
        pages.show(Caption(number, ANNA, "Anna", text[:40], final=False))
        if number >= 4:  # five speak at once
            pages.show(Caption(number - 4, ANNA, "Anna", f"line {number - 4} done", final=True))
            wanted.append(number - 4)
        for page in list(pages.pages):
            assert len(page.lines) <= MAX_PAGE_LINES
            assert len(page.text) <= MAX_PAGE_CHARACTERS
            written |= {key: caption.text for key, caption in page.lines.items() if caption.final}
            if page.settled:
                pages.done(page)
    assert sorted(written) == wanted
    assert all(text == f"line {number} done" for number, text in written.items())
    assert not pages.dropped
    assert len(pages.pages) <= 3
