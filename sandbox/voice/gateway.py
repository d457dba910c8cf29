"""The voice servers: who has a seat in which call, and the faults that a test can cause."""

import asyncio
import contextlib
import functools
import random
import secrets
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from sandbox.guild.entities import Kind, Member, VoiceState
from sandbox.guild.voice_service import Allotment
from sandbox.guild.world import World
from sandbox.tls import Authority
from sandbox.voice import junk
from sandbox.voice.conditions import Conditions, PathSimulator
from sandbox.voice.room import Close, Room, Seat
from sandbox.voice.sfu import Leg, Sfu
from sandbox.voice.socket import serve_socket

DELIVERY_TICK_SECONDS = 0.1


class VoiceGateway:
    """All calls of one sandbox. It is the VoiceService (sandbox/guild/voice_service.py) of the main gateway.

    Tests change `conditions[user_id]` and the public attributes. `regions` voice servers listen side by side.
    """

    def __init__(self, world: World, authority: Authority, *, seed: str = "0", regions: int = 2) -> None:
        self.conditions: defaultdict[int, Conditions] = defaultdict(Conditions)
        "by user id"
        self.heartbeat_interval = 13.75
        "seconds; a client that is silent for twice as long is closed with 4009"
        self.resume_window = 10.0
        "seconds that a seat is kept after its socket closes"
        self.region = 0
        "index into `endpoints`: the voice server of new seats"
        self.plain_allowed: set[int] = set()
        "channels that still admit clients without DAVE, and are unencrypted while one is connected"
        self.seed = seed
        self.sfu = Sfu(seed)
        self.endpoints: list[str] = []
        self.rooms: dict[int, Room] = {}
        "by channel id; only rooms with somebody in them"
        self.counts: Counter[str] = Counter()
        "identified, resumed, closed by code"
        self._world = world
        self._authority = authority
        self._seats: dict[str, Seat] = {}
        "by token"
        self._regions = regions
        self._random = random.Random(seed + "/junk")
        self._next_ssrc = 1000 + secrets.randbelow(1000)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["VoiceGateway"]:
        app = web.Application()
        app.router.add_get("/", functools.partial(serve_socket, self))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self.sfu.start()
        await runner.setup()
        for _ in range(self._regions):
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self._authority.server_context).start()
        self.endpoints = [f"127.0.0.1:{address[1]}" for address in runner.addresses]
        ticker = asyncio.create_task(self._tick(), name="sandbox voice tick")
        try:
            yield self
        finally:
            ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticker
            for seat in list(self._seats.values()):
                self.give_up(seat, Close(1001, "The sandbox closes."))
            await runner.cleanup()
            self.sfu.close()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(DELIVERY_TICK_SECONDS)
            now = asyncio.get_running_loop().time()
            for room in list(self.rooms.values()):
                room.delivery.tick(now)

    # VoiceService:

    async def allot(self, guild_id: int, channel_id: int, user_id: int, session_id: str) -> Allotment:
        await self.released(guild_id, user_id)
        seat = Seat(guild_id, channel_id, user_id, session_id, self.conditions[user_id])
        self._seats[seat.token] = seat
        return Allotment(self.endpoints[self.region], seat.token)

    async def released(self, guild_id: int, user_id: int) -> None:
        for seat in self.seats(user_id):
            if seat.guild_id == guild_id:
                self.give_up(seat, Close(4014, "Disconnected."))

    # Faults that a test causes:

    def seats(self, user_id: int) -> list[Seat]:
        """Return a user's seats, at most one per guild."""
        return [seat for seat in self._seats.values() if seat.user_id == user_id]

    def close(self, user_id: int, code: int) -> None:
        """Close a user's voice sockets. After code 4015 the session can resume; any other code ends it."""
        for seat in self.seats(user_id):
            if code == 4015:
                self.drop(seat, Close(code, "Voice server crashed."))
                self.await_resume(seat)
            else:
                self.give_up(seat, Close(code, ""))

    def sever(self, user_id: int) -> None:
        """Abort a user's voice sockets without a closing handshake. The client sees code 1006."""
        for seat in self.seats(user_id):
            if seat.transport is not None and not seat.transport.is_closing():
                seat.transport.abort()

    def inject(self, user_id: int, kind: junk.JunkKind, count: int = 1, *, speaker: int) -> None:
        """Send a listener datagrams that no honest server sends. Kinds that need an SSRC use that of `speaker`."""
        legs = [seat.leg for user in (user_id, speaker) for seat in self.seats(user) if seat.leg]
        junk.inject(self.sfu, legs[0], kind, count, ssrc=legs[-1].ssrc, rng=self._random)

    def downgrade(self, channel_id: int) -> None:
        """Make a call unencrypted, as if somebody without DAVE had joined."""
        self.room(channel_id).delivery.downgrade(asyncio.get_running_loop().time())

    def upgrade(self, channel_id: int) -> None:
        """Make a call end-to-end encrypted again."""
        self.room(channel_id).delivery.upgrade(asyncio.get_running_loop().time())

    def room(self, channel_id: int) -> Room:
        """Return the room of a channel, made on first use: unencrypted on a stage, end-to-end encrypted elsewhere."""
        if channel_id not in self.rooms:
            channel = self._world.channel(channel_id)
            plain = channel is not None and channel.kind is Kind.STAGE
            self.rooms[channel_id] = Room(channel_id, version=0 if plain else 1, hears=self._hears, speaks=self._speaks)
        return self.rooms[channel_id]

    # What the world knows about the user of a seat:

    def _hears(self, seat: Seat) -> bool:
        member, state = self._member_and_state(seat)
        return not ((member and member.deaf) or (state and state.self_deaf))

    def _speaks(self, seat: Seat) -> bool:
        member, state = self._member_and_state(seat)
        return not ((member and member.mute) or (state and state.suppress))

    def _member_and_state(self, seat: Seat) -> tuple[Member | None, VoiceState | None]:
        guild = self._world.guilds.get(seat.guild_id)
        return (guild.members.get(seat.user_id), guild.voice_states.get(seat.user_id)) if guild else (None, None)

    # The SeatRegistry of socket.py:

    def claimed(self, token: str) -> Seat | None:
        return self._seats.get(token)

    def admits(self, seat: Seat) -> bool:
        """Return whether the client's DAVE version is enough for the call that it wants to enter."""
        room = self.room(seat.channel_id)
        return bool(seat.dave_version) or not room.delivery.version or seat.channel_id in self.plain_allowed

    def open_leg(self, seat: Seat) -> Leg:
        """Give a seat a new SSRC and key. Its previous leg ends."""
        room = self.room(seat.channel_id)
        self._vacate(seat)
        self._next_ssrc += 1 + secrets.randbelow(5)
        knobs, name = seat.conditions, f"{self.seed}/{seat.user_id}"
        seat.leg = Leg(
            seat.user_id,
            self._next_ssrc,
            secrets.token_bytes(32),
            knobs,
            up=PathSimulator(knobs.up, name + "/up"),
            down=PathSimulator(knobs.down, name + "/down"),
            peers=lambda: room.listeners(seat),
            dave=seat.dave_version > 0,
        )
        self.sfu.add(seat.leg)
        return seat.leg

    def _vacate(self, seat: Seat) -> None:
        """Remove a seat from the SFU and its room."""
        if seat.leg:
            self.sfu.remove(seat.leg)
            seat.leg = None
        room = self.rooms.get(seat.channel_id)
        if room:
            room.leave(seat, asyncio.get_running_loop().time())

    def give_up(self, seat: Seat, why: Close | None) -> None:
        """End a session: its token becomes invalid. With `why`, also close its socket."""
        self._seats.pop(seat.token, None)
        self._vacate(seat)
        room = self.rooms.get(seat.channel_id)
        if room and not room.seats and not any(s.channel_id == seat.channel_id for s in self._seats.values()):
            del self.rooms[seat.channel_id]
        if why:
            self.drop(seat, why)

    def drop(self, seat: Seat, why: Close) -> None:
        """Close a seat's socket if it has one. The seat has no socket from now on."""
        if seat.socket is not None and seat.close_request is not None and not seat.close_request.done():
            seat.close_request.set_result(why)
        seat.socket = None

    def await_resume(self, seat: Seat) -> None:
        """Give up a seat without a socket, unless its client resumes in time."""

        def expire() -> None:
            if seat.socket is None and self._seats.get(seat.token) is seat:
                self.give_up(seat, None)

        asyncio.get_running_loop().call_later(self.resume_window, expire)


@asynccontextmanager
async def open_voice(world: World, authority: Authority, *, seed: str = "0") -> AsyncIterator[VoiceGateway]:
    """Open the voice servers of a sandbox (a VoiceFactory, see server.py). `seed` seeds every simulated path."""
    async with VoiceGateway(world, authority, seed=seed).serving() as gateway:
        yield gateway
