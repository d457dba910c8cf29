"""The reader's thread on real sockets."""

import queue
import resource
import socket
from collections.abc import Iterator

import pytest

from bot.voice.receive.udp import MAX_INBOX_DATAGRAMS, DatagramSocket, Inbox, UdpReader
from tests.voice.fake_room import ANN, SECRET, Person


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


@pytest.fixture
def heard() -> queue.SimpleQueue[bytes]:
    return queue.SimpleQueue()


@pytest.fixture
def reader(heard: queue.SimpleQueue[bytes]) -> Iterator[UdpReader]:
    reader = UdpReader(lambda datagram, _: heard.put(datagram))
    reader.start()
    yield reader
    reader.stop()
    reader.join(5)
    assert not reader.is_alive()


def dial(server: socket.socket) -> DatagramSocket:
    sock = DatagramSocket()
    sock.connect(server.getsockname())
    return sock


def test_datagrams_arrive(server: socket.socket, reader: UdpReader, heard: queue.SimpleQueue[bytes]) -> None:
    sock = dial(server)
    reader.attach(sock)
    for number in range(200):
        server.sendto(bytes([number]), sock.getsockname())
    assert [heard.get(timeout=5)[0] for _ in range(200)] == list(range(200))
    sock.close()


def test_an_empty_datagram_ends_nothing(
    server: socket.socket, reader: UdpReader, heard: queue.SimpleQueue[bytes]
) -> None:
    sock = dial(server)
    reader.attach(sock)
    server.sendto(b"", sock.getsockname())
    server.sendto(b"x", sock.getsockname())
    assert heard.get(timeout=5) == b"x"
    sock.close()


def test_a_closed_socket_wakes_the_reader_for_the_next(
    server: socket.socket, reader: UdpReader, heard: queue.SimpleQueue[bytes]
) -> None:
    for round_ in range(5):
        sock = dial(server)
        reader.attach(sock)
        server.sendto(bytes([round_]), sock.getsockname())
        assert heard.get(timeout=5) == bytes([round_])
        sock.close()


def test_descriptors_above_1023_work(server: socket.socket, reader: UdpReader, heard: queue.SimpleQueue[bytes]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1200:
        pytest.fail(f"needs 1,200 descriptors, the limit is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    fill = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(1024)]
    sock = dial(server)
    try:
        assert sock.fileno() > 1023
        reader.attach(sock)
        server.sendto(b"x", sock.getsockname())
        assert heard.get(timeout=5) == b"x"
    finally:
        sock.close()
        for other in fill:
            other.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_server_that_refuses_does_not_end_the_reader(reader: UdpReader, heard: queue.SimpleQueue[bytes]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        address = gone.getsockname()
    sock = DatagramSocket()
    sock.connect(address)
    reader.attach(sock)
    sock.send(b"anybody?")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
        back.bind(address)
        back.sendto(b"yes", sock.getsockname())
        assert heard.get(timeout=5) == b"yes"
    sock.close()


def test_the_inbox_drops_the_oldest_and_counts() -> None:
    inbox = Inbox()
    for number in range(MAX_INBOX_DATAGRAMS + 3):
        inbox.push(b"\x80\xf8" + number.to_bytes(40), float(number))
    assert (inbox.received, inbox.dropped) == (MAX_INBOX_DATAGRAMS + 3, 3)
    drained = list(inbox.drain())
    assert drained[0][1] == 3.0
    assert len(drained) == MAX_INBOX_DATAGRAMS
    assert list(inbox.drain()) == []


def test_a_flood_of_junk_leaves_room_for_sound() -> None:
    inbox = Inbox()
    sound = b"\x90\x78" + bytes(60)
    for number in range(100 * MAX_INBOX_DATAGRAMS):
        inbox.push(b"\x80\xc8" + bytes(60), 0.0)
        if number % 1000 == 0:
            inbox.push(sound, 0.0)
    assert inbox.dropped == 0
    assert inbox.refused == 100 * MAX_INBOX_DATAGRAMS + 150 - inbox.received
    assert [datagram for datagram, _ in inbox.drain()].count(sound) == 150


def test_a_flood_in_the_name_of_a_speaker_leaves_room_for_what_is_theirs() -> None:
    """Everything looks alike but for the seal: header and SSRC are the speaker's."""
    inbox = Inbox()
    inbox.rekey(SECRET)
    person = Person(ANN, 7)
    said = [datagram for _ in range(10) for datagram in person.say(15)]
    forged = [said[0][:-8] + number.to_bytes(8) for number in range(1000)]
    for datagram in said:
        for junk in forged:
            inbox.push(junk, 0.0)
        inbox.push(datagram, 0.0)
    assert inbox.dropped == 0
    assert len(inbox) <= MAX_INBOX_DATAGRAMS // 2 + 1 + len(said)
    assert [datagram for datagram, _ in inbox.drain() if datagram in set(said)] == said


def test_a_new_session_has_a_new_key() -> None:
    inbox = Inbox(2)
    inbox.rekey(bytes(32))
    inbox.rekey(SECRET)
    for datagram in Person(ANN, 7).say(3):
        inbox.push(datagram, 0.0)
    assert (inbox.received, inbox.refused, inbox.dropped) == (3, 0, 1)
