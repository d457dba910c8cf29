"""The 20 ms tick of a call: hear, decide, act. It owns the CallState."""

import asyncio
from collections.abc import Callable
from functools import partial

from bot.audio import FRAME_SECONDS
from bot.call.captions import Captions
from bot.call.context import CallContext
from bot.call.idle_timer import IdleTimer
from bot.call.listener import Listener
from bot.call.responder import Responder
from bot.call.shown import Notice, ReturnsEcho, StateChanged
from bot.call.ticks import Decide
from bot.call.undecoded_speech import UndecodedSpeech
from bot.ports import VoiceLink
from bot.talk.ear import ECHO_OUTCOME
from bot.talk.floor import BargeIn, Decision, Dismiss, DropPreemptive, Duck, Preempt, Respond, Resume, Yield
from bot.talk.speech_events import Discarded, Echoed, SpeechEvent, SpeechPaused, SpeechStarted, Spoke
from bot.types import CallState, Verdict

QUIET_SECONDS_BEFORE_REST = 1.0
"""How long nothing must have happened before a call ticks less often."""
REST_SECONDS = 0.5
"""Between the ticks of a call in which nothing happens. The first sound (ports.VoiceLink.rest) and an answer end it."""
SHORT_REST_SECONDS = 0.06
"""The same within this time, and until an answer's first sound comes."""
SPEAKING_REST_SECONDS = 0.08
"""The same while the bot alone speaks. Playbacks encode enough for it at each tick."""
MAX_BUNDLED_TICKS, MAX_FEW_BUNDLED_TICKS = 6, 4
"""Ticks done at once while nothing can be decided yet: in the middle of what somebody says; and while there are only
sounds, or the bot speaks. Much of a tick's work is waking up."""
WARM_INTERVAL_SECONDS = 30.0
"""Seconds after which the connection to the model may have gone cold."""

MIN_TOLD_ECHO_SECONDS = 1.0
"""Seconds of the bot's voice that come back before the person is told."""


class Conversation:
    """What people say, and what the call does about it. `run` it for each link."""

    def __init__(
        self,
        context: CallContext,
        listener: Listener,
        responder: Responder,
        captions: Captions,
        agreed: Callable[[], frozenset[int]],
        barred: Callable[[], frozenset[int]],
        label: Callable[[int], str],
    ) -> None:
        """`agreed` gives the people present who may be heard, `barred` those who may not be answered here, `label` what
        somebody is called.
        """
        self.draining = False
        "no new turn is taken"
        self._venue = context.venue
        self._services = context.services
        self._counts = context.counts
        self._display = context.display
        self._verdicts = context.verdicts
        self._listener = listener
        self._responder = responder
        self._captions = captions
        self._agreed = agreed
        self._barred = barred
        self._label = label
        self._state = CallState.JOINING
        self._warmed_at = self._busy_at = self._services.clock()
        self._bundle_since: float | None = None
        "time of the last tick, if those after it are done together"
        self._idle = IdleTimer(self._warmed_at)
        self._undecoded = UndecodedSpeech()
        self._unheard: frozenset[int] = frozenset()
        "who talks, and may not be heard"
        self._echoed: dict[int, float] = {}
        "person -> seconds of the bot's voice that came back"
        self._told_echo: set[int] = set()

    @property
    def state(self) -> CallState:
        return self._state

    def set_state(self, state: CallState) -> None:
        """Change the state, and show it."""
        if state is not self._state:
            self._state = state
            self._display.show(StateChanged(state))

    def note_words(self, at: float) -> None:
        """Somebody said or asked something, at seconds on the call's clock: there is a reason to stay."""
        self._idle.activity(at)

    async def run(self, link: VoiceLink, group: asyncio.TaskGroup) -> None:
        """Tick every 20 ms, each with the packets that had arrived by then; return when it is time to leave."""

        def tick(now: float) -> Decide:
            times = self._times(now)
            arrived = [link.frames(at) for at in times]
            self._listener.hear(arrived, now, link.played())
            return partial(decide, now, any(arrived))

        def decide(now: float, arrived: bool) -> float | None:
            heard = self._decide(link, group, now) or arrived
            if heard or self._state is not CallState.LISTENING:
                self._busy_at = now
            if self._idle_for_too_long(now):
                return None
            if self._listener.deciding:
                return FRAME_SECONDS
            if heard:
                ticks = self._undecided_ticks(now)
                self._bundle_since = now if ticks > 1 else None
                return ticks * FRAME_SECONDS
            if self._state is CallState.THINKING and self._responder.answer and self._responder.answer.reply.seconds:
                return FRAME_SECONDS  # what has come waits for the floor
            link.rest(wake)
            if self._state is CallState.SPEAKING:
                return SPEAKING_REST_SECONDS
            return REST_SECONDS if now - self._busy_at > QUIET_SECONDS_BEFORE_REST else SHORT_REST_SECONDS

        ticker, self._bundle_since = self._services.ticker, None
        wake = self._responder.on_answer = partial(ticker.wake, tick)
        await ticker.run(tick, self._counts)

    def _times(self, now: float) -> list[float]:
        """Return the times of the ticks to be done now."""
        since, self._bundle_since = self._bundle_since, None
        ticks = 1 if since is None else min(round((now - since) / FRAME_SECONDS), MAX_BUNDLED_TICKS)
        return [now - behind * FRAME_SECONDS for behind in range(ticks - 1, -1, -1)]

    def _undecided_ticks(self, now: float) -> int:
        """Return after how many ticks something may have to be decided, at the earliest."""
        listener, state = self._listener, self._state
        # Whoever may not be heard, and an answer's first sound, are looked for at each tick.
        waits = state is not CallState.LISTENING and not self._venue.people().keys() <= self._agreed()
        if self._unheard or waits or state is CallState.THINKING:
            return 1
        most = MAX_BUNDLED_TICKS if listener.speaking and state is CallState.LISTENING else MAX_FEW_BUNDLED_TICKS
        # The tolerance is a quarter of a tick: sums of 20 ms are not exact.
        return max(1, int(min(most, listener.undecided_for(now, state, self._playing_since) / FRAME_SECONDS + 0.25)))

    @property
    def _playing_since(self) -> float | None:
        """When the answer began to sound."""
        return self._responder.answer.began_at if self._responder.answer else None

    def _decide(self, link: VoiceLink, group: asyncio.TaskGroup, now: float) -> bool:
        """Decide about what was heard, and act; return whether there was anything."""
        responder, talking = self._responder, link.talking(now)
        events, decisions = self._listener.decide(
            talking, self._venue.people(), responder.state, self._playing_since, now
        )
        for event in events:
            self._follow(event, group)
        if self._captions.on:  # they have everything written down that is being said
            self._captions.tick(now, self._listener.growing, group)
        else:
            responder.transcripts.dictation.tick(now, self._listener.growing)
        for decision in decisions:
            self._act(decision)
        responder.tick(now)
        self._unheard = talking - self._agreed() if talking else talking
        for verdict in self._undecoded.step(now, self._unheard, link.unopened(), self._barred()):
            self._verdicts.add(verdict)
        self.set_state(responder.state)
        return bool(talking or events or decisions or self._listener.speaking)

    def _follow(self, event: SpeechEvent, group: asyncio.TaskGroup) -> None:
        self._captions.follow(event)
        match event:
            case Spoke(utterance):
                self._idle.activity(utterance.started_at)
                self._responder.transcripts.start(utterance, group)
                if not self._responder.transcripts.pending(utterance.id):  # the budget does not allow it
                    self._captions.written(utterance, None)
            case Echoed(verdict) | Discarded(verdict) if verdict.outcome == ECHO_OUTCOME:
                self._returned(verdict)
            case Discarded(verdict):
                self._verdicts.add(verdict)
            case SpeechPaused(utterance=utterance) if utterance:
                self._responder.transcripts.dictation.breath(utterance)
            case SpeechStarted(at=at):
                self._warm(at, group)

    def _returned(self, verdict: Verdict) -> None:
        """The bot's voice came back: say why nothing happens, and tell the person once what helps."""
        self._verdicts.note_echo(verdict)
        self._responder.was_echo(verdict.user_id)
        user_id = verdict.user_id
        seconds = self._echoed[user_id] = self._echoed.get(user_id, 0.0) + float(verdict.detail["seconds"])
        if seconds >= MIN_TOLD_ECHO_SECONDS and user_id not in self._told_echo:
            self._told_echo.add(user_id)
            if user_id in self._venue.people():
                self._display.show(ReturnsEcho(user_id, self._label(user_id)))

    def _act(self, decision: Decision) -> None:
        responder = self._responder
        match decision:
            case Respond(utterances):
                if not self.draining:
                    responder.turns.offer(utterances)
            case Preempt(utterances):
                if not self.draining:
                    responder.preemptive.ask(utterances)
            case DropPreemptive():
                responder.preemptive.drop()
            case Duck():
                if responder.answer:
                    responder.answer.duck()
            case Resume():
                if responder.answer:
                    responder.answer.resume()
            case BargeIn(user_id):
                responder.interrupt(user_id)
            case Yield():
                responder.give_way()
            case Dismiss(utterances, outcome):
                for utterance in utterances:
                    self._verdicts.judge(utterance, outcome)

    def _warm(self, now: float, group: asyncio.TaskGroup) -> None:
        """Have the connection open before the request needs it."""
        if now - self._warmed_at >= WARM_INTERVAL_SECONDS:
            self._warmed_at = now
            group.create_task(self._services.engine.warm(), name="warm")

    def _idle_for_too_long(self, now: float) -> bool:
        """Return whether everybody has gone, or nobody has said a word for long; say so, and say it before."""
        if self._state is CallState.SPEAKING:
            self._idle.activity(now)
        if code := self._idle.reason_to_leave(now, bool(self._venue.people())):
            self._display.show(Notice(code))
            return True
        if warning := self._idle.warning(now):
            self._display.show(Notice(warning))
        return False
