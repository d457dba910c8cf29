"""What the voice gateway may say: nothing of it raises, or leaves anything behind that grows.

The real socket and connection state, down to discord.py and davey, are told one message after the other, valid ones
and others.
"""

import asyncio
import json
import random
import resource
import sys
import time
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.voice import dave
from bot.voice.link.connection import VoiceConnection, VoiceGatewaySocket
from bot.voice.link.gateway_events import GatewayEvents
from bot.voice.link.gateway_messages import well_formed
from bot.voice.link.gateway_sessions import GatewaySessions
from bot.voice.link.heartbeat import MIN_INTERVAL_SECONDS, Heartbeat
from bot.voice.link.link import Link
from bot.voice.link.membership import ChannelMembership
from bot.voice.receive.inbox import Inbox
from bot.voice.receive.receiver import Receiver
from bot.voice.receive.roster import MAX_MAPPED_USERS, Roster
from bot.voice.receive.stall_guard import StallGuard
from bot.voice.receive.udp import DatagramSocket, UdpReader
from tests.voice.fake_room import BOT, library

CHANNEL = 77
KEY = list(range(32))
MODES = ["aead_xchacha20_poly1305_rtpsize"]
DESCRIBED = {"mode": MODES[0], "secret_key": KEY, "dave_protocol_version": 1}
NAN = float("nan")


@pytest.mark.parametrize(
    ("op", "data"),
    [
        (2, {"ssrc": 1, "port": 5000, "ip": "127.0.0.1", "modes": MODES, "more": []}),
        (4, DESCRIBED),
        (5, None),
        (8, {"heartbeat_interval": 13750}),
        (8, {"heartbeat_interval": 41250.0}),
        (22, {"transition_id": 0}),
        (99, "whatever"),
        ([], {}),
    ],
)
def test_what_may_be_handled(op: object, data: object) -> None:
    assert well_formed({"op": op, "d": data, "seq": 7})
    assert well_formed({"op": op, "d": data})


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {"op": 5, "d": {}, "seq": NAN},
        {"op": 8},
        *({"op": 8, "d": {"heartbeat_interval": value}} for value in (None, NAN, 0, -1, "5", float("inf"))),
        *({"op": 4, "d": DESCRIBED | {"secret_key": value}} for value in (KEY[1:], "k" * 32, 10**12, [256] * 32, None)),
        *({"op": 4, "d": DESCRIBED | {"dave_protocol_version": value}} for value in (None, -1, 1.0, True, "1")),
        *({"op": 2, "d": {"ssrc": value, "port": 1, "ip": "", "modes": MODES}} for value in (1 << 32, -1, "1")),
        {"op": 2, "d": {"ssrc": 1, "port": 1, "ip": "", "modes": [3]}},
        {"op": 21, "d": {"transition_id": 1}},
        {"op": 22, "d": {"transition_id": {}}},
        {"op": 24, "d": {"epoch": 1, "protocol_version": NAN}},
    ],
)
def test_what_is_only_counted(message: object) -> None:
    assert not well_formed(message)


class FakeSocket:
    """A WebSocket whose next message is at hand, and which sends nothing."""

    message: Any = None

    async def receive(self) -> Any:
        return self.message

    async def send_str(self, _: str) -> None:
        pass

    async def send_bytes(self, _: bytes) -> None:
        pass


class Talkative:
    """A connection whose voice gateway says anything."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        guild = SimpleNamespace(id=5, me=None, shard_id=0)
        voice = SimpleNamespace(
            client=SimpleNamespace(is_closed=lambda: False),
            channel=SimpleNamespace(id=CHANNEL, guild=guild),
            guild=guild,
            user=SimpleNamespace(id=BOT),
            loop=loop,
            supported_modes=discord.VoiceClient.supported_modes,
        )
        self.receiver = Receiver(library())
        self.roster = Roster(self.receiver)
        self.reader = UdpReader(Inbox(), StallGuard(), time.monotonic)
        membership = ChannelMembership(cast(Any, voice), GatewayEvents(CHANNEL, time.monotonic), GatewaySessions())
        self.connection = VoiceConnection(membership, self.reader, self.roster, time.monotonic)
        self.connection.dave_session = dave.new_session(BOT, CHANNEL)
        self.connection.socket = DatagramSocket()
        self.connection.discovery.address = self._address
        self.socket = VoiceGatewaySocket(cast(Any, FakeSocket()), loop, hook=self.connection._message)
        self.socket._connection = self.connection
        self.socket.thread_id, self.socket._max_heartbeat_timeout = 0, 60.0
        self.connection.ws = voice.ws = self.socket
        keys = SimpleNamespace(transport=self.connection, receiver=self.receiver, inbox=self.reader.inbox, _keys=())
        self.rekey = lambda: Link._rekey(cast(Link, keys))

    async def hear(self, message: str | bytes) -> None:
        """Take a message, then do what each tick of a call and the monitor do."""
        kind = aiohttp.WSMsgType.TEXT if isinstance(message, str) else aiohttp.WSMsgType.BINARY
        cast(Any, self.socket.ws).message = SimpleNamespace(type=kind, data=message)
        await self.socket.poll_event()
        self.rekey()
        assert self.connection.out_of_step in (True, False)
        if isinstance(self.connection.ssrc, int):
            self.connection.discovery.keep_alive(self.connection.ssrc)

    def close(self) -> None:
        if self.socket._heartbeat is not None:
            self.socket._heartbeat.stop()
        self.connection.socket.close()
        self.reader.stop()

    async def _address(self, ssrc: int) -> tuple[str, int]:
        return "192.0.2.1", ssrc % 65536


FIELDS: dict[int, dict[str, Any]] = {
    2: {"ssrc": 7, "port": 5000, "ip": "127.0.0.1", "modes": MODES},
    4: DESCRIBED,
    5: {"user_id": "12", "ssrc": 7, "speaking": 1},
    6: {"t": 1},
    8: {"heartbeat_interval": 13750},
    9: {},
    11: {"user_ids": ["12", "13"]},
    12: {"user_id": "12", "audio_ssrc": 7, "video_ssrc": 0},
    13: {"user_id": "12"},
    21: {"transition_id": 3, "protocol_version": 1},
    22: {"transition_id": 3},
    24: {"epoch": 1, "protocol_version": 1},
}
ODD = [
    *(None, True, False, 0, -1, 1 << 31, 1 << 32, 1 << 64, 10**30, 0.5, 1e308, NAN, float("inf"), float("-inf")),
    *("", "x", "100", "-5", "1e5", "9" * 5000, [], {}, [1], [None], {"a": 1}, [[[[]]]]),
]
NO_MESSAGES = [
    "",
    "[]",
    "null",
    "NaN",
    '{"op": 5',
    "[" * 50_000,
    "1" * 5_000,
    '{"op": 5, "d": ' + "[" * 3_000 + "]" * 3_000 + "}",
]


def drawn(rng: random.Random) -> str | bytes:
    """Return a message of the voice gateway, or what looks a little like one."""
    if rng.random() < 0.3:
        body = rng.choice((b"", b"\0", b"\0\1\0\1" + rng.randbytes(40), b"\0\xff\xff\xff\xff", rng.randbytes(200)))
        message = rng.randbytes(2) + bytes([rng.choice((25, 27, 29, 30, rng.randrange(256)))]) + body
        return message[: rng.choice((999, 999, rng.randrange(10)))]
    if rng.random() < 0.02:
        return rng.choice(NO_MESSAGES)
    op = rng.choice(list(FIELDS))
    data: Any = {}
    for name, value in FIELDS[op].items():
        if rng.random() < 0.6:
            fresh = isinstance(value, int) and not isinstance(value, bool) and name != "heartbeat_interval"
            data[name] = rng.randrange(1 << 16) if fresh and rng.random() < 0.5 else value
        elif rng.random() < 0.9:
            data[name] = rng.choice(ODD)
    if "user_id" in data and rng.random() < 0.5:
        data["user_id"] = str(rng.randrange(1, 1 << 63))
    if op == 11 and rng.random() < 0.5:
        data["user_ids"] = [rng.choice((str(rng.randrange(1, 1 << 63)), *ODD[-3:])) for _ in range(4)]
    message = {"op": op, "d": data if rng.random() < 0.95 else rng.choice(ODD), "seq": rng.choice((*[1] * 99, *ODD))}
    if rng.random() < 0.05:
        message["op"] = rng.choice(ODD)
    if rng.random() < 0.05:
        del message["d"]
    return json.dumps(message)


@pytest.mark.parametrize("messages", [600, pytest.param(200_000, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
async def test_nothing_that_it_says_raises_or_grows(messages: int) -> None:
    rng, told = random.Random(messages), Talkative()
    tasks = len(asyncio.all_tasks())
    kibibytes = 0
    try:
        for number in range(messages):
            await told.hear(drawn(rng))
            if number % 200 == 199:
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                assert len(asyncio.all_tasks()) <= tasks + 1, "more than one heartbeat"
                assert len(told.roster._connected) <= MAX_MAPPED_USERS
                assert len(told.receiver._ssrcs) <= 2 * MAX_MAPPED_USERS
            if number == messages // 4:
                kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
                    1024 if sys.platform == "darwin" else 1
                )
    finally:
        told.close()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1) - kibibytes
    unreadable, malformed = told.connection.stats.unreadable, told.roster.malformed
    print(f"{messages:,} messages: {unreadable:,} unreadable, {malformed:,} malformed, {grown} KiB more")
    assert unreadable > messages // 10
    assert malformed > messages // 50
    assert grown < 30 * 1024


async def test_a_second_hello_leaves_one_heartbeat() -> None:
    told = Talkative()
    try:
        before = asyncio.all_tasks()
        for _ in range(50):
            await told.hear(json.dumps({"op": 8, "d": {"heartbeat_interval": 0.001}}))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        [beating] = asyncio.all_tasks() - before
        assert beating.get_name() == "voice heartbeat"
    finally:
        told.close()


async def test_a_heartbeat_is_never_faster_than_a_call_can_bear(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        raise OSError

    async def send(_: object) -> None:
        pass

    monkeypatch.setattr(asyncio, "sleep", sleep)
    for interval in (1e-9, 5.0):
        await Heartbeat(interval, lambda: None, send)._run()
    assert slept == [MIN_INTERVAL_SECONDS, 5.0]
