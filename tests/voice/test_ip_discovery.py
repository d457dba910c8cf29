"""Questions to a voice server, on a clock of the test's own."""

import asyncio

import pytest

from bot.voice.link.ip_discovery import DISCOVERY_BYTES, REQUEST_INTERVAL_SECONDS, IpDiscovery

SSRC = 0x01020304


class Server:
    """Keeps what it was sent; `answers` decides what comes back at once."""

    def __init__(self) -> None:
        self.now = 10.0
        self.asked: list[bytes] = []
        self.answers = True
        self.discovery = IpDiscovery(self.take, lambda: self.now)

    def take(self, datagram: bytes) -> None:
        self.asked.append(datagram)

    def answer(self) -> bytes:
        return b"\0\2\0\x46" + self.asked[-1][4:8] + b"192.0.2.7".ljust(64, b"\0") + (4321).to_bytes(2, "big")

    def go(self, seconds: float) -> int:
        """Let time pass, asking twice a second; return how many questions came."""
        before = len(self.asked)
        for _ in range(int(seconds * 2)):
            self.now += 0.5
            self.discovery.keep_alive(SSRC)
            if self.answers and self.asked:
                self.discovery.answered(self.answer())
        return len(self.asked) - before


@pytest.fixture
async def server() -> Server:
    server = Server()
    server.discovery.begin()
    server.discovery.start_keep_alive()
    return server


async def test_the_question_and_its_answer() -> None:
    server = Server()

    def take(datagram: bytes) -> None:
        server.asked.append(datagram)
        server.discovery.answered(server.answer())

    server.discovery = IpDiscovery(take, lambda: 0.0)
    # The answer sets the future before anybody waits for it, as on a quick loopback.
    assert await server.discovery.address(SSRC) == ("192.0.2.7", 4321)
    assert (len(server.asked[0]), server.asked[0][:8]) == (DISCOVERY_BYTES, b"\0\1\0\x46\1\2\3\4")


async def test_nobody_waits_for_the_address_of_a_session_that_has_ended(server: Server) -> None:
    server.discovery.give_up()
    asking = asyncio.create_task(server.discovery.address(SSRC))
    await asyncio.sleep(0)
    server.discovery.give_up()
    with pytest.raises(TimeoutError):
        await asking
    assert len(server.asked) == 1


async def test_asked_now_and_then_while_answered(server: Server) -> None:
    assert server.go(20) == 20 / REQUEST_INTERVAL_SECONDS
    assert server.discovery.unanswered_since is None


async def test_one_that_falls_silent_is_asked_again_and_again(server: Server) -> None:
    server.go(10)
    server.answers = False
    assert server.go(10) >= 15
    assert server.discovery.unanswered_since is not None
    assert server.now - server.discovery.unanswered_since >= 7
    server.answers = True
    server.go(1)
    assert server.discovery.unanswered_since is None


async def test_silence_proves_nothing_of_one_that_never_answered(server: Server) -> None:
    server.answers = False
    assert server.go(20) == 20 / REQUEST_INTERVAL_SECONDS
    assert server.discovery.unanswered_since is None


async def test_a_new_session_may_have_a_server_that_does_not_answer(server: Server) -> None:
    server.go(10)
    server.answers = False
    server.go(5)
    server.discovery.begin()
    server.discovery.start_keep_alive()
    assert server.go(20) == 20 / REQUEST_INTERVAL_SECONDS
    assert server.discovery.unanswered_since is None


async def test_a_socket_that_refuses_is_none_of_its_business(server: Server) -> None:
    def refuse(_: bytes) -> None:
        raise OSError

    server.discovery = IpDiscovery(refuse, lambda: server.now)
    server.discovery.start_keep_alive()
    server.discovery.keep_alive(SSRC)


@pytest.mark.parametrize(
    ("datagram", "is_answer"),
    [(b"\0\2\0\x46" + bytes(70), True), (b"\0\2" + bytes(70), False), (b"\x80\x78" + bytes(72), False), (b"", False)],
)
def test_what_is_an_answer(datagram: bytes, is_answer: bool) -> None:
    assert IpDiscovery.is_answer(datagram) == is_answer
