"""Answers one turn after the other: asks for the answer, lets it sound, shows its words, closes it."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from bot.call.accounts import Accounts
from bot.call.answer import Answer
from bot.call.attention import Attention
from bot.call.context import CallContext
from bot.call.echoed_words import EchoedWords
from bot.call.interrupted import InterruptedTurn
from bot.call.launcher import Launcher
from bot.call.outcomes import Outcomes
from bot.call.preemptive import PreemptiveAnswer
from bot.call.progress import QUESTION_WAIT_SECONDS, AnswerProgress
from bot.call.record import Record
from bot.call.replay import LastAnswer
from bot.call.stop_words import StopWords
from bot.call.transcripts import Transcripts
from bot.call.turns import Turns
from bot.ports import VoiceLink
from bot.talk.ear import ECHO_OUTCOME
from bot.talk.floor import Floor
from bot.types import CallState, Heard, Utterance


class Responder:
    """One call's answers. Everything is called on the loop; `run` lives in the call's TaskGroup."""

    def __init__(self, context: CallContext, record: Record, accounts: Accounts, floor: Floor) -> None:
        self.on_answer: Callable[[], None] = lambda: None  # an answer needs `tick` from then on
        self.transcripts = Transcripts(context, record, accounts, self._on_words, self._less_echo)
        self.outcomes = Outcomes(context, record, accounts)
        self._progress = AnswerProgress(context.display, self.outcomes, self.transcripts)
        self.echoed_words = EchoedWords(self.outcomes.words_of)
        self._context, self._accounts, self._floor = context, accounts, floor
        self._attention = Attention(context.venue, context.settings)
        self._stop_words = StopWords(self._attention, self.transcripts)
        self.turns = Turns(context, self._attention, self._stop_words, self.transcripts, accounts)
        self._launcher = Launcher(context, record, accounts, self.transcripts)
        parts = self._stop_words, self.transcripts, accounts, self.turns, self._launcher
        self.preemptive = PreemptiveAnswer(context, self._attention, *parts)
        self._last_answer, self._interrupted = LastAnswer(), InterruptedTurn()
        self._answer: Answer | None = None
        floor.early.hurry, floor.early.wanted = self.preemptive.may_sound_early, lambda: context.interpreter.on

    @property
    def answer(self) -> Answer | None:
        """The answer on its way."""
        return self._answer

    @property
    def state(self) -> CallState:
        """LISTENING, THINKING or SPEAKING."""
        return self._answer.state if self._answer else CallState.LISTENING

    def stop(self) -> bool:
        """Be quiet now and drop what waits. Return whether there was anything to stop."""
        waited = self.turns.stop()
        self._interrupted.drop()
        self._last_answer.cancel()
        self.preemptive.drop()
        return self.cut() or waited

    def interrupt(self, user_id: int) -> None:
        """Somebody speaks over the bot: fall silent now."""
        if self._answer:
            self._interrupted.keep(self._answer.turn, user_id, self._context.services.clock())
            self.cut()

    def was_echo(self, user_id: int) -> None:
        """What somebody seemed to say was the bot itself: an answer that was cut for it is given again."""
        if turn := self._interrupted.was_echo(user_id, self._context.services.clock()):
            self.turns.put_back(turn.typed, turn.utterances)

    def cut(self, *, withdrawn: bool = False) -> bool:
        """Fall silent now; False: nothing sounds. `withdrawn`: nothing of the answer is remembered."""
        if self._answer:
            self._answer.cut(withdrawn=withdrawn)
        return self._answer is not None

    def give_way(self) -> None:
        """Fall silent. What was said comes again from the floor; what was typed waits here until then."""
        if self._answer:
            self.turns.lines.put_back()
            self.turns.put_back(self._answer.turn.typed)
            self.cut(withdrawn=True)

    def muted(self) -> None:
        """Nobody can hear the bot any more: cut what still sounds. The next answers are written."""
        if self._answer and self._answer.state is CallState.SPEAKING:
            self.cut()

    def withdraw(self, user_id: int, *, typed: bool = False) -> tuple[list[Utterance], set[int]]:
        """Drop a person's sound, with `typed` also what they asked in writing, and end every request with it.

        What others said in the same turn is answered anew. Return their utterances that waited or were being answered,
        and the ids of those whose words were not known yet.
        """
        self.unread(lambda one: one == user_id)
        dropped = self.turns.withdraw(user_id, typed=typed)
        unwritten = self.transcripts.withdraw(user_id)
        self._interrupted.withdraw(user_id, typed=typed)
        self.preemptive.withdraw(user_id)
        turn = self._answer.turn if self._answer else None
        if self._last_answer.forget(user_id) and turn and not turn.people:
            self.cut()
        if turn and (turn.heard(user_id) or (typed and user_id in turn.people)):
            dropped += [utterance for utterance in turn.utterances if utterance.user_id == user_id]
            others = turn.without(user_id, typed=typed)
            self.turns.put_back(others.typed, others.utterances)
            self.cut(withdrawn=True)
        return dropped, unwritten

    def unread(self, whose: Callable[[int], bool]) -> None:
        """Do not read aloud what these people wrote."""
        if self.turns.lines.reads(whose):
            self.cut()
        self.turns.lines.drop(whose)

    def unsay(self) -> None:
        """Do not say the last answer again: nobody is to remember it."""
        self._last_answer.drop()
        if self._answer and not self._answer.turn.people:  # this is the last answer, being said again
            self.cut()

    def replay(self) -> bool:
        """Play the last answer again; False when there is none."""
        self.turns.wake()
        return self._last_answer.request()

    def tick(self, now: float) -> None:
        """Every 20 ms: let the answer sound or hold it back, and tell people what they wait for."""
        self._interrupted.expire(now)
        answer = self._answer
        if answer is None:
            if self.turns.lines.ready and self._floor.clear:
                self.turns.wake()
            return
        may_sound = self._floor.clear and not self._stop_words.awaited(now)
        for error in answer.tick(now, may_sound, self._context.settings().cue):
            self._accounts.news.failed(error)
        self._progress.show(answer, now)

    async def run(self, link: VoiceLink, group: asyncio.TaskGroup) -> None:
        """Answer turn after turn over this link; requests are tasks of `group`."""
        self._launcher.use(link, group)
        self.preemptive.use(group)
        self.turns.lines.use(group)
        self.turns.wake()
        while True:
            await self.turns.wait()
            while await self._answer_next():  # in a frame of its own, which keeps nothing of what is over
                pass
            if self._last_answer.take_request():
                await self._speak(self._launcher.replay(self.turns.number(()), self._last_answer.stream()))

    async def _answer_next(self) -> bool:
        """Read a line, or answer a turn; False: nothing waits."""
        if line := self.turns.lines.take(self._floor.clear):
            await self._speak(self._launcher.replay(self.turns.number(()), line.stream()))
        elif not len(self.turns):
            return False
        elif turn := await self.turns.next():
            answer = self.preemptive.adopt(turn) or self._launcher.answer(turn)
            if answer:
                await self._speak(answer)
        else:
            self.preemptive.drop()
        return True

    async def _speak(self, answer: Answer) -> None:
        """Let an answer run its course. Meanwhile `tick` lets it sound and `cut` ends it."""
        turn, reply = answer.turn, answer.reply
        self._stop_words.expect(turn)
        self._progress.begin()
        if answer.reservation:
            self.echoed_words.begin(answer)
        self._floor.note_answering(() if turn.languages else turn.utterances)
        with self.turns.answering():
            self._answer, answer.on_sound = answer, self.on_answer
            self.on_answer()
            try:
                await answer.over()
                if reply.text and not reply.seconds:  # all of it is shown at once, below the words it answers
                    await self.transcripts.of([utterance.id for utterance in turn.utterances], QUESTION_WAIT_SECONDS)
            finally:
                answer.cut()
                self._answer = None
                self.outcomes.close(answer)
                self._remember(answer)
                self.echoed_words.end()

    def _remember(self, answer: Answer) -> None:
        """Note whom an answer was to, if any of it was heard; keep it to be said again."""
        people = frozenset(answer.turn.people)
        if answer.withdrawn or not people or not answer.playout or answer.playout.played <= 0:
            return
        if people.isdisjoint(self._context.outbox.excluded):
            self._last_answer.keep(answer.reply.sound, people)
        self._attention.answered(frozenset() if answer.turn.languages else people, self._context.services.clock())

    def _less_echo(self, utterance: Utterance, heard: Heard) -> Heard:
        """Take the bot's own words out of a transcript. What is nothing else is not answered, whoever sent it."""
        text = self.echoed_words.taken_out(heard.text, utterance)
        if not text and (heard.text or self._context.services.reads):
            self._context.verdicts.judge(utterance, ECHO_OUTCOME if heard.text else "no_speech")
            self.turns.drop(utterance.id)
            self.preemptive.drop()
            if self._answer and self.transcripts.wordless(self._answer.turn, utterance):
                self.cut(withdrawn=True)
            self.was_echo(utterance.user_id)
        return replace(heard, text=text)

    def _on_words(self, utterance: Utterance, heard: Heard | None) -> None:
        """Obey words that ask for silence; None: an utterance's words are not known."""
        if not self._stop_words.heard(utterance, heard and heard.text):
            return
        self._context.verdicts.judge(utterance, "stop")
        self.turns.drop_before_stop()
        if self._answer is None:
            return
        turn = self._answer.turn
        own = utterance in turn.utterances and not self._stop_words.split_at_stop(turn.utterances)[0]
        if own or utterance.started_at > turn.closed_at:
            self.cut()
