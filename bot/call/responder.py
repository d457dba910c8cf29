"""Answers one turn after the other: asks for the answer, lets it sound, shows its words, closes it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.call.accounts import Accounts
from bot.call.answer import Answer
from bot.call.attention import Attention
from bot.call.context import CallContext
from bot.call.echoed_words import EchoedWords
from bot.call.launcher import Launcher
from bot.call.outcomes import Outcomes
from bot.call.preemptive import PreemptiveAnswer
from bot.call.record import Record
from bot.call.replay import LastAnswer
from bot.call.shown import Trouble
from bot.call.stop_words import StopWords
from bot.call.transcripts import Transcripts
from bot.call.turns import Turns
from bot.ports import VoiceLink
from bot.talk.ear import ECHO_OUTCOME
from bot.talk.floor import Floor
from bot.types import CallState, Heard, Typed, Utterance

QUESTION_WAIT_SECONDS = 3.0
"""Seconds for which the bot's words are not shown while those they answer are not written down."""


class Responder:
    """One call's answers. Everything is called on the loop; `run` lives in the call's TaskGroup."""

    def __init__(self, context: CallContext, record: Record, accounts: Accounts, floor: Floor) -> None:
        self.transcripts = Transcripts(context, record, accounts, self._on_words, self._less_echo)
        self.outcomes = Outcomes(context, record, accounts)
        self._echoed_words = EchoedWords(self.outcomes.words_at)
        self._context = context
        self._floor = floor
        self._attention = Attention(context.venue, context.settings)
        self._stop_words = StopWords(self._attention, self.transcripts)
        self._turns = Turns(context, self._attention, self._stop_words, self.transcripts, accounts)
        self._launcher = Launcher(context, record, accounts)
        self._preemptive = PreemptiveAnswer(
            self._attention, self._stop_words, self.transcripts, accounts, self._turns, self._launcher
        )
        self._last_answer = LastAnswer()
        self._answer: Answer | None = None
        self._shown = ""
        "the words of the answer that people see already"
        self._group: asyncio.TaskGroup | None = None

    @property
    def answer(self) -> Answer | None:
        """The answer on its way."""
        return self._answer

    @property
    def state(self) -> CallState:
        """LISTENING, THINKING or SPEAKING."""
        return self._answer.state if self._answer else CallState.LISTENING

    @property
    def waiting(self) -> int:
        """How many utterances and questions wait for their answer."""
        return len(self._turns)

    def offer(self, utterances: Sequence[Utterance] = (), typed: Sequence[Typed] = ()) -> None:
        """Answer these as soon as the answer before them is over."""
        self._turns.offer(utterances, typed)

    def preempt(self, utterances: Sequence[Utterance]) -> None:
        """The turn probably ends here: have an answer ready, unheard."""
        self._preemptive.drop()
        possible = self._turns.idle and not self._context.services.engine.fault
        if possible and self._context.settings().preemptive and self._group:
            self._preemptive.ask(utterances, self._group)

    def drop_preemptive(self) -> None:
        """The person goes on: the answer that is ready is never heard."""
        self._preemptive.drop()

    def stop(self) -> bool:
        """Be quiet now and drop what waits. Return whether there was anything to stop."""
        waited = self._turns.stop()
        self._last_answer.cancel()
        self._preemptive.drop()
        return self.cut() or waited

    def cut(self, *, withdrawn: bool = False) -> bool:
        """Fall silent now; False: nothing sounds. `withdrawn`: nothing of the answer is remembered."""
        if self._answer is None:
            return False
        self._answer.cut(withdrawn=withdrawn)
        return True

    def give_way(self) -> None:
        """Fall silent. What was said comes again from the floor; what was typed waits here until then."""
        if self._answer:
            self._turns.put_back(self._answer.turn.typed)
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
        dropped = self._turns.withdraw(user_id, typed=typed)
        unwritten = self.transcripts.withdraw(user_id)
        self._preemptive.withdraw(user_id)
        turn = self._answer.turn if self._answer else None
        replayed = self._last_answer.forget(user_id) and turn is not None and not turn.people
        if replayed:
            self.cut()
        if turn and (turn.heard(user_id) or (typed and user_id in turn.people)):
            dropped += [utterance for utterance in turn.utterances if utterance.user_id == user_id]
            others = [utterance for utterance in turn.utterances if utterance.user_id != user_id]
            questions = [one for one in turn.typed if one.user_id != user_id or not (typed or one.recording)]
            self._turns.put_back(questions, others)
            self.cut(withdrawn=True)
        return dropped, unwritten

    def unsay(self) -> None:
        """Do not say the last answer again: nobody is to remember it."""
        self._last_answer.drop()
        if self._answer and not self._answer.turn.people:  # this is the last answer, being said again
            self.cut()

    def replay(self) -> bool:
        """Say the last answer again; False when there is none."""
        self._turns.wake()
        return self._last_answer.request()

    def tick(self, now: float) -> None:
        """Every 20 ms: let the answer sound or hold it back, and tell people what they wait for."""
        answer = self._answer
        if answer is None:
            return
        may_sound = self._floor.clear and not self._stop_words.awaited(now)
        for error in answer.tick(now, may_sound, self._context.settings().cue):
            self._context.display.show(Trouble(error))
        if answer.began_at is not None:
            self._show_words(answer, now)

    async def run(self, link: VoiceLink, group: asyncio.TaskGroup) -> None:
        """Answer turn after turn over this link; requests are tasks of `group`."""
        self._group = group
        self._launcher.use(link, group)
        self._turns.wake()
        while True:
            await self._turns.wait()
            while len(self._turns):
                if turn := await self._turns.next():
                    answer = self._preemptive.adopt(turn) or self._launcher.answer(turn)
                    if answer:
                        await self._speak(answer)
                else:
                    self._preemptive.drop()
            if self._last_answer.take_request():
                await self._speak(self._launcher.replay(self._turns.number(()), self._last_answer.stream()))

    async def _speak(self, answer: Answer) -> None:
        """Let an answer run its course. Meanwhile `tick` lets it sound and `cut` ends it."""
        turn, reply = answer.turn, answer.reply
        self._stop_words.expect(turn)
        self._shown = ""
        self._echoed_words.begin(answer)
        self._floor.note_answering(turn.utterances)
        with self._turns.answering():
            self._answer = answer
            try:
                await answer.over()
                if reply.text and not reply.seconds:  # all of it is shown at once, below the words it answers
                    await self.transcripts.of([utterance.id for utterance in turn.utterances], QUESTION_WAIT_SECONDS)
            finally:
                answer.cut()
                self._answer = None
                self.outcomes.close(answer)
                self._remember(answer)

    def _remember(self, answer: Answer) -> None:
        """Note whom an answer was to, if any of it was heard; keep it to be said again."""
        people = frozenset(answer.turn.people)
        if answer.withdrawn or not people or not answer.playout or answer.playout.played <= 0:
            return
        if people.isdisjoint(self._context.outbox.excluded):
            self._last_answer.keep(answer.reply.sound, people)
        self._attention.answered(people, self._context.services.clock())

    def _show_words(self, answer: Answer, now: float) -> None:
        """Show the words so far: below the words they answer, unless these take too long."""
        awaited = any(self.transcripts.pending(utterance.id) for utterance in answer.turn.utterances)
        words = self.outcomes.words_so_far(answer)
        sounded = now - (answer.began_at or now)
        if words != self._shown and (not awaited or sounded >= QUESTION_WAIT_SECONDS):
            self._shown = words
            self._context.display.show_progress(answer.turn.id, words)

    def _less_echo(self, utterance: Utterance, heard: Heard) -> Heard:
        """Take the bot's own words out of a transcript. What is nothing else is not answered, whoever sent it."""
        text = self._echoed_words.taken_out(heard.text, utterance)
        if heard.text and not text:
            self._context.verdicts.judge(utterance, ECHO_OUTCOME)
            self._turns.drop(utterance.id)
            self._preemptive.drop()
            if self._answer and self._answer.turn.utterances == (utterance,) and not self._answer.turn.typed:
                self.cut(withdrawn=True)
        return replace(heard, text=text)

    def _on_words(self, utterance: Utterance, heard: Heard | None) -> None:
        """Obey words that ask for silence; None: an utterance's words are not known."""
        if not self._stop_words.heard(utterance, heard and heard.text):
            return
        self._context.verdicts.judge(utterance, "stop")
        self._turns.drop_before_stop()
        if self._answer is None:
            return
        turn = self._answer.turn
        own = utterance in turn.utterances and not self._stop_words.split_at_stop(turn.utterances)[0]
        if own or utterance.started_at > turn.closed_at:
            self.cut()
