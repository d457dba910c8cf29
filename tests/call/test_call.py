"""A call in virtual time: minutes of idleness, exact moments, failures of everything around it."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.audio import SPEAK_RATE
from bot.call.reply_stream import MAX_ANSWER_SECONDS
from bot.errors import AlreadyInCall, JoinError, OutOfCredit, StoreUnavailable, Unreachable
from bot.types import AudioDelta, CallState, LinkEnd, ReplyDone, ReplyEvent, TextDelta, Usage, WordsWait
from tests.fake_call import fake_call
from tests.fakes import ANNA, BEN, FakeVenue, now

pytestmark = pytest.mark.looptime


async def test_a_turn_goes_through_the_states() -> None:
    async with fake_call() as fake:
        await fake.says(ANNA, 1.0, then=5.0)
        assert fake.venue.audience.lines == [
            "Anna: hello there",
            "Kikite: one two three four five six seven eight nine ten",
        ]
        assert fake.venue.audience.states == [
            CallState.LISTENING,
            CallState.THINKING,
            CallState.SPEAKING,
            CallState.LISTENING,
        ]
        [playback] = fake.link.playbacks
        assert playback.over.result().interrupted is False


@pytest.mark.parametrize(("first", "cues"), [(0.4, 0), (0.8, 1), (2.0, 1)])  # the turn ends 0.5 s after the speech
async def test_the_earcon_comes_once_when_the_answer_takes_long(first: float, cues: int) -> None:
    async with fake_call() as fake:
        fake.engine.script.append((first, 1.0))
        await fake.says(ANNA, 1.0, then=6.0)
        [playback] = fake.link.playbacks
        assert playback.cues == cues
        assert playback.over.result().played == pytest.approx(1.0)


async def endless() -> AsyncGenerator[ReplyEvent, None]:
    for _ in range(14):
        yield AudioDelta(b"\x01\x00" * 10 * SPEAK_RATE)
    yield ReplyDone(Usage())


async def test_an_answer_beyond_all_bounds_is_cut_there_and_counted() -> None:
    async with fake_call() as fake:
        fake.engine.script.append(endless())
        await fake.says(ANNA, 1.0, then=130.0)
        [playback] = fake.link.playbacks
        assert playback.over.result().played == pytest.approx(MAX_ANSWER_SECONDS)
        assert fake.call.counts["answer_too_long"] == 1


async def test_the_words_it_answers_stand_above_its_own() -> None:
    async with fake_call(preemptive=True, endpointing_delay=None) as fake:
        fake.transcriber.delay = 2.0
        await fake.says(ANNA, 1.0, then=8.0)
        assert [line.split(":")[0] for line in fake.venue.audience.written] == ["Anna", "Kikite"]


async def test_the_words_it_answers_stand_above_what_it_writes() -> None:
    async with fake_call(cue=False) as fake:
        fake.venue.speechless = True
        fake.transcriber.delay = 2.0
        fake.engine.script.append(in_writing())
        await fake.says(ANNA, 1.0, then=8.0)
        assert fake.venue.audience.lines == ["Anna: hello there", "Kikite: one two"]


async def in_writing() -> AsyncGenerator[ReplyEvent, None]:
    yield TextDelta("one two")
    yield ReplyDone(Usage())


async def test_people_are_told_after_six_seconds_and_still_get_their_answer() -> None:
    async with fake_call(cue=False) as fake:
        fake.engine.script.append((9.0, 1.0))
        await fake.says(ANNA, 1.0)
        silent_since = now()
        await asyncio.sleep(12)
        [(at, code)] = fake.venue.audience.troubles
        assert code == "unreachable"
        assert 6.0 <= at - silent_since <= 7.5
        assert len(fake.venue.audience.spoken) == 1


async def written_slowly() -> AsyncGenerator[ReplyEvent, None]:
    await asyncio.sleep(1.0)
    yield WordsWait()
    await asyncio.sleep(11.0)
    yield TextDelta("one two three four")
    yield ReplyDone(Usage(text_out=4))


async def test_an_answer_that_is_being_written_is_not_called_trouble() -> None:
    """As a model of one's own without a voice: its words come together, at the end."""
    async with fake_call(cue=False) as fake:
        fake.engine.script.append(written_slowly())
        await fake.says(ANNA, 1.0, then=15.0)
        assert [code for _, code in fake.venue.audience.troubles] == ["slow_answer"]
        assert fake.venue.audience.lines[-1] == "Kikite: one two three four"
        assert fake.outcomes == ["answered"]


async def test_a_failed_turn_leaves_a_sign_and_the_next_works() -> None:
    async with fake_call() as fake:
        fake.engine.script += [OutOfCredit(), ValueError("a bug in the engine")]
        for _ in range(3):
            await fake.says(ANNA, 1.0, then=4.0)
        assert [code for _, code in fake.venue.audience.troubles] == ["out_of_credit", "internal"]
        assert len(fake.venue.audience.spoken) == 1
        outcomes = [verdict.outcome for verdict in fake.calls.all()[0].verdicts.latest]
        assert outcomes == ["model_error", "model_error", "answered"]


async def broken_off(length: float) -> AsyncGenerator[ReplyEvent, None]:
    yield TextDelta("one two three four")
    yield AudioDelta(b"\x01\x00" * round(length * SPEAK_RATE))
    raise Unreachable


async def test_what_broke_off_is_told_at_once_though_what_came_sounds_on() -> None:
    async with fake_call() as fake:
        fake.engine.script.append(broken_off(20.0))
        await fake.says(ANNA, 1.0)
        silent_since = now()
        await asyncio.sleep(25.0)
        [(at, code)] = fake.venue.audience.troubles
        assert (code, at - silent_since < 2.0) == ("unreachable", True)
        [spoken] = fake.venue.audience.spoken
        assert (spoken.text, spoken.seconds, spoken.interrupted) == ("one two three four", 20.0, True)


async def test_speaking_over_the_answer_cuts_it_and_its_audio_is_never_referred_to() -> None:
    async with fake_call() as fake:
        fake.engine.script += [(0.2, 10.0), (0.2, 1.0)]
        await fake.says(ANNA, 1.0, then=3.0)
        await fake.says(ANNA, 1.5, then=4.0)
        first, second = fake.venue.audience.spoken
        assert first.interrupted
        assert "ten" not in first.text
        assert "one two" in first.text
        assert not second.interrupted
        [answer] = [m for m in fake.engine.requests[1].history if m.role == "assistant"]
        assert (answer.audio_id, answer.interrupted, answer.text) == (None, True, first.text)


async def test_a_cough_ducks_and_the_answer_goes_on() -> None:
    async with fake_call() as fake:
        fake.engine.script.append((0.2, 6.0))
        await fake.says(ANNA, 1.0, then=2.0)
        [playback] = fake.link.playbacks
        await fake.says(ANNA, 0.3)
        assert playback.ducked
        await asyncio.sleep(6.0)
        assert not playback.ducked
        assert playback.over.result().played == pytest.approx(6.0)
        assert len(fake.engine.requests) == 1


async def test_stop_ends_the_answer_and_is_not_answered() -> None:
    async with fake_call() as fake:
        fake.engine.script.append((0.2, 10.0))
        await fake.says(ANNA, 1.0, then=3.0)
        fake.transcriber.words.append("Stop!")
        await fake.says(ANNA, 0.45, then=5.0)
        assert len(fake.venue.audience.spoken) == 1
        assert fake.venue.audience.spoken[0].interrupted
        assert len(fake.link.playbacks) == 1
        assert fake.calls.all()[0].state is CallState.LISTENING


async def test_with_several_people_the_name_decides_and_all_is_remembered() -> None:
    async with fake_call(ANNA, BEN) as fake:
        fake.transcriber.words += ["nice weather", "Kikite, what did Ben say?"]
        await fake.says(BEN, 1.0, then=2.0)
        assert not fake.engine.requests
        await fake.says(ANNA, 1.0, then=4.0)
        [request] = fake.engine.requests
        assert [(m.speaker, m.text) for m in request.history] == [("Ben", "nice weather")]
        assert [u.user_id for u in request.turn.utterances] == [ANNA]


@pytest.mark.parametrize(("words", "code"), [(OutOfCredit(), "out_of_credit"), (None, "unreachable")])
async def test_where_the_words_decide_and_do_not_come_people_are_told(words: OutOfCredit | None, code: str) -> None:
    async with fake_call(ANNA, BEN) as fake:
        if words:
            fake.transcriber.words.append(words)
        else:
            fake.transcriber.delay = 60.0
        await fake.says(ANNA, 1.0)
        silent_since = now()
        await asyncio.sleep(10)
        [(at, told)] = fake.venue.audience.troubles
        assert told == code
        assert at - silent_since <= (3 if words else 8)
        assert not fake.engine.requests


async def test_a_question_in_writing_waits_until_nobody_speaks() -> None:
    async with fake_call() as fake:
        call = fake.calls.all()[0]
        fake.link.speak(ANNA, 2.0)
        await asyncio.sleep(1.0)
        call.ask(BEN, "how late is it?")
        await asyncio.sleep(0.5)
        assert not fake.link.playbacks
        await asyncio.sleep(6.0)
        asked = [typed.text for request in fake.engine.requests for typed in request.turn.typed]
        assert "how late is it?" in asked
        assert fake.venue.audience.spoken


async def test_who_has_not_agreed_is_not_decoded_and_holds_the_floor() -> None:
    async with fake_call(ANNA, BEN, consent="opt-in", answering="always") as fake:
        assert fake.link.admitted == {ANNA}
        fake.link.speak(BEN, 4.0)
        await fake.says(ANNA, 1.0, then=2.0)
        assert not fake.link.playbacks
        await asyncio.sleep(4.0)
        [request] = fake.engine.requests
        assert {u.user_id for u in request.turn.utterances} == {ANNA}
        assert "no_consent" in [verdict.outcome for verdict in fake.calls.all()[0].verdicts.latest]
        await fake.calls.consent(5, BEN, True)
        assert fake.link.admitted == {ANNA, BEN}
        await fake.calls.consent(5, ANNA, False)
        assert fake.link.admitted == {BEN}


async def test_it_leaves_a_minute_after_the_last_human() -> None:
    async with fake_call() as fake:
        fake.venue.here.clear()
        await asyncio.sleep(40)
        assert fake.venue.audience.notices == ["leaving_empty"]
        fake.venue.here.add(ANNA)
        await asyncio.sleep(40)
        fake.venue.here.clear()
        await asyncio.sleep(55)
        assert fake.live
        await asyncio.sleep(10)
        assert not fake.live
        assert fake.link.closed
        assert fake.store.on == {}
        assert fake.venue.audience.notices == ["leaving_empty", "leaving_empty", "left_empty"]


async def test_it_leaves_when_nobody_has_said_a_word_for_long() -> None:
    async with fake_call() as fake:
        await asyncio.sleep(60)
        await fake.says(ANNA, 1.0)
        await asyncio.sleep(830)
        assert fake.venue.audience.notices == []
        await asyncio.sleep(50)
        assert fake.live
        assert fake.venue.audience.notices == ["leaving_idle"]
        await asyncio.sleep(100)
        assert not fake.live
        assert fake.venue.audience.notices == ["leaving_idle", "left_idle"]


async def test_it_comes_back_over_a_new_link_with_what_was_said() -> None:
    async with fake_call() as fake:
        await fake.says(ANNA, 1.0, then=5.0)
        fake.venue.refuse += [JoinError(), JoinError()]
        fake.link.end.set_result(LinkEnd.LOST)
        await asyncio.sleep(6.0)
        assert len(fake.venue.links) == 2
        await fake.says(ANNA, 1.0, then=5.0)
        assert len(fake.venue.audience.spoken) == 2
        assert len(fake.engine.requests[1].history) == 2


@pytest.mark.parametrize(("end", "links"), [(LinkEnd.KICKED, 1), (LinkEnd.REFUSED, 1)])
async def test_it_does_not_come_back_uncalled(end: LinkEnd, links: int) -> None:
    async with fake_call() as fake:
        fake.link.end.set_result(end)
        await asyncio.sleep(60)
        assert not fake.live
        assert len(fake.venue.links) == links
        assert fake.store.on == {}
        here = fake.venue.guild_id, fake.venue.channel_id
        assert fake.calls.auto_join_blocks.allowed(*here) is (end is not LinkEnd.KICKED)
        await fake.calls.join(fake.venue, ANNA)
        assert fake.calls.auto_join_blocks.allowed(*here)


async def test_whoever_deletes_a_channel_has_not_put_it_out() -> None:
    async with fake_call() as fake:
        fake.venue.standing = False
        fake.link.end.set_result(LinkEnd.KICKED)
        await asyncio.sleep(1)
        assert not fake.live
        assert fake.calls.auto_join_blocks.allowed(fake.venue.guild_id, fake.venue.channel_id)


async def test_it_says_so_when_it_could_not_come_back() -> None:
    async with fake_call() as fake:
        fake.venue.refuse.extend(JoinError() for _ in range(20))
        fake.link.end.set_result(LinkEnd.LOST)
        await asyncio.sleep(120)
        assert not fake.live
        assert [code for _, code in fake.venue.audience.troubles] == ["link_lost"]


async def test_without_a_store_the_call_goes_on_and_people_are_told_once() -> None:
    async with fake_call() as fake:
        fake.store.error = StoreUnavailable("gone")
        for _ in range(3):
            await fake.says(ANNA, 1.0, then=5.0)
        assert len(fake.venue.audience.spoken) == 3
        assert [code for _, code in fake.venue.audience.troubles] == ["store_unavailable"]
        fake.store.error = None
        await asyncio.sleep(60)
        texts = [getattr(kept, "text", None) for kept in fake.store.kept]
        assert texts.count("hello there") == 3
        assert fake.venue.audience.notices == ["memory_back"]


async def test_another_channel_with_people_in_the_call_is_not_left() -> None:
    async with fake_call() as fake:
        with pytest.raises(AlreadyInCall):
            await fake.calls.join(FakeVenue(BEN, channel_id=8), BEN)
        fake.venue.here.clear()
        there = await fake.calls.join(FakeVenue(BEN, channel_id=8), BEN)
        assert there.venue.channel_id == 8
        assert fake.link.closed


async def test_moved_it_goes_on_in_the_other_channel_with_that_history() -> None:
    async with fake_call() as fake:
        await fake.says(ANNA, 1.0, then=5.0)
        other = FakeVenue(ANNA, channel_id=8)
        await fake.calls.moved(5, other)
        assert fake.calls.get(5) is fake.call, "it was moved back before the call could follow"
        fake.link.channel_id = 8
        await fake.calls.moved(5, other)
        assert not fake.link.closed
        await fake.says(ANNA, 1.0, then=5.0)
        assert len(other.audience.spoken) == 1
        assert fake.engine.requests[-1].history == ()
        assert fake.store.on == {5: 8}


async def test_drained_it_ends_its_words_and_the_store_keeps_the_call() -> None:
    async with fake_call() as fake:
        fake.engine.script.append((0.2, 5.0))
        await fake.says(ANNA, 1.0, then=2.0)
        await fake.calls.drain()
        [spoken] = fake.venue.audience.spoken
        assert not spoken.interrupted
        assert not fake.live
        assert fake.store.on == {5: 7}
        assert fake.venue.audience.notices == ["restarting"]


async def test_a_crash_fells_only_its_own_call() -> None:
    async with fake_call() as fake:
        other = FakeVenue(BEN)
        other.guild_id = 6
        await fake.calls.join(other, BEN)
        await asyncio.sleep(0.1)
        fake.link.frames = None  # pyright: ignore[reportAttributeAccessIssue]
        await asyncio.sleep(1.0)
        assert not fake.live
        assert fake.calls.counts["crashed"] == 1
        assert [code for _, code in fake.venue.audience.troubles] == ["call_crashed"]
        assert fake.venue.audience.states[-1] is CallState.LEAVING
        other.links[0].speak(BEN, 1.0)
        await asyncio.sleep(5.0)
        assert len(other.audience.spoken) == 1


async def test_again_says_the_last_answer_and_costs_nothing() -> None:
    async with fake_call() as fake:
        call = fake.calls.all()[0]
        assert not call.replay()
        await fake.says(ANNA, 1.0, then=5.0)
        cost = call.status().cost
        assert call.replay()
        await asyncio.sleep(4.0)
        assert [playback.fed for playback in fake.link.playbacks] == [pytest.approx(2.0)] * 2
        assert call.status().cost == cost
        assert len(fake.venue.audience.spoken) == 1


async def test_a_short_question_does_not_wait_for_its_words() -> None:
    """It may be "stop", so its words are asked for as early as its answer."""
    async with fake_call(preemptive=True, endpointing_delay=None) as fake:
        fake.transcriber.delay = 0.4
        await fake.says(ANNA, 0.6)
        silent_since = now()
        await asyncio.sleep(4.0)
        [playback] = fake.link.playbacks
        assert playback.began is not None
        assert playback.began - silent_since < 0.8
        assert fake.venue.audience.lines[0] == "Anna: hello there"
        assert fake.outcomes == ["answered"]


async def test_speculation_hides_the_silence_and_is_dropped_unheard_when_more_is_said() -> None:
    async with fake_call(preemptive=True, endpointing_delay=None) as fake:
        await fake.says(ANNA, 1.0, then=0.35)
        assert len(fake.engine.requests) == 1  # asked before the hang was over
        await fake.says(ANNA, 1.0, then=6.0)
        assert len(fake.link.playbacks) == 1
        assert len(fake.venue.audience.spoken) == 1
        assert len(fake.engine.requests[-1].turn.utterances[0].pcm) > 60_000
        kinds = [getattr(kept, "kind", None) for kept in fake.store.kept]
        assert kinds.count("speculation") == 1
        assert kinds.count("reply") == 1


async def test_who_leaves_in_mid_sentence_is_answered_by_name() -> None:
    async with fake_call(ANNA, BEN, answering="always") as fake:
        fake.link.speak(BEN, 1.0)
        await asyncio.sleep(1.0)
        fake.venue.here.discard(BEN)
        fake.call.people_changed()
        await asyncio.sleep(4.0)
        [request] = fake.engine.requests
        assert (request.names, request.room.people) == ({BEN: "Ben"}, {ANNA: "Anna"})
        assert fake.venue.audience.lines[0] == "Ben: hello there"


async def test_what_it_says_while_muted_is_not_heard_and_then_it_answers_in_writing() -> None:
    async with fake_call() as fake:
        fake.engine.script.append((0.2, 10.0))
        await fake.says(ANNA, 1.0, then=3.0)
        fake.venue.speechless = True
        fake.call.people_changed()
        await asyncio.sleep(0.1)
        [spoken] = fake.venue.audience.spoken
        assert (spoken.interrupted, spoken.seconds < 3.0, "ten" in spoken.text) == (True, True, False)
        await fake.says(ANNA, 1.0, then=5.0)
        fake.venue.speechless = False
        await fake.says(ANNA, 1.0, then=5.0)
        assert [request.room.text_only for request in fake.engine.requests] == [False, True, False]
