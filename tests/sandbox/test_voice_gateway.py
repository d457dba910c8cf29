"""The voice gateway's rules, one message at a time."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.server import Sandbox
from sandbox.voice import rtp
from sandbox.voice.dave_engines import make_engine
from sandbox.voice.gateway import VoiceGateway
from tests.sandbox.voice_helpers import voice_of

ANNA, BEN = 100, 200


@pytest.fixture
async def gateway() -> AsyncIterator[VoiceGateway]:
    async with Sandbox.open() as sandbox:
        lobby.clear()
        lobby.append(sandbox)
        yield voice_of(sandbox)


lobby: list[Sandbox] = []


class Client:
    """A voice socket under the test's full control. Close it, or let `clients` do it."""

    def __init__(self, gateway: VoiceGateway, user_id: int) -> None:
        self.gateway = gateway
        self.user_id = user_id
        self.sandbox = lobby[0]
        self.token = ""
        self.ssrc = 0
        self.ack = -1
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    @property
    def socket(self) -> aiohttp.ClientWebSocketResponse:
        assert self._socket is not None
        return self._socket

    @property
    def channel_id(self) -> int:
        return self.sandbox.lounge.id

    def credentials(self, **other: object) -> dict[str, object]:
        return {
            "server_id": str(self.sandbox.guild.id),
            "user_id": str(self.user_id),
            "session_id": "session",
            "token": self.token,
            "max_dave_protocol_version": 1,
        } | other

    async def open(self, *, version: str = "8") -> "Client":
        """Take a seat if there is none yet, and open a socket."""
        if not self.token:
            self.token = (
                await self.gateway.allot(self.sandbox.guild.id, self.channel_id, self.user_id, "session")
            ).token
        await self.shut()
        connector = aiohttp.TCPConnector(ssl=self.sandbox.authority.client_context)
        self._session = aiohttp.ClientSession(connector=connector)
        self._socket = await self._session.ws_connect(f"wss://{self.gateway.endpoints[0]}/?v={version}")
        return self

    async def shut(self, code: int = 1000) -> None:
        if self._socket is not None:
            await self._socket.close(code=code)
        if self._session is not None:
            await self._session.close()

    async def send(self, op: int, data: object) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def until(self, op: int) -> Any:
        """Return the data of the next message with this op: bytes for a binary one."""
        async with asyncio.timeout(60):
            while True:
                message = await self.socket.receive()
                assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
                if message.type is aiohttp.WSMsgType.BINARY:
                    self.ack = int.from_bytes(message.data[:2], "big")
                    found, data = message.data[2], message.data[3:]
                else:
                    payload = json.loads(message.data)
                    self.ack = payload.get("seq", self.ack)
                    found, data = payload["op"], payload["d"]
                if found == op:
                    return data

    async def closed(self) -> int | None:
        """Return the close code with which the gateway ends the socket."""
        async with asyncio.timeout(60):
            while (await self.socket.receive()).type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                pass
        return self.socket.close_code

    async def ready(self) -> "Client":
        await self.open()
        await self.send(0, self.credentials())
        self.ssrc = (await self.until(2))["ssrc"]
        return self

    async def seated(self) -> "Client":
        await self.ready()
        await self.send(
            1, {"protocol": "udp", "data": {"address": "127.0.0.1", "port": 9, "mode": rtp.ENCRYPTION_MODE}}
        )
        await self.until(4)
        return self


@pytest.fixture
async def anna(gateway: VoiceGateway) -> AsyncIterator[Client]:
    client = Client(gateway, ANNA)
    yield client
    await client.shut()


@pytest.fixture
async def ben(gateway: VoiceGateway) -> AsyncIterator[Client]:
    client = Client(gateway, BEN)
    yield client
    await client.shut()


async def test_the_way_in(anna: Client, gateway: VoiceGateway) -> None:
    await anna.open()
    assert (await anna.until(8))["heartbeat_interval"] == 13_750
    await anna.send(0, anna.credentials())
    ready = await anna.until(2)
    assert (ready["ip"], ready["port"], ready["modes"]) == ("127.0.0.1", gateway.sfu.port, [rtp.ENCRYPTION_MODE])
    await anna.send(1, {"protocol": "udp", "data": {"address": "127.0.0.1", "port": 9, "mode": rtp.ENCRYPTION_MODE}})
    description = await anna.until(4)
    assert (description["mode"], description["dave_protocol_version"]) == (rtp.ENCRYPTION_MODE, 1)
    assert len(description["secret_key"]) == 32
    assert len(await anna.until(25)) == 78


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"token": "guessed"}, 4004),
        ({"user_id": "1"}, 4004),
        ({"session_id": "other"}, 4006),
        ({"server_id": "1"}, 4011),
        ({"token": 5}, 4002),
        ({"max_dave_protocol_version": 0}, 4017),
        ({"max_dave_protocol_version": None}, 4017),
    ],
)
async def test_who_may_not_come_in(anna: Client, wrong: dict[str, object], code: int) -> None:
    await anna.open()
    await anna.send(0, anna.credentials(**wrong))
    assert await anna.closed() == code


SELECT = {"protocol": "udp", "data": {"address": "127.0.0.1", "port": 9, "mode": rtp.ENCRYPTION_MODE}}


@pytest.mark.parametrize(
    ("op", "data", "code"),
    [
        (99, None, 4001),
        (5, {"speaking": 1, "delay": 0, "ssrc": 1}, 4020),
        (5, {"speaking": 1}, 4002),
        (0, {}, 4005),
        (1, SELECT | {"protocol": "webrtc"}, 4012),
        (1, {"protocol": "udp", "data": {"mode": "xsalsa20_poly1305"}}, 4016),
        (26, {}, 4002),
        (31, {}, 4002),
    ],
)
async def test_what_ends_the_connection(anna: Client, op: int, data: object, code: int) -> None:
    await anna.ready()
    await anna.send(op, data)
    assert await anna.closed() == code


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"op": null}', '{"d": {}}'])
async def test_what_is_not_a_payload(anna: Client, text: str) -> None:
    await anna.ready()
    await anna.socket.send_str(text)
    assert await anna.closed() == 4002


@pytest.mark.parametrize(("data", "code"), [(b"", 4002), (b"\x05{}", 4002), (b"\x1agarbage", 4020), (b"\x1c", 4020)])
async def test_binary_messages_that_are_refused(anna: Client, data: bytes, code: int) -> None:
    await anna.seated()
    await anna.socket.send_bytes(data)
    assert await anna.closed() == code


async def test_a_key_package_in_somebody_elses_name(anna: Client) -> None:
    await anna.seated()
    await anna.socket.send_bytes(b"\x1a" + make_engine("davey", BEN, anna.channel_id).begin(1))
    assert await anna.closed() == 4020


async def test_a_word_before_identify(anna: Client) -> None:
    await anna.open()
    await anna.send(5, {"speaking": 1, "delay": 0, "ssrc": 1})
    assert await anna.closed() == 4003


async def test_another_version_than_8(anna: Client) -> None:
    await anna.open(version="4")
    assert await anna.closed() == 4020


async def test_heartbeats_are_answered_and_silence_times_out(anna: Client, gateway: VoiceGateway) -> None:
    gateway.heartbeat_interval = 0.5
    await anna.open()
    await anna.send(3, {"t": 5, "seq_ack": -1})
    assert await anna.until(6) == {"t": 5}
    await anna.send(0, anna.credentials())
    await anna.send(3, {"t": 6, "seq_ack": -1})
    assert await anna.until(6) == {"t": 6}
    assert await anna.closed() == 4009


async def test_they_learn_of_each_other(anna: Client, ben: Client) -> None:
    await anna.seated()
    await ben.seated()
    assert (await anna.until(11))["user_ids"] == [str(BEN)]
    assert (await ben.until(11))["user_ids"] == [str(ANNA)]
    await anna.send(5, {"speaking": 1, "delay": 0, "ssrc": anna.ssrc})
    assert await ben.until(5) == {"user_id": str(ANNA), "ssrc": anna.ssrc, "speaking": 1}
    await anna.shut()
    assert await ben.until(13) == {"user_id": str(ANNA)}


async def test_whoever_comes_later_learns_who_has_spoken(anna: Client, ben: Client) -> None:
    await anna.seated()
    await anna.send(5, {"speaking": 1, "delay": 0, "ssrc": anna.ssrc})
    await anna.send(3, {"t": 0, "seq_ack": -1})
    await anna.until(6)
    await ben.seated()
    assert (await ben.until(5))["ssrc"] == anna.ssrc


@pytest.mark.parametrize("how", ["1006", "4015"])
async def test_a_resume_brings_what_was_missed(anna: Client, ben: Client, gateway: VoiceGateway, how: str) -> None:
    await anna.seated()
    await ben.seated()
    await anna.until(11)
    gateway.sever(ANNA) if how == "1006" else gateway.close(ANNA, 4015)
    assert await anna.closed() == int(how)
    await ben.send(5, {"speaking": 1, "delay": 0, "ssrc": ben.ssrc})
    await ben.send(3, {"t": 0, "seq_ack": ben.ack})
    await ben.until(6)
    await anna.open()
    await anna.send(7, anna.credentials(seq_ack=anna.ack))
    await anna.until(9)
    assert (await anna.until(5))["user_id"] == str(BEN)
    assert gateway.counts["resumed"] == 1


@pytest.mark.parametrize("ack", [12_345, "x"])
async def test_a_resume_from_nowhere_is_refused(anna: Client, gateway: VoiceGateway, ack: object) -> None:
    await anna.seated()
    gateway.sever(ANNA)
    await anna.closed()
    await anna.open()
    await anna.send(7, anna.credentials(seq_ack=ack))
    assert await anna.closed() == 4006


async def test_a_session_nobody_resumes_ends(anna: Client, ben: Client, gateway: VoiceGateway) -> None:
    gateway.resume_window = 0.1
    await anna.seated()
    await ben.seated()
    gateway.sever(ANNA)
    assert await ben.until(13) == {"user_id": str(ANNA)}
    await anna.open()
    await anna.send(7, anna.credentials(seq_ack=-1))
    assert await anna.closed() == 4004


async def test_a_second_connection_takes_over(anna: Client, gateway: VoiceGateway) -> None:
    await anna.seated()
    again = Client(gateway, ANNA)
    again.token = anna.token
    await again.seated()
    assert again.ssrc != anna.ssrc
    assert await anna.closed() == 4006
    assert len(gateway.room(anna.channel_id).seats) == 1
    await again.shut()


@pytest.mark.parametrize("code", [4006, 4009, 4014, 4021, 4022])
async def test_a_session_closed_by_the_test_is_over(anna: Client, gateway: VoiceGateway, code: int) -> None:
    await anna.seated()
    gateway.close(ANNA, code)
    assert await anna.closed() == code
    await anna.open()
    await anna.send(7, anna.credentials(seq_ack=anna.ack))
    assert await anna.closed() == 4004


async def test_leaving_the_channel_closes_with_4014(anna: Client, gateway: VoiceGateway) -> None:
    await anna.seated()
    await gateway.released(anna.sandbox.guild.id, ANNA)
    assert await anna.closed() == 4014
    assert gateway.rooms == {}


async def test_a_new_seat_ends_the_old_one(anna: Client, gateway: VoiceGateway) -> None:
    await anna.seated()
    gateway.region = 1
    allotment = await gateway.allot(anna.sandbox.guild.id, anna.sandbox.den.id, ANNA, "session")
    assert await anna.closed() == 4014
    assert allotment.endpoint == gateway.endpoints[1] != gateway.endpoints[0]
    assert allotment.token != anna.token


async def test_a_frozen_gateway_says_nothing_and_closes_nothing(anna: Client, gateway: VoiceGateway) -> None:
    await anna.seated()
    gateway.conditions[ANNA].frozen = True
    await anna.send(3, {"t": 0, "seq_ack": anna.ack})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await anna.until(6)
    gateway.conditions[ANNA].frozen = False
    await anna.send(3, {"t": 1, "seq_ack": anna.ack})
    assert await anna.until(6) == {"t": 1}
