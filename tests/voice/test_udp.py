"""A link's socket, its reader and the guard, on real sockets."""

import asyncio
import math
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from bot.audio import FRAME_SECONDS
from bot.voice.receive.inbox import Inbox
from bot.voice.receive.stall_guard import GUARD_INTERVAL_SECONDS, StallGuard
from bot.voice.receive.udp import MAX_RELIEVED_DATAGRAMS, MAX_UNREAD_SECONDS, DatagramSocket, UdpReader
from bot.voice.send.pacer import Pacer
from tests.voice.test_pacer import Clock, PanicException, Tape

STAND_STILL = threading.Event()
"""Never set: waiting for it holds up the loop."""


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


@pytest.fixture
def guard() -> Iterator[StallGuard]:
    guard = StallGuard()
    with Pacer(guard):
        yield guard


@pytest.fixture
def reader(guard: StallGuard) -> Iterator[UdpReader]:
    reader = UdpReader(Inbox(), guard)
    yield reader
    reader.stop()


class Flooded(DatagramSocket):
    """A socket for which more has come whenever it is read, which costs as much as on a slow machine."""

    COST = 0.00014

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.count = 0
        self.ended = False

    def watch(self, readable: Callable[[], None]) -> bool:
        return False

    def next(self) -> tuple[bytes, float | None]:
        if self.ended:
            raise BlockingIOError
        self.clock.now += self.COST
        self.count += 1
        return b"x", None


def nobody(_datagram: bytes) -> bool:
    """No datagram is for anybody else than the inbox."""
    return False


def dial(server: socket.socket) -> DatagramSocket:
    sock = DatagramSocket()
    sock.connect(server.getsockname())
    return sock


def read(reader: UdpReader) -> list[bytes]:
    reader.drain()
    return [datagram for datagram, _ in reader.inbox.drain(math.inf)]


def stamped(server: socket.socket, sock: socket.socket, reader: UdpReader) -> bool:
    """Return whether the kernel has begun to note arrivals: it takes a moment, until which it notes the reading."""
    sent = time.monotonic()
    server.sendto(b"x", sock.getsockname())
    STAND_STILL.wait(0.01)
    reader.drain()
    [(_, at)] = reader.inbox.drain(math.inf)
    return at < sent + 0.01


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.001)


async def test_a_tick_reads_what_has_arrived(server: socket.socket, reader: UdpReader) -> None:
    with dial(server) as sock:
        reader.attach(sock, nobody)
        for number in range(200):
            server.sendto(bytes([number]), sock.getsockname())
        assert [datagram[0] for datagram in read(reader)] == list(range(200))
        assert read(reader) == []


async def test_datagrams_bear_the_time_of_their_arrival(server: socket.socket, reader: UdpReader) -> None:
    with dial(server) as sock:
        reader.attach(sock, nobody)
        await until(lambda: stamped(server, sock, reader))
        sent: list[float] = []
        for _ in range(5):
            sent.append(time.monotonic())
            server.sendto(b"x", sock.getsockname())
            STAND_STILL.wait(0.03)
        reader.drain()
        arrived = [at for _, at in reader.inbox.drain(math.inf)]
    assert [arrived[0] <= at <= time.monotonic() for at in arrived] == [True] * 5
    for before, at, after in zip(sent, arrived, [*sent[1:], time.monotonic()], strict=True):
        assert before - 0.001 <= at <= after + 0.001


async def test_an_empty_datagram_ends_nothing(server: socket.socket, reader: UdpReader) -> None:
    with dial(server) as sock:
        reader.attach(sock, nobody)
        server.sendto(b"", sock.getsockname())
        server.sendto(b"x", sock.getsockname())
        assert read(reader) == [b"x"]


async def test_what_is_for_somebody_else_is_not_for_the_inbox(server: socket.socket, reader: UdpReader) -> None:
    taken: list[bytes] = []

    def aside(datagram: bytes) -> bool:
        return datagram == b"mine" and not taken.append(datagram)

    with dial(server) as sock:
        reader.attach(sock, aside)
        # Before the first tick, as while a connection is made.
        server.sendto(b"mine", sock.getsockname())
        await until(lambda: taken == [b"mine"])
        server.sendto(b"x", sock.getsockname())
        await until(lambda: len(reader.inbox) == 1)
        assert read(reader) == [b"x"]


async def test_the_first_sound_wakes_a_resting_call_once(server: socket.socket, reader: UdpReader) -> None:
    woken: list[float] = []
    with dial(server) as sock:
        reader.attach(sock, lambda datagram: datagram == b"keep alive")
        reader.drain()
        for _ in range(3):
            reader.rest(lambda: woken.append(time.monotonic()))
            reader.drain()
            server.sendto(b"keep alive", sock.getsockname())
            await asyncio.sleep(0.01)
            assert not woken
            server.sendto(b"x", sock.getsockname())
            await until(lambda: bool(woken))
            server.sendto(b"y", sock.getsockname())
            await asyncio.sleep(0.01)
            assert len(woken) == 1
            assert read(reader) == [b"x", b"y"]
            woken.clear()


async def test_a_new_socket_wakes_a_resting_call_too(server: socket.socket, reader: UdpReader) -> None:
    woken: list[bool] = []
    for number in range(5):
        sock = dial(server)
        reader.attach(sock, nobody)
        if number == 0:
            reader.rest(lambda: woken.append(True))
        if number == 4:
            server.sendto(b"x", sock.getsockname())
            await until(lambda: bool(woken))
            assert read(reader) == [b"x"]
        # The next one may get the same descriptor.
        sock.close()


async def test_descriptors_above_1023_work(server: socket.socket, reader: UdpReader) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1200:
        pytest.fail(f"needs 1,200 descriptors, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    fill = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(1024)]
    sock = dial(server)
    try:
        assert sock.fileno() > 1023
        reader.attach(sock, nobody)
        woken: list[bool] = []
        reader.rest(lambda: woken.append(True))
        server.sendto(b"x", sock.getsockname())
        await until(lambda: bool(woken))
    finally:
        sock.close()
        for other in fill:
            other.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_a_server_that_refuses_does_not_end_the_reading(reader: UdpReader) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        address = gone.getsockname()
    with DatagramSocket() as sock, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
        sock.connect(address)
        reader.attach(sock, nobody)
        sock.send(b"anybody?")
        await asyncio.sleep(0.01)
        back.bind(address)
        back.sendto(b"yes", sock.getsockname())
        assert read(reader) == [b"yes"]


async def test_the_guard_reads_while_the_loop_stands_still(
    server: socket.socket, guard: StallGuard, reader: UdpReader
) -> None:
    """As much as the kernel would not hold: the buffer is the smallest that it grants."""
    with dial(server) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 0)
        reader.start()
        reader.attach(sock, nobody)
        reader.drain()
        STAND_STILL.wait(MAX_UNREAD_SECONDS)
        sent = [number.to_bytes(2) for number in range(100)]
        for datagram in sent:
            before = reader.inbox.received
            server.sendto(datagram, sock.getsockname())
            while reader.inbox.received == before:
                STAND_STILL.wait(0.001)
        assert [datagram for datagram, _ in reader.inbox.drain(math.inf)] == sent


@pytest.mark.parametrize("error", [ValueError(), PanicException()])
def test_one_that_fails_does_not_keep_the_guard_from_the_others(error: BaseException) -> None:
    class Guarded:
        def __init__(self, error: BaseException | None = None) -> None:
            self.error = error
            self.relieved = 0

        def relieve(self) -> bool:
            self.relieved += 1
            if self.error:
                raise self.error
            return False

    guard, broken, other = StallGuard(), Guarded(error), Guarded()
    assert guard.run_due(0.0) is None
    guard.add(broken)
    guard.add(other)
    with capture_logs() as logs:
        assert guard.run_due(1.0) == pytest.approx(1.0 + GUARD_INTERVAL_SECONDS)
        guard.run_due(1.0 + GUARD_INTERVAL_SECONDS / 2)
        guard.run_due(1.0 + GUARD_INTERVAL_SECONDS)
    assert broken.relieved == other.relieved == 2
    assert [entry["event"] for entry in logs] == ["not_relieved"]
    guard.discard(broken)
    guard.discard(other)
    assert guard.run_due(9.0) is None


def test_a_flood_while_the_loop_stands_still_delays_no_packet() -> None:
    clock, guard = Clock(), StallGuard()
    with Flooded(clock) as flooded, Flooded(clock) as other:
        readers = [UdpReader(Inbox(), guard, clock) for _ in range(2)]
        for reader, sock in zip(readers, (flooded, other), strict=True):
            reader.attach(sock, nobody)
            reader.start()
        clock.now += 2 * MAX_UNREAD_SECONDS
        pacer, tape = Pacer(guard, clock), Tape(clock, 50)
        pacer.add(tape).wake()
        while tape.left:
            pause = pacer.run_due()
            clock.now += pause or 0.0
    late = [at - tape.times[0] - number * FRAME_SECONDS for number, at in enumerate(tape.times)]
    assert max(late) < FRAME_SECONDS / 2
    # No time is lost, and none is given to one alone.
    assert clock.now - 100 - 2 * MAX_UNREAD_SECONDS == pytest.approx((flooded.count + other.count) * Flooded.COST)
    assert flooded.count == pytest.approx(other.count, abs=MAX_RELIEVED_DATAGRAMS)


async def test_what_is_read_in_parts_bears_the_times_of_its_arrival(server: socket.socket, reader: UdpReader) -> None:
    with dial(server) as sock:
        reader.attach(sock, nobody)
        await until(lambda: stamped(server, sock, reader))
        for number in range(2 * MAX_RELIEVED_DATAGRAMS):
            server.sendto(bytes([number]), sock.getsockname())
        sent = time.monotonic()
        STAND_STILL.wait(MAX_UNREAD_SECONDS + 0.05)
        while reader.relieve():
            STAND_STILL.wait(0.05)
        read = list(reader.inbox.drain(math.inf))
    assert [datagram[0] for datagram, _ in read] == list(range(2 * MAX_RELIEVED_DATAGRAMS))
    assert max(at for _, at in read) <= sent + 0.001


def test_the_guard_does_not_wait_for_a_loop_that_reads() -> None:
    clock = Clock()
    with Flooded(clock) as sock, ThreadPoolExecutor(1) as guards:
        reader = UdpReader(Inbox(), StallGuard(), clock)
        relieved: list[bool] = []

        def aside(_datagram: bytes) -> bool:
            clock.now += MAX_UNREAD_SECONDS
            relieved.append(guards.submit(reader.relieve).result(20))
            sock.ended = True
            return False

        reader.attach(sock, aside)
        reader.drain()
    assert relieved == [False]


async def test_the_guard_leaves_alone_what_is_looked_after(server: socket.socket, reader: UdpReader) -> None:
    with dial(server) as sock:
        reader.attach(sock, nobody)
        reader.drain()
        server.sendto(b"x", sock.getsockname())
        reader.relieve()
        assert len(reader.inbox) == 0
