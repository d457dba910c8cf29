import pytest

from bot.voice.aead import Aead

KEY = bytes(range(32))


def test_what_was_sealed_opens():
    assert Aead(KEY).open(b"head", Aead(KEY).seal(b"head", b"voice", 7)) == b"voice"


def test_the_nonce_is_the_last_four_bytes():
    assert Aead(KEY).seal(b"head", b"voice", 0x01020304)[-4:] == b"\1\2\3\4"


@pytest.mark.parametrize("at", [0, 5, -1, -5])
def test_a_changed_byte_is_noticed(at: int):
    body = bytearray(Aead(KEY).seal(b"head", b"voice", 7))
    body[at] ^= 1
    assert Aead(KEY).open(b"head", bytes(body)) is None


@pytest.mark.parametrize(("header", "key"), [(b"heaD", KEY), (b"head", bytes(32))])
def test_another_header_or_key_does_not_open(header: bytes, key: bytes):
    assert Aead(key).open(header, Aead(KEY).seal(b"head", b"voice", 7)) is None


@pytest.mark.parametrize("body", [b"", b"123", bytes(4), bytes(19), bytes(20)])
def test_a_stump_does_not_open(body: bytes):
    assert Aead(KEY).open(b"head", body) is None


def test_a_key_of_another_length_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        Aead(b"short")
