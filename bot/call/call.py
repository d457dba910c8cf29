"""The bot in one voice channel: builds the parts, runs them over a link, drains and leaves."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import count

from bot.audio import HEAR_RATE, seconds
from bot.call.access import IN_A_CALL
from bot.call.accounts import Accounts
from bot.call.captions import Captions
from bot.call.context import CallContext
from bot.call.conversation import Conversation
from bot.call.display import Display
from bot.call.extras import Extras
from bot.call.holdings import Holdings
from bot.call.interpreter import Interpreter
from bot.call.listener import Listener
from bot.call.record import Record
from bot.call.responder import Responder
from bot.call.services import Services
from bot.call.settings import CallSettings
from bot.call.verdicts import Verdicts
from bot.ports import Venue, VoiceLink
from bot.privacy.consent import Consents
from bot.store.outbox import MAX_CALL_ENTRIES, Outbox
from bot.talk.floor import Floor, FloorSettings
from bot.types import CallState, LinkEnd, Message, Typed, Utterance

MAX_DRAIN_SECONDS = 18.0
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
    "who is present: Discord snowflake -> label"
    agreed: frozenset[int]


class Call:
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
        """Of ticks (ticks_late, ticks_skipped) and of bounds: shown_dropped, kept_dropped, store_failures,
        answer_too_long, history_trimmed, unconsented_released."""
        self.verdicts = Verdicts(services.counters)
        self.display = display = Display(venue.audience, self.counts)
        self.outbox = Outbox(services.store, MAX_CALL_ENTRIES, self.counts, display.memory_failed, display.memory_works)
        self.interpreter = Interpreter()
        context = CallContext(
            venue, services, settings, self.counts, display, self.outbox, self.verdicts, self.interpreter
        )
        self.record = Record(context, history)
        self._services = services
        self._settings = settings
        self.barred: frozenset[int] = frozenset()
        "who of the people met may not be answered here"
        self.consents = Consents(lambda: settings().consent, consents)
        self._accounts = Accounts(context)
        self._extras = Extras(self._accounts.account)
        floor = Floor(FloorSettings(preemptive=settings().preemptive), self.counts)
        listener = Listener(services.make_vad, floor, settings)
        self._responder = responder = Responder(context, self.record, self._accounts, floor)
        self.captions = Captions(context, self._extras, self.record.name, responder.transcripts.dictation.parts)
        self.record.on_written, self.record.on_corrected = self.captions.written, self.captions.corrected
        self._conversation = Conversation(
            context, listener, responder, self.captions, self.agreed, lambda: self.barred, self.record.name
        )
        self.holdings = Holdings(context, self.consents, listener, floor, responder, self.record, self.people_changed)
        self._link: VoiceLink | None = None
        self._group: asyncio.TaskGroup | None = None
        self._leaving = asyncio.Event()
        self.began = services.wall()
        self._started_at = services.clock()
        self._recording_ids = count(-1, -1)
        "utterance ids of recordings: those of the listener ascend from 1"

    @property
    def state(self) -> CallState:
        return self._conversation.state

    @property
    def link(self) -> VoiceLink | None:
        """What it hears and speaks by; None between two links."""
        return self._link

    def status(self) -> CallStatus:
        return CallStatus(
            self.state,
            self._services.clock() - self._started_at,
            self._responder.outcomes.turns,
            self._accounts.cost,
            len(self._responder.turns),
            self.record.people(),
            self.agreed(),
        )

    # What people allow; holdings.py lets go of what they take back.

    def agreed(self) -> frozenset[int]:
        """Return who of the people present may be heard."""
        return self.consents.may_be_heard(self.venue.people()) - self.barred

    def withdrew(self, user_id: int) -> bool:
        """Whether somebody does not want to be heard, here or not."""
        return self.consents.withdrew(user_id)

    def agree(self, user_id: int) -> None:
        """Somebody agreed to be heard."""
        self.consents.decide(user_id, True)
        self.outbox.include(user_id)
        self.people_changed()

    def people_changed(self) -> None:
        """Somebody came, went or changed their mind; or what the server lets the bot or them do changed."""
        present = self.record.people().keys()  # so that it knows everyone's name once they have left
        access, place = self._settings().access, self.venue.place
        barred = {user for user in present if not access.permits(user, place.standing(user), *IN_A_CALL)}
        self.holdings.bar(barred - self.barred, self.captions)
        self.barred = self.barred - present | barred
        if self._link:
            # Also who has just left: what they said before is on its way, and leaving takes no consent back.
            self._link.admit(self.consents.may_be_heard(self.record.met) - self.barred)
        self._responder.unread(lambda one: one not in present or one in self.barred)
        if self.venue.speechless:
            self._responder.muted()

    # What people ask of it.

    def stop(self) -> bool:
        """Be quiet now and drop what waits; False when there was nothing to stop."""
        return self._responder.stop()

    def replay(self) -> bool:
        """Play the last answer again; False when there is none."""
        return self._responder.replay()

    def ask(
        self,
        user_id: int,
        text: str,
        recording: bytes = b"",
        document: str = "",
        voice: int = 0,
        *,
        read_in: str = "",
        addressed: bool = True,
    ) -> None:
        """Answer a written question aloud as soon as the floor is free.

        `recording`, s16le mono 16 kHz, goes with it, and its words are written down; so does `document`, the words of
        files. `voice` is who is heard in the recording, 0: whoever asks; if they withdraw, nobody hears it. The text is
        first read aloud in the voice `read_in`, if any; unless `addressed`, it is only answered if it would be spoken.
        """
        number = next(self._recording_ids) if recording else 0
        typed = Typed(user_id, text, self._services.clock(), recording, number, document, voice, read_in, addressed)
        self._conversation.note_words(typed.at)
        self.record.asked(replace(typed, recording=b""))  # the record remembers words, not sound
        self._responder.turns.offer(typed=[typed])
        if recording and self._group:
            utterance = Utterance(number, user_id, typed.at, recording, seconds(recording, HEAR_RATE), "silence")
            self._responder.transcripts.start(utterance, self._group, voice)

    def unread(self, user_id: int) -> None:
        """Somebody does not want what they write read aloud any more."""
        self._responder.unread(lambda one: one == user_id)

    # Its life.

    @property
    def left(self) -> bool:
        """Whether it was told to end."""
        return self._leaving.is_set()

    def leave(self) -> None:
        """End the call; `run` returns."""
        self._leaving.set()

    async def drain(self) -> None:
        """Take no new turns, let the running words end, then leave."""
        self._conversation.draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(MAX_DRAIN_SECONDS):
                while answer := self._responder.answer:
                    await answer.over()
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
            talking = group.create_task(self._conversation.run(link, group), name="conversation")
            answering = group.create_task(self._responder.run(link, group), name="responder")
            end = await self._ended(link, group, talking)
            self._conversation.set_state(CallState.LEAVING)
            self._responder.stop()
            talking.cancel()
            answering.cancel()
            await self._responder.transcripts.finish()
            if self.left:
                await self.captions.close_all()
            self.display.close()
            self.outbox.close()
            await asyncio.gather(*writing)
        self._link = self._group = None
        return end

    async def _ended(self, link: VoiceLink, group: asyncio.TaskGroup, talking: asyncio.Task[None]) -> LinkEnd:
        """Return why, when the link is lost, or when it is time to leave."""
        lost = group.create_task(link.ended(), name="link")
        leaving = group.create_task(self._leaving.wait(), name="leaving")
        await asyncio.wait((lost, leaving, talking), return_when=asyncio.FIRST_COMPLETED)
        if talking.done():
            self.leave()
        lost_first = lost.done()
        lost.cancel()
        leaving.cancel()
        return lost.result() if lost_first else LinkEnd.LEFT
