"""Takes one waiting turn at a time: is the bot meant, may it cost that, then the reply and the books."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import replace
from itertools import count

from bot.audio import earcon
from bot.billing.budget import SHORT_SECONDS, Allowance, Reservation
from bot.call.accounts import Accounts
from bot.call.answer import LONGEST, Answer
from bot.call.attention import Attention
from bot.call.display import Display
from bot.call.preemptive import PreemptiveAnswer
from bot.call.record import Record
from bot.call.replay import LastAnswer
from bot.call.services import Services
from bot.call.settings import CallSettings
from bot.call.shown import Trouble
from bot.call.stop_words import StopWords
from bot.call.transcripts import Transcripts
from bot.call.verdicts import Verdicts
from bot.errors import Unreachable
from bot.ports import Venue, VoiceLink
from bot.store.outbox import Outbox
from bot.types import (
    CallState,
    Heard,
    ReplyEvent,
    ReplyRequest,
    RoomContext,
    Turn,
    Typed,
    Utterance,
)

CUE_AFTER = 1.2
"""Seconds without a sound after which the earcon says: I am thinking."""
SORRY_AFTER = 6.0
"""Seconds without a sound after which people are told that something is slow."""
ASKED_FIRST = 3.0
"""Seconds for which the bot's words are not shown while those they answer are not written down."""
WORDS_WITHIN = 5.0
"""Seconds a transcript may take where it decides whether the bot is meant."""


class Responder:
    """One call's answers. Everything is called on the loop; `run` lives in the call's TaskGroup."""

    def __init__(
        self,
        venue: Venue,
        record: Record,
        books: Accounts,
        display: Display,
        outbox: Outbox,
        verdicts: Verdicts,
        transcripts: Transcripts,
        services: Services,
        settings: Callable[[], CallSettings],
        took: Callable[[tuple[Utterance, ...]], None],
    ) -> None:
        """`took` is told which utterances an answer is to, when it begins."""
        self.reply: Answer | None = None
        "the answer on its way"
        self._venue = venue
        self._link: VoiceLink | None = None
        self._record = record
        self._books = books
        self._display = display
        self._outbox = outbox
        self._verdicts = verdicts
        self._transcripts = transcripts
        self._services = services
        self._settings = settings
        self._took = took
        self._turn_ids = count(1)
        self._utterances: list[Utterance] = []
        self._typed: list[Typed] = []
        self._wake = asyncio.Event()
        self._attention = Attention(venue, settings)
        self._prepared = PreemptiveAnswer(self._attention, transcripts, books, self._speculate)
        self._hush = StopWords(self._attention, transcripts)
        self._encore = LastAnswer()
        self._shown = ""
        self._group: asyncio.TaskGroup | None = None

    @property
    def state(self) -> CallState:
        """LISTENING, THINKING or SPEAKING."""
        return self.reply.state if self.reply else CallState.LISTENING

    @property
    def waiting(self) -> int:
        """How many utterances and questions wait for their answer."""
        return len(self._utterances) + len(self._typed)

    def offer(self, utterances: Sequence[Utterance] = (), typed: Sequence[Typed] = ()) -> None:
        """The floor is free for these; they join what waits."""
        self._utterances += (utterance for utterance in utterances if utterance.user_id not in self._outbox.excluded)
        self._typed += typed
        self._wake.set()

    def prepare(self, utterances: Sequence[Utterance]) -> None:
        """The turn probably ends here: have an answer ready, unheard."""
        self._prepared.drop()
        idle = not (self.reply or self._typed or self._utterances or self._services.engine.fault)
        if idle and self._settings().preemptive and self._group:
            self._prepared.ask(utterances, self._group)

    def drop_prepared(self) -> None:
        """The person goes on: the prepared answer is never heard."""
        self._prepared.drop()

    def stop(self) -> bool:
        """Be quiet now and drop what waits. Return whether there was anything to stop."""
        waited = self.waiting > 0
        self._judge_stopped(self._utterances)
        self._utterances.clear()
        self._typed.clear()
        self._encore.wanted = False
        self._prepared.drop()
        return self.cut() or waited

    def cut(self, *, withdrawn: bool = False) -> bool:
        """Fall silent now. `withdrawn`: its turn comes again, or was never meant."""
        if self.reply is None:
            return False
        self.reply.withdrawn |= withdrawn
        self.reply.cut()
        return True

    def give_way(self) -> None:
        """Fall silent: what was said comes again from the floor; what was typed waits here until then."""
        if self.reply:
            self._typed = [*self.reply.turn.typed, *self._typed]
            self.cut(withdrawn=True)

    def muted(self) -> None:
        """Nobody can hear the bot any more: what it still says is not heard. It answers in writing meanwhile."""
        if self.reply and self.reply.state is CallState.SPEAKING:
            self.cut()

    def forget(self, user_id: int) -> None:
        """Answer nothing that a person said, nor say again what answered it. The outbox excludes them by now."""
        self._utterances = [utterance for utterance in self._utterances if utterance.user_id != user_id]
        self._typed = [typed for typed in self._typed if typed.user_id != user_id]
        self._prepared.drop()
        people = self.reply.turn.people if self.reply else ()
        if (self._encore.forget(user_id) and not people) or user_id in people:
            self.cut(withdrawn=True)

    def unsay(self) -> None:
        """Do not say the last answer again: nobody is to remember it."""
        self._encore.drop()
        if self.reply and not self.reply.turn.people:  # it is just being said again
            self.cut()

    def replay(self) -> bool:
        """Say the last answer again; False when there is none."""
        self._wake.set()
        return self._encore.ask()

    def written(self, utterance: Utterance, heard: Heard | None) -> None:
        """The words of an utterance are known (None: they are not): was it "stop", said alone?"""
        if not self._hush.heard(utterance, heard and heard.text):
            return
        self._verdicts.judge(utterance, "stop")
        self._utterances, quiet = self._hush.obeyed(self._utterances)
        self._judge_stopped(quiet)
        reply = self.reply
        if reply is None:
            return
        turn = reply.turn
        own = utterance in turn.utterances and not self._hush.obeyed(turn.utterances)[0]
        if own or utterance.started_at > turn.closed_at:
            self.cut()

    def tick(self, now: float, floor_clear: bool) -> None:
        """Every 20 ms: let the answer sound or hold it back, and tell people what they wait for."""
        reply = self.reply
        if reply is None:
            return
        if reply.arrived is None and reply.streamed:
            reply.arrived = now
        if reply.error:
            self._books.tell(reply, reply.error)  # now: what came of it may go on sounding for long
        if reply.audible:
            reply.began = reply.began or now
            self._write_along(reply, now)
            return
        if not floor_clear or self._hush.waits(now):
            reply.hold()
        elif reply.held:
            reply.release()
        waited = now - reply.turn.closed_at
        if self._settings().cue and waited >= CUE_AFTER and not reply.cued:
            reply.cue(earcon())
        if waited >= SORRY_AFTER and not reply.excused and reply.streamed == 0:
            reply.excused = True
            self._display.show(Trouble(Unreachable()))

    def _write_along(self, reply: Answer, now: float) -> None:
        """Show the words so far: below the words they answer, unless these take too long."""
        asked = any(self._transcripts.pending(utterance.id) for utterance in reply.turn.utterances)
        words = self._books.words_so_far(reply)
        if words != self._shown and (not asked or now - (reply.began or now) >= ASKED_FIRST):
            self._shown = words
            self._display.show_progress(reply.turn.id, words)

    async def run(self, link: VoiceLink, group: asyncio.TaskGroup) -> None:
        """Answer turn after turn over this link; requests are tasks of `group`."""
        self._link, self._group = link, group
        self._wake.set()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._utterances or self._typed:
                turn = await self._next_turn()
                reply = turn and (self._prepared.adopt(turn) or self._start(turn))
                if reply:
                    await self._speak(reply)
            if self._encore.wanted:
                self._encore.wanted = False
                await self._speak(self._again())

    async def _next_turn(self) -> Turn | None:
        """Take what waits and return it as a turn, if the bot is meant."""
        words: dict[int, str | None] = {}
        while (unknown := [u.id for u in self._utterances if u.id not in words]) and self._attention.meant(
            self._utterances, words
        ).text_needed:
            words |= dict.fromkeys(unknown) | await self._transcripts.of(unknown, WORDS_WITHIN)
        utterances, quiet = self._hush.obeyed(self._utterances)
        self._judge_stopped(quiet)
        typed, self._utterances, self._typed = self._typed, [], []
        meant = self._attention.meant(utterances, words)
        if typed or (utterances and meant.yes):
            return self._turn(utterances, typed)
        self._prepared.drop()
        paid = [utterance for utterance in utterances if not self._books.unpaid(utterance)]
        if meant.text_needed and paid:  # the words never came: whoever called the bot must not wait for nothing
            failure = self._transcripts.failure or Unreachable()
            self._display.show(Trouble(failure))
        for utterance in utterances:
            if meant.text_needed and utterance not in paid:
                self._verdicts.judge(utterance, "over_budget")
            else:
                self._verdicts.judge(utterance, "not_addressed", reason=meant.reason)
        return None

    async def _speak(self, reply: Answer) -> None:
        """Let an answer run its course; meanwhile `tick` lets it sound and `cut` ends it."""
        turn = reply.turn
        self._hush.doubt(turn)
        self._shown = ""
        self._took(turn.utterances)
        self.reply = reply
        try:
            await reply.over()
            if reply.text and not reply.streamed:  # shown at once, and below the words it answers
                await self._transcripts.of([utterance.id for utterance in turn.utterances], ASKED_FIRST)
        finally:
            reply.cut()
            self.reply = None
            self._books.close(reply)
            if reply.playout and reply.playout.played > 0:
                people = frozenset(turn.people)
                if people:
                    if people.isdisjoint(self._outbox.excluded):
                        self._encore.keep(reply.sound, people)
                    self._attention.answered(people, self._services.clock())

    def _speculate(self, utterances: Sequence[Utterance]) -> Answer | None:
        if self.reply or self._utterances:
            return None
        return self._start(self._turn(utterances), speculated=True)

    def _start(self, turn: Turn, *, speculated: bool = False) -> Answer | None:
        """Send the request if the budget allows it, and say once what it does not allow any more."""
        services, account = self._services, self._books.account
        people = turn.people
        names = {user_id: self._record.name(user_id) for user_id in people}
        asked = ReplyRequest(turn, self._record.before(turn), self._room(), names)
        estimate = lambda seconds: account.price({services.model: services.engine.estimate(asked, seconds)})  # noqa: E731
        reservation = account.reserve(people, estimate, tell=not speculated)
        if speculated and reservation.allowance is not Allowance.FULL:
            account.settle(reservation)
            return None
        if reservation.allowance is Allowance.OFF:
            self._books.refused()
            for utterance in turn.utterances:
                self._verdicts.judge(utterance, "over_budget")
            return None
        self._books.announce(reservation)
        request = replace(asked, room=self._room(reservation.allowance))
        return self._launch(request, services.engine.reply(request), reservation, speculated)

    def _again(self) -> Answer:
        return self._launch(ReplyRequest(self._turn(()), (), self._room()), self._encore.stream())

    def _launch(
        self,
        request: ReplyRequest,
        events: AsyncGenerator[ReplyEvent, None],
        reservation: Reservation | None = None,
        speculated: bool = False,
    ) -> Answer:
        assert self._link is not None, "only run() starts replies"
        assert self._group is not None, "only run() starts replies"
        clock = self._services.clock
        reply = Answer(request, events, self._link, clock, reservation=reservation, speculated=speculated)
        reply.start(self._group)
        return reply

    def _turn(self, utterances: Sequence[Utterance], typed: Sequence[Typed] = ()) -> Turn:
        now = self._services.clock()
        return Turn(next(self._turn_ids), self._venue.channel_id, tuple(utterances), now, tuple(typed))

    def _judge_stopped(self, utterances: Iterable[Utterance]) -> None:
        for utterance in utterances:
            self._verdicts.judge(utterance, "stopped")

    def _room(self, allowance: Allowance = Allowance.FULL) -> RoomContext:
        settings = self._settings()
        return RoomContext(
            bot_name=self._venue.bot_name,
            channel_name=self._venue.channel_name,
            people=self._venue.people(),
            now=self._services.wall(),
            language=settings.language,
            voice=settings.voice,
            persona=settings.persona,
            max_seconds=SHORT_SECONDS if allowance is Allowance.SHORT else LONGEST,
            text_only=allowance is Allowance.TEXT or self._venue.speechless,
        )
