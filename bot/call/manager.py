"""Which server has a call: join, leave, move, come back. A crash fells only its own call."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Set
from dataclasses import dataclass
from functools import partial
from typing import Self
from uuid import uuid4

import structlog

from bot.billing.budget import Budget
from bot.call.auto_join_blocks import AutoJoinBlocks
from bot.call.call import Call
from bot.call.services import Services
from bot.call.settings import CallSettings
from bot.call.shown import Notice
from bot.errors import AlreadyInCall, CallCrashed, EncryptionRefused, JoinError, LinkLost, StoreError, StoreUnavailable
from bot.ports import Venue, VoiceLink
from bot.store.outbox import Outbox
from bot.types import CallState, LinkEnd, Message

log = structlog.get_logger(__name__)

HISTORY = 200
"""Lines loaded when a call begins."""
BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds before each attempt to come back after the link was lost; then the call is given up."""
FAREWELL = 1.0
"""Seconds a call has for what can only be done from inside, such as clearing the line under the channel's name."""
CLOSE_WITHIN = 10.0
"""Seconds a call has to write down its last words once it was told to end."""
DRAINED_WITHIN, LAST_WRITE_SECONDS = 6.0, 3.0
"""The same when the process ends, and what the outbox has after that: the process must be gone within 30 s."""


@dataclass(slots=True)
class _Seat:
    """A call, and the link it lives by."""

    call: Call
    link: VoiceLink
    task: asyncio.Task[None] | None = None
    moving: bool = False
    "the link goes on to another channel's call"
    comes_back: bool = False
    "the process ends: the store keeps the call, for the next one to take up"


class CallManager:
    """All calls of the process; an async context manager, whose end ends them."""

    def __init__(self, services: Services, settings: Callable[[int, int], CallSettings]) -> None:
        """`settings` gives how a server and channel (their ids) want their calls."""
        self.counts: Counter[str] = Counter()
        "joined, rejoined, lost, crashed"
        self.away = AutoJoinBlocks(services.store, services.wall)
        "where it does not come by itself"
        self._services = services
        self._settings = settings
        self._seats: dict[int, _Seat] = {}
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        await self.away.load()
        self._writing = self._group.create_task(self.outbox.run(), name="outbox")
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._leave_all()
        await self._write_last()
        await self._group.__aexit__(None, None, None)

    def get(self, guild_id: int) -> Call | None:
        seat = self._seats.get(guild_id)
        return seat.call if seat else None

    def all(self) -> list[Call]:
        return [seat.call for seat in self._seats.values()]

    async def join(self, venue: Venue, by: int | None) -> Call:
        """Begin a call; `by` agrees to be heard by asking for it (None: nobody, a return after a restart).

        Raises JoinError; AlreadyInCall when another channel of the server has the bot and people in it.
        """
        guild_id = venue.guild_id
        if by is not None:
            await self.away.called(guild_id)
        async with self._locks[guild_id]:
            there = self.get(guild_id)
            if there and there.venue.channel_id == venue.channel_id:
                if by is not None:
                    await self.consent(guild_id, by, True)
                return there
            if there and there.venue.people():
                raise AlreadyInCall
            await self._end(guild_id)
            with structlog.contextvars.bound_contextvars(guild=guild_id):
                link = await venue.connect()
            if by is not None:
                await self._agree(guild_id, by, True)
            try:
                call = await self._begin(venue, link, {by: True} if by is not None else {})
            except BaseException:
                await link.close()
                raise
            self.counts["joined"] += 1
            return call

    async def leave(self, guild_id: int) -> bool:
        """End the call of a server; False when there is none."""
        async with self._locks[guild_id]:
            return await self._end(guild_id)

    async def moved(self, guild_id: int, venue: Venue) -> None:
        """Discord moved the bot to another channel: go on there, with that channel's history."""
        async with self._locks[guild_id]:
            seat = self._seats.get(guild_id)
            if seat is None or seat.call.venue.channel_id == venue.channel_id:
                return
            seat.moving = True
            await self._end(guild_id)
            await self._begin(venue, seat.link, {})

    def people_changed(self, guild_id: int) -> None:
        """Somebody came to the call's channel, or left it."""
        if call := self.get(guild_id):
            call.people_changed()

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None:
        """Somebody agreed to be heard in a server, or withdrew: now, and from now on."""
        if call := self.get(guild_id):
            call.consent(user_id, agreed)
        await self._agree(guild_id, user_id, agreed)

    async def forget(self, user_id: int) -> None:
        """Drop what is in memory of a person, in every call, and return when nothing of it can reach the store."""
        self.budget.forget(user_id)
        self._services.engine.forget_person(user_id)
        self.outbox.forget(user_id)
        for call in self.all():
            call.forget(user_id)
        await self._settled()

    async def cleared(self, channel_id: int) -> None:
        """Drop what is in memory of a channel's history, and return when nothing of it can reach the store."""
        self._services.engine.forget(channel_id)
        self.outbox.clear(channel_id)
        for call in self.all():
            if call.venue.channel_id == channel_id:
                call.clear()
        await self._settled()

    async def drop(self, channel_id: int, message_ids: Set[str]) -> None:
        """The same of some lines of a channel."""
        self._services.engine.forget(channel_id)
        self.outbox.drop(message_ids)
        for call in self.all():
            if call.venue.channel_id == channel_id:
                call.drop(message_ids)
        await self._settled()

    @property
    def budget(self) -> Budget:
        return self._services.budget

    @property
    def outbox(self) -> Outbox:
        return self._services.outbox

    async def drain(self) -> None:
        """Take no new turns, let running words end, and leave every call; a restart comes back to them."""
        calls = self.all()
        for call in calls:
            call.display.show(Notice("restarting"))
        await asyncio.gather(*(call.drain() for call in calls))
        await self._leave_all()

    async def _settled(self) -> None:
        """Return when nothing that was dropped meanwhile is on its way to the store."""
        await asyncio.gather(self.outbox.settled(), *(call.outbox.settled() for call in self.all()))

    async def _write_last(self) -> None:
        """Write what is pending, if the store works by now; the process does not wait longer."""
        self.outbox.close()
        await asyncio.wait([self._writing], timeout=LAST_WRITE_SECONDS)
        self._writing.cancel()
        if discarded := self.outbox.discard():
            log.warning("outbox_discarded", count=discarded)

    async def _leave_all(self) -> None:
        for seat in self._seats.values():
            seat.comes_back = True
        await asyncio.gather(*(self.leave(guild_id) for guild_id in list(self._seats)))

    async def _begin(self, venue: Venue, link: VoiceLink, consents: dict[int, bool]) -> Call:
        guild_id, channel_id = venue.guild_id, venue.channel_id
        store = self._services.store
        history: list[Message] = []
        failure: StoreError | None = None
        try:
            consents = await store.consents(guild_id) | self.outbox.pending_consents(guild_id) | consents
            history = self._with_pending(channel_id, await store.history(channel_id, HISTORY))
            await self.outbox.call(guild_id, channel_id)
        except StoreError as error:
            failure = error
            consents = self.outbox.pending_consents(guild_id) | consents
            history = history or self._with_pending(channel_id, [])
        await self._services.budget.load(guild_id, store)
        call = Call(venue, self._services, partial(self._settings, guild_id, channel_id), consents, history)
        if failure:
            call.display.memory_failed(failure)
        seat = self._seats[guild_id] = _Seat(call, link)
        seat.task = self._group.create_task(self._live(seat), name=f"call:{guild_id}")
        return call

    def _with_pending(self, channel_id: int, stored: list[Message]) -> list[Message]:
        """Return a channel's history with what an earlier call could not write yet."""
        lines = {message.id: message for message in (*stored, *self.outbox.pending_lines(channel_id))}
        return sorted(lines.values(), key=lambda message: message.at)

    async def _end(self, guild_id: int) -> bool:
        """End a call and wait until it has written down its last words, but not for ever."""
        seat = self._seats.get(guild_id)
        if seat is None or seat.task is None:
            return False
        seat.call.leave()
        if not seat.moving:
            await asyncio.wait([seat.task], timeout=FAREWELL)
            await seat.link.close()
        _, late = await asyncio.wait([seat.task], timeout=DRAINED_WITHIN if seat.comes_back else CLOSE_WITHIN)
        for task in late:
            task.cancel()
        await asyncio.wait([seat.task])
        return True

    async def _live(self, seat: _Seat) -> None:
        """Run a call to its end, over lost links; whatever happens stays in this call."""
        guild_id = seat.call.venue.guild_id
        structlog.contextvars.bind_contextvars(call=uuid4().hex[:8], guild=guild_id)
        try:
            end = await self._over_links(seat)
            if end is LinkEnd.KICKED and seat.call.venue.stands():  # nobody is put out by deleting a channel
                await self.away.put_out(guild_id)
            log.info("call_ended", guild=guild_id, reason=end.value)
        except Exception:
            # One server's bug is not another's: it is logged and counted, and the others go on.
            self.counts["crashed"] += 1
            log.exception("call_crashed", guild=guild_id)
            await self._mourn(seat.call.venue)
        finally:
            if self._seats.get(guild_id) is seat:
                del self._seats[guild_id]
            if not seat.moving:
                await seat.link.close()
            self.outbox.adopt(seat.call.outbox)
            self._services.tally.call_over(seat.call.counts)
        if not seat.moving and not seat.comes_back:
            await self._forget(guild_id)
        if not seat.comes_back:
            await self._expire(seat.call.venue)

    @staticmethod
    async def _mourn(venue: Venue) -> None:
        """Tell people that a bug ended their call, if that still can be told."""
        try:
            async with asyncio.timeout(CLOSE_WITHIN):
                await venue.audience.trouble(CallCrashed())
                await venue.audience.state(CallState.LEAVING)
        except Exception:
            log.exception("crash_untold")

    async def _over_links(self, seat: _Seat) -> LinkEnd:
        while True:
            end = await seat.call.run(seat.link)
            if end is LinkEnd.REFUSED:
                await seat.call.venue.audience.trouble(EncryptionRefused())
            if end is not LinkEnd.LOST:
                return end
            self.counts["lost"] += 1
            if not await self._come_back(seat):
                await seat.call.venue.audience.trouble(LinkLost())
                return end
            self.counts["rejoined"] += 1

    async def _come_back(self, seat: _Seat) -> bool:
        """Enter the channel again while people are in it; False when every attempt failed."""
        for pause in BACKOFF:
            await seat.link.close()
            await asyncio.sleep(pause)
            if seat.call.left or not seat.call.venue.people():
                return False
            try:
                seat.link = await seat.call.venue.connect()
            except JoinError as error:
                log.warning("rejoin_failed", guild=seat.call.venue.guild_id, reason=error.code)
            else:
                return True
        return False

    async def _agree(self, guild_id: int, user_id: int, agreed: bool) -> None:
        try:
            await self.outbox.consent(guild_id, user_id, agreed)
        except StoreError as error:
            # It holds all the same; who withdrew must not be heard because a disk is full.
            log.warning("consent_not_kept", guild=guild_id, reason=str(error))

    async def _expire(self, venue: Venue) -> None:
        """Let words go that last only as long as the call."""
        if self._settings(venue.guild_id, venue.channel_id).retention_days == 0:
            self.outbox.clear(venue.channel_id)
            try:
                await self._services.store.clear(venue.channel_id)
            except StoreUnavailable as error:
                log.warning("words_not_deleted_yet", guild=venue.guild_id, reason=str(error))

    async def _forget(self, guild_id: int) -> None:
        try:
            await self.outbox.call(guild_id, None)
        except StoreError as error:
            log.warning("call_end_not_kept", guild=guild_id, reason=str(error))
