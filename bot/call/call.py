"""One voice channel: the ears hear every 20 ms, the mouth answers, the scribe writes along. Owns the CallState."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count

import structlog

from bot.audio import HEAR_RATE, seconds
from bot.call.accounts import Accounts
from bot.call.display import Display
from bot.call.idle_timer import IdleTimer
from bot.call.listener import Listener
from bot.call.record import Record
from bot.call.responder import Responder
from bot.call.services import Services
from bot.call.settings import CallSettings
from bot.call.shown import Notice, StateChanged
from bot.call.ticks import ticks
from bot.call.transcripts import Transcripts
from bot.call.undecoded_speech import UndecodedSpeech
from bot.call.verdicts import Verdicts
from bot.ports import Venue, VoiceLink
from bot.ports.holder import Holder
from bot.privacy.consent import Consents
from bot.store.outbox import MAX_CALL_ENTRIES, Outbox
from bot.talk.floor import (
    BargeIn,
    Decision,
    Dismiss,
    DropPreemptive,
    Duck,
    Floor,
    FloorSettings,
    Preempt,
    Respond,
    Resume,
    Yield,
)
from bot.talk.speech_events import Discarded, SpeechEvent, SpeechStarted, Spoke
from bot.types import CallState, Heard, LinkEnd, Message, Typed, Utterance, Verdict

log = structlog.get_logger(__name__)

WARM_EVERY = 30.0
"""Seconds after which a connection may have gone cold."""
DRAIN_WITHIN = 18.0
"""Seconds the running words have when the process is asked to end."""


@dataclass(frozen=True, slots=True)
class CallStatus:
    """What /call status and the panel show."""

    state: CallState
    seconds: float
    "since it began"
    turns: int
    "answers given"
    cost: Decimal
    "US dollars so far, as far as prices are known"
    waiting: int
    "utterances and questions that wait"
    people: Mapping[int, str]
    agreed: frozenset[int]


class Call(Holder):
    """The bot in one voice channel. `run` it with a link; after a lost link it runs again with a new one."""

    def __init__(
        self,
        venue: Venue,
        services: Services,
        settings: Callable[[], CallSettings],
        consents: Mapping[int, bool],
        history: Sequence[Message],
    ) -> None:
        """`settings` says how the call is held and is asked each time, so that a change holds at once.

        `consents`: who agreed (True) or withdrew (False); `history`: the channel's lines, oldest first.
        """
        self.venue = venue
        self.counts: Counter[str] = Counter()
        "ticks_late, ticks_skipped, shown_dropped, kept_dropped, store_failures, history_trimmed, unconsented_released"
        self.why = Verdicts(services.tally)
        self.display = Display(venue.audience, self.counts)
        self.outbox = Outbox(
            services.store, MAX_CALL_ENTRIES, self.counts, self.display.memory_failed, self.display.memory_works
        )
        self.record = Record(venue, self.display, self.outbox, services, history, self.counts)
        self._books = Accounts(venue, self.record, self.display, self.outbox, self.why, services)
        self._services = services
        self._settings = settings
        self._consents = Consents(lambda: settings().consent, consents)
        self._transcripts = Transcripts(
            services.transcriber,
            settings,
            lambda: [venue.bot_name, *venue.people().values()],
            self._written,
            self._books.transcript_wasted,
        )
        self._floor = Floor(FloorSettings(preemptive=settings().preemptive), self.counts)
        self._ears = Listener(services.make_vad, self._floor, settings)
        self._mouth = Responder(
            venue,
            self.record,
            self._books,
            self.display,
            self.outbox,
            self.why,
            self._transcripts,
            services,
            settings,
            self._floor.note_answering,
        )
        self._link: VoiceLink | None = None
        self._group: asyncio.TaskGroup | None = None
        self._over = asyncio.Event()
        self._draining = False
        self._state = CallState.JOINING
        self._started = self._warmed = services.clock()
        self._stay = IdleTimer(self._started)
        self._missed = UndecodedSpeech()
        self._recordings = count(-1, -1)
        "utterance ids of recordings: those of the ears ascend from 1"

    @property
    def state(self) -> CallState:
        return self._state

    @property
    def link(self) -> VoiceLink | None:
        """What it hears and speaks by; None between two links."""
        return self._link

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """What became of the last utterances, newest last."""
        return self.why.verdicts

    def status(self) -> CallStatus:
        return CallStatus(
            self._state,
            self._services.clock() - self._started,
            self._books.turns,
            self._books.cost,
            self._mouth.waiting,
            self.venue.people(),
            self.agreed(),
        )

    def agreed(self) -> frozenset[int]:
        """Return who of the people present may be heard."""
        return self._consents.may_be_heard(self.venue.people())

    def consent(self, user_id: int, agreed: bool) -> None:
        """Somebody agreed to be heard, or withdrew; it holds from the next tick on."""
        self._consents.decide(user_id, agreed)
        if agreed:
            self.outbox.include(user_id)
        else:
            self._ears.withdrawn(user_id, self._services.clock())
        self.people_changed()

    def forget_person(self, user_id: int) -> None:
        """Drop what a person said and what it was answered, also what waits; not heard until they agree again."""
        self.consent(user_id, agreed=False)
        self.outbox.exclude(user_id)
        self._mouth.forget(user_id)
        self.record.forget(user_id)

    def drop_lines(self, channel_id: int, line_ids: Set[str]) -> None:
        """Forget some lines, and the sound of the last answer if its line is one of them."""
        if channel_id != self.venue.channel_id:
            return
        answers = [message.id for message in self.record.messages if message.role == "assistant"]
        if answers and answers[-1] in line_ids:
            self._mouth.unsay()
        self.record.drop(line_ids)

    def clear_channel(self, channel_id: int) -> None:
        """Forget every line, and the sound of the last answer."""
        if channel_id != self.venue.channel_id:
            return
        self._mouth.unsay()
        self.record.forget()
        self.outbox.clear(channel_id)

    async def settled(self) -> None:
        await self.outbox.settled()

    def people_changed(self) -> None:
        """Somebody came, went or changed their mind; or the server lets the bot speak, or not."""
        self.record.met(self.venue.people())
        if self._link:
            self._link.admit(self.agreed())
        if self.venue.speechless:
            self._mouth.muted()

    def stop(self) -> bool:
        """Be quiet now and drop what waits; False when there was nothing to stop."""
        return self._mouth.stop()

    def replay(self) -> bool:
        """Say the last answer again; False when there is none."""
        return self._mouth.replay()

    def ask(self, user_id: int, text: str, recording: bytes = b"") -> None:
        """Answer a written question aloud as soon as the floor is free.

        `recording`, s16le mono 16 kHz, goes along, and what is said in it is written down.
        """
        number = next(self._recordings) if recording else 0
        typed = Typed(user_id, text, self._services.clock(), recording, number)
        self._stay.word(typed.at)
        self.record.asked(replace(typed, recording=b""))  # which remembers words, not sound
        self._mouth.offer(typed=[typed])
        if recording:
            length = seconds(recording, HEAR_RATE)
            self._write_down(Utterance(number, user_id, typed.at, recording, length, "silence"))

    @property
    def left(self) -> bool:
        """Whether it was told to end."""
        return self._over.is_set()

    def leave(self) -> None:
        """End the call; `run` returns."""
        self._over.set()

    async def drain(self) -> None:
        """Take no new turns, let the running words end, then leave."""
        self._draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_WITHIN):
                while reply := self._mouth.reply:
                    await reply.over()
                    await asyncio.sleep(0)
        self.leave()

    async def run(self, link: VoiceLink) -> LinkEnd:
        """Live in the channel until the link ends or it is time to leave; the link is the caller's to close."""
        self._link = link
        self.people_changed()
        async with asyncio.TaskGroup() as group:
            self._group = group
            writing = [
                group.create_task(self.display.run(), name="display"),
                group.create_task(self.outbox.run(), name="outbox"),
            ]
            group.create_task(self._services.engine.warm(), name="warm")
            living = [
                group.create_task(self._hear(link), name="ears"),
                group.create_task(self._mouth.run(link, group), name="mouth"),
            ]
            end = await self._ended(link, group)
            self._set_state(CallState.LEAVING)
            self._mouth.stop()
            for task in living:
                task.cancel()
            await self._transcripts.finish()
            self._books.transcribed_all()
            self.display.close()
            self.outbox.close()
            await asyncio.gather(*writing)
        self._link = self._group = None
        return end

    async def _ended(self, link: VoiceLink, group: asyncio.TaskGroup) -> LinkEnd:
        lost = group.create_task(link.ended(), name="link")
        over = group.create_task(self._over.wait(), name="over")
        await asyncio.wait((lost, over), return_when=asyncio.FIRST_COMPLETED)
        end = lost.result() if lost.done() else LinkEnd.LEFT
        lost.cancel()
        over.cancel()
        return end

    async def _hear(self, link: VoiceLink) -> None:
        """Tick every 20 ms, each with the packets that had arrived by then."""
        async with aclosing(ticks(self._services.clock, self.counts)) as times:
            async for now in times:
                self._tick(link, now)

    def _tick(self, link: VoiceLink, now: float) -> None:
        mouth = self._mouth
        people = self.venue.people()
        frames = link.frames(now)
        talking = link.talking(now)
        playing_since = mouth.reply.began if mouth.reply else None
        events, decisions = self._ears.tick(frames, talking, people, mouth.state, playing_since, now)
        for event in events:
            self._follow(event)
        for decision in decisions:
            self._act(decision, mouth)
        mouth.tick(now, self._floor.clear)
        unheard = talking - self.agreed() if talking else talking
        for verdict in self._missed.step(now, unheard, link.unopened()):
            self.why.add(verdict)
        self._set_state(mouth.state)
        self._look_around(people, now)

    def _follow(self, event: SpeechEvent) -> None:
        match event:
            case Spoke(utterance):
                self._stay.word(utterance.started_at)
                self._write_down(utterance)
            case Discarded(verdict):
                self.why.add(verdict)
            case SpeechStarted(at=at):
                self._warm(at)

    def _write_down(self, utterance: Utterance) -> None:
        if self._group and self._books.may_transcribe(utterance):
            self.record.spoke(utterance)
            self._transcripts.start(utterance, self._group)

    def _act(self, decision: Decision, mouth: Responder) -> None:
        match decision:
            case Respond(utterances):
                if not self._draining:
                    mouth.offer(utterances)
            case Preempt(utterances):
                if not self._draining:
                    mouth.prepare(utterances)
            case DropPreemptive():
                mouth.drop_prepared()
            case Duck():
                if mouth.reply:
                    mouth.reply.duck()
            case Resume():
                if mouth.reply:
                    mouth.reply.resume()
            case BargeIn():
                mouth.cut()
            case Yield():
                mouth.give_way()
            case Dismiss(utterances, outcome):
                for utterance in utterances:
                    self.why.judge(utterance, outcome)

    def _written(self, utterance: Utterance, heard: Heard | None) -> None:
        self.record.written(utterance, heard)
        self._books.transcribed(utterance, heard)
        self._mouth.written(utterance, heard)

    def _warm(self, now: float) -> None:
        """Have the connection open before the request needs it."""
        if self._group and now - self._warmed >= WARM_EVERY:
            self._warmed = now
            self._group.create_task(self._services.engine.warm(), name="warm")

    def _look_around(self, people: Mapping[int, str], now: float) -> None:
        """Leave when everybody has gone, or nobody has said a word for long; say so before."""
        if self._state is CallState.SPEAKING:
            self._stay.word(now)
        if self.left:
            return
        code = self._stay.over(now, bool(people))
        if code:
            self.display.show(Notice(code))
            self.leave()
        elif soon := self._stay.soon(now):
            self.display.show(Notice(soon))

    def _set_state(self, state: CallState) -> None:
        if state is not self._state:
            self._state = state
            self.display.show(StateChanged(state))
