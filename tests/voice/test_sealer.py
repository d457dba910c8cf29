"""What the sealer makes is opened again by the receiving side's own reader, and by discord.py's cipher."""

import struct
from collections.abc import Sequence

import nacl.secret
import pytest

from bot.audio import RTP_STEP
from bot.voice.aead import Aead
from bot.voice.receive import rtp
from bot.voice.send.sealer import Sealer

KEY = list(range(32))


class Group:
    """Stands for the DAVE group."""

    def encrypt_opus(self, packet: bytes, /) -> bytes:
        return b"<" + packet + b">"


def opened(datagram: bytes, key: Sequence[int] = KEY) -> tuple[int, int, int, bytes]:
    packet = rtp.parse(datagram)
    assert isinstance(packet, rtp.RtpPacket)
    payload = Aead(bytes(key)).open(packet.header, packet.body)
    assert payload is not None
    return packet.ssrc, packet.sequence, packet.timestamp, payload


def test_each_packet_is_the_next_20_ms() -> None:
    sealer = Sealer()
    datagrams = [sealer.seal(b"abc", 9, KEY, None) for _ in range(3)]
    assert [opened(datagram) for datagram in datagrams] == [(9, n, n * RTP_STEP, b"abc") for n in range(3)]


def test_discord_s_own_cipher_opens_it() -> None:
    sealer = Sealer()
    sealer.seal(b"", 9, KEY, None)
    datagram = sealer.seal(b"abc", 9, KEY, None)
    nonce = datagram[-4:] + bytes(20)
    assert nacl.secret.Aead(bytes(KEY)).decrypt(datagram[12:-4], datagram[:12], nonce) == b"abc"
    assert datagram[:2] == b"\x80\x78"


def test_the_group_seals_first() -> None:
    assert opened(Sealer().seal(b"abc", 9, KEY, Group()))[3] == b"<abc>"


def test_a_new_key_and_ssrc_take_effect_and_the_stream_goes_on() -> None:
    sealer, other = Sealer(), KEY[::-1]
    sealer.seal(b"abc", 9, KEY, None)
    datagram = sealer.seal(b"abc", 10, other, None)
    assert opened(datagram, other) == (10, 1, RTP_STEP, b"abc")
    assert struct.unpack(">I", datagram[-4:]) == (1,)


def test_sequence_and_timestamp_wrap() -> None:
    sealer = Sealer()
    first = [opened(sealer.seal(b"a", 9, KEY, None))[1] for _ in range(65_537)]
    assert first[-2:] == [65_535, 0]


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer().seal(b"abc", 9, KEY[1:], None)
