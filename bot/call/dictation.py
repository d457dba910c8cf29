"""Asks the transcriber for the words of utterances, a few at once, and knows what the newest request met."""

import asyncio
from collections.abc import Callable, Mapping, Set

import structlog

from bot.billing.budget import Reservation
from bot.call.accounts import Accounts
from bot.call.context import CallContext
from bot.call.growing_speech import GrowingSpeech
from bot.call.heard_parts import HeardParts
from bot.call.shown import Notice
from bot.errors import BotError, BudgetSpent
from bot.types import Heard, Utterance

log = structlog.get_logger(__name__)

MAX_TRANSCRIPTIONS = 8
"""Concurrent transcriptions of one call. Others wait."""
BREATHLESS_GAP_SECONDS = 1.0
"""Between two looks at who speaks without a breath."""


class Dictation:
    """The requests of one call."""

    def __init__(self, context: CallContext, accounts: Accounts) -> None:
        self.parts = HeardParts()
        self.failure: BotError | None = None
        "the error of the newest transcription; None: it succeeded"
        self._venue = context.venue
        self._display = context.display
        self._look_at = float("-inf")
        self._told_missing = False
        "that the model that answers writes down what people say"
        self._transcriber = context.services.transcriber
        self._spellings = context.services.spellings
        self._settings = context.settings
        self._accounts = accounts
        self._slots = asyncio.Semaphore(MAX_TRANSCRIPTIONS)

    @property
    def streams(self) -> bool:
        return self._transcriber.streams

    @property
    def patience(self) -> float:
        """Seconds that words may be waited for."""
        return self._transcriber.patience

    async def write(
        self, utterance: Utterance, reservation: Reservation, over: GrowingSpeech | None = None
    ) -> Heard | None:
        """Return the words of an utterance; None: it failed. `over`: it is, and these are its words so far."""
        streams = self.streams
        async with self._slots:
            try:
                await self._accounts.account.hold(reservation)
                try:
                    if not streams:
                        heard = await self._ask(utterance)
                    elif over:
                        heard = await self.parts.end(utterance, over, self._ask)
                    else:
                        heard = await self.parts.pause(utterance, self._ask)
                except asyncio.CancelledError:
                    if not streams:
                        self._accounts.transcript_wasted(utterance)  # the request was sent, and may be charged
                    raise
                self.failure = None
                if heard.by and not self._told_missing:
                    self._told_missing = True
                    self._display.show(Notice("transcriber_missing"))
                return heard
            except BudgetSpent as error:
                self.failure = error
                return None
            except BotError as error:
                self.failure = error
                log.warning("transcription_failed", utterance=utterance.id, reason=error.code)
                return None

    def breath(self, utterance: Utterance) -> None:
        """Somebody takes a breath: write down what they said since the last one, if the transcriber streams."""
        if self.streams and (reservation := self._accounts.reserve_ahead(utterance)):
            self._accounts.account.settle(reservation)  # it is booked with the whole utterance
            self.parts.breath(utterance, self._ask)

    def tick(self, now: float, growing: Callable[[Set[int]], Mapping[int, Utterance]]) -> None:
        """Do the same for those who take no breath; `growing` gives the open utterances of all but some people."""
        if not self.streams or now < self._look_at:
            return
        self._look_at = now + BREATHLESS_GAP_SECONDS
        for utterance in growing(frozenset()).values():
            if self.parts.breathless(utterance) and (reservation := self._accounts.reserve_ahead(utterance)):
                self._accounts.account.settle(reservation)
                self.parts.cut(utterance, self._ask)

    async def _ask(self, utterance: Utterance) -> Heard:
        names = [self._venue.bot_name, *self._venue.people().values(), *self._spellings.of(self._venue.channel_id)]
        return await self._transcriber.transcribe(utterance, self._settings().language, names)
