"""Which server has a call: join, leave, move, return."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Self
from uuid import uuid4

import structlog

from bot.call.auto_join_blocks import AutoJoinBlocks
from bot.call.beginning import Beginning
from bot.call.call import Call
from bot.call.meeting_times import MeetingTimes
from bot.call.services import Services
from bot.call.session import Session
from bot.call.settings import CallSettings
from bot.call.shown import Notice
from bot.errors import AlreadyInCall, StoreError, StoreUnavailable, Unwanted
from bot.ports import Venue, VoiceLink
from bot.privacy.consent import ConsentNotes
from bot.privacy.erasure import Erasure
from bot.store.outbox import Outbox
from bot.types import LinkEnd

log = structlog.get_logger(__name__)

LAST_WRITE_SECONDS = 3.0
"""For the outbox when the process ends: it must be gone within 30 s."""


class CallManager:
    """All calls of the process; an async context manager that ends them when it exits."""

    def __init__(self, services: Services, settings: Callable[[int, int], CallSettings], erasure: Erasure) -> None:
        """`settings` gives how a server and channel (ids) want their calls; `erasure` reaches each while it runs."""
        self.counts: Counter[str] = Counter()
        "joined, rejoined, lost, crashed"
        self.auto_join_blocks = AutoJoinBlocks(services.store, services.wall)
        self.erasure = erasure
        erasure.register(services.spellings)
        self.meetings = MeetingTimes()
        self.on_end: Callable[[Call], Coroutine[Any, Any, None]] | None = None
        """Told of each call that is over, unless it goes on elsewhere or in the next process; it must not raise."""
        self._services = services
        self._settings = settings
        self._consents = ConsentNotes(services.store, services.outbox)
        self._sessions: dict[int, Session] = {}
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        await self.auto_join_blocks.load()
        self._writing = self._group.create_task(self.outbox.run(), name="outbox")
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._leave_all()
        await self._write_last()
        await self._group.__aexit__(None, None, None)

    @property
    def outbox(self) -> Outbox:
        return self._services.outbox

    def get(self, guild_id: int) -> Call | None:
        session = self._sessions.get(guild_id)
        return session.call if session else None

    def all(self) -> list[Call]:
        return [session.call for session in self._sessions.values()]

    async def join(self, venue: Venue, by: int | None) -> Call:
        """Begin a call. Who asks for it (`by`) agrees to be heard; None: nobody asked, the bot returns or comes itself.

        Raises JoinError; AlreadyInCall when another channel of the server has the bot and people in it.
        """
        guild_id = venue.guild_id
        if by is not None:
            await self.auto_join_blocks.lift_all(guild_id)
        async with self._beginning(guild_id) as beginning:
            running = self.get(guild_id)
            if running and running.venue.channel_id == venue.channel_id:
                if by is not None:
                    await self.consent(guild_id, by, True)
                return running
            if running and running.venue.people():
                raise AlreadyInCall
            await self._end(guild_id)
            with structlog.contextvars.bound_contextvars(guild=guild_id):
                link = await self._enter(venue)
            if by is not None:
                await beginning.agree(guild_id, by)
            try:
                await venue.entered()
                call = await self._begin(venue, link, beginning)
            except BaseException:
                await link.close()
                raise
            self.counts["joined"] += 1
            return call

    async def settled(self, guild_id: int) -> None:
        """Wait until nobody brings the bot into a channel of the server, moves it or takes it out."""
        async with self._locks[guild_id]:
            pass

    async def leave(self, guild_id: int) -> bool:
        """End the call of a server; False when there is none."""
        async with self._locks[guild_id]:
            return await self._end(guild_id)

    async def moved(self, guild_id: int, venue: Venue) -> None:
        """Discord moved the bot to another channel: continue there, with that channel's history."""
        async with self._beginning(guild_id) as beginning:
            session, here = self._sessions.get(guild_id), venue.channel_id
            if session is None or session.call.venue.channel_id == here or session.link.channel_id != here:
                return  # it is there already, or was moved on meanwhile
            session.moving = True
            await self._end(guild_id)
            await venue.entered()
            await self._begin(venue, session.link, beginning)

    def people_changed(self, guild_id: int) -> None:
        """Somebody entered the call's channel, or left it."""
        if call := self.get(guild_id):
            call.people_changed()

    async def consent(self, guild_id: int, user_id: int, agreed: bool) -> None:
        """Somebody agreed to be heard in a server, or withdrew: it holds at once, and in later calls."""
        if not agreed:
            await self.erasure.withdraw(guild_id, user_id)
        elif call := self.get(guild_id):
            call.agree(user_id)
        await self._consents.save(guild_id, user_id, agreed)
        if not agreed and (call := self.get(guild_id)) and not call.withdrew(user_id):  # it has begun since
            await self.erasure.withdraw(guild_id, user_id)

    async def withdrew(self, guild_id: int, user_id: int) -> bool:
        """Return whether somebody does not want to be heard in a server. Raises StoreError."""
        if call := self.get(guild_id):
            return call.withdrew(user_id)
        return (await self._consents.load(guild_id)).get(user_id) is False

    async def drain(self) -> None:
        """Take no new turns, let the running words end, and leave every call; the next process returns to them."""
        calls = self.all()
        for call in calls:
            call.display.show(Notice("restarting"))
        await asyncio.gather(*(call.drain() for call in calls))
        await self._leave_all()

    async def _write_last(self) -> None:
        """Write what is pending, if the store works by now; the process does not wait longer."""
        self.outbox.close()
        await asyncio.wait([self._writing], timeout=LAST_WRITE_SECONDS)
        self._writing.cancel()
        if discarded := self.outbox.discard():
            log.warning("outbox_discarded", count=discarded)

    async def _leave_all(self) -> None:
        for session in self._sessions.values():
            session.comes_back = True
        await asyncio.gather(*(self.leave(guild_id) for guild_id in list(self._sessions)))

    async def _enter(self, venue: Venue) -> VoiceLink:
        try:
            return await venue.connect()
        except Unwanted:
            await self.auto_join_blocks.removed(venue)
            raise

    def _beginning(self, guild_id: int) -> Beginning:
        return Beginning(self._services, self._consents, self.erasure, self._locks[guild_id])

    async def _begin(self, venue: Venue, link: VoiceLink, beginning: Beginning) -> Call:
        guild_id = venue.guild_id
        await beginning.load(guild_id, venue.channel_id)
        settings = partial(self._settings, guild_id, venue.channel_id)
        call = Call(venue, self._services, settings, beginning.consents, beginning.history)
        session = self._sessions[guild_id] = Session(call, link, self.counts)
        self.erasure.register(call.holdings, call.captions)
        beginning.begun(call)
        session.task = self._group.create_task(self._live(session), name=f"call:{guild_id}")
        return call

    async def _end(self, guild_id: int) -> bool:
        session = self._sessions.get(guild_id)
        if session is None or session.task is None:
            return False
        await session.end()
        return True

    async def _live(self, session: Session) -> None:
        """Run a call, and clean up after it."""
        call = session.call
        guild_id = call.venue.guild_id
        structlog.contextvars.bind_contextvars(call=uuid4().hex[:8], guild=guild_id)
        try:
            end = await session.run()
            if end is LinkEnd.KICKED:
                await self.auto_join_blocks.removed(call.venue)
        finally:
            if self._sessions.get(guild_id) is session:
                del self._sessions[guild_id]
            self.outbox.adopt(call.outbox)
            self.erasure.release(call.holdings, call.captions)
            await call.captions.close_all()
            self._services.counters.call_over(call.counts)
        if not session.moving and not session.comes_back:
            await self._note_end(guild_id)
        if not session.comes_back:
            await self._expire(call.venue)
            if self.on_end is not None and not session.moving:
                self._group.create_task(self.on_end(call), name=f"call_over:{guild_id}")

    async def _expire(self, venue: Venue) -> None:
        """Erase the words of a call, where a server keeps them no longer than that."""
        if self._settings(venue.guild_id, venue.channel_id).retention_days == 0:
            try:
                await self.erasure.clear_channel(venue.channel_id)
            except StoreUnavailable as error:
                log.warning("words_not_deleted_yet", guild=venue.guild_id, reason=str(error))

    async def _note_end(self, guild_id: int) -> None:
        try:
            await self.outbox.call(guild_id, None)
        except StoreError as error:
            log.warning("call_end_not_kept", guild=guild_id, reason=str(error))
