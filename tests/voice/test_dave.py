import davey
import pytest

from bot.voice.dave import Opener, OpenResult, sealed
from bot.voice.opus import OPUS_SILENCE
from tests.voice.fake_room import ANN, BEN, BOT, CAT, Mls

OPUS = b"\x78" + bytes(range(100))


@pytest.fixture(scope="module")
def mls() -> Mls:
    group = Mls()
    group.join(BOT)
    group.join(ANN, BEN)
    return group


@pytest.mark.parametrize("size", [1, 2, 60, 400, 1200])
def test_what_davey_seals_is_seen_as_sealed(mls: Mls, size: int):
    for _ in range(300):  # past the first nonce of two bytes
        payload = mls.sessions[ANN].encrypt_opus(OPUS[:1] * size)
        assert sealed(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        OPUS_SILENCE,
        OPUS,
        OPUS + b"\xfa\xfa",
        OPUS + b"\x0b\xfa\xfa",
        OPUS + b"\x11\xfa\xfa",
        OPUS + b"\xff\xfa\xfa",
        b"\x0c\xfa\xfa",
        bytes(9) + b"\x0c\xfa\xfa",
        OPUS + b"\x80\x0c\xfa\xfa",
        OPUS + b"\x01\x01\x0d\xfa\xfa",
    ],
)
def test_what_is_not_sealed(payload: bytes):
    assert not sealed(payload)


class Group:
    """Cases of the table below, by name: the sender's session, and the opener of the bot."""

    def __init__(self, mls: Mls) -> None:
        self.ann = mls.sessions[ANN]
        self.bot = mls.sessions[BOT]

    def payload(self, kind: str) -> bytes:
        match kind:
            case "silence":
                return OPUS_SILENCE
            case "plain":
                return OPUS
            case "junk":
                return OPUS + b"\x01\x0c\xfa\xfa"
            case "damaged":
                good = self.ann.encrypt_opus(OPUS)
                return bytes([good[0] ^ 1]) + good[1:]
        return self.ann.encrypt_opus(OPUS)


@pytest.mark.parametrize(
    ("kind", "user", "version", "outcome"),
    [
        ("sealed", ANN, 1, OpenResult.OPENED),
        ("sealed", BEN, 1, OpenResult.NO_MATCH),
        ("sealed", CAT, 1, OpenResult.NO_KEY),
        ("damaged", ANN, 1, OpenResult.NO_MATCH),
        ("junk", ANN, 1, OpenResult.NO_MATCH),
        ("plain", ANN, 1, OpenResult.UNENCRYPTED),
        ("silence", ANN, 1, OpenResult.SILENCE),
        ("silence", CAT, 1, OpenResult.SILENCE),
        # Version 0: plain is right; what is sealed all the same (an upgrade is under way) is never taken for plain.
        ("plain", ANN, 0, OpenResult.PLAIN),
        ("plain", CAT, 0, OpenResult.PLAIN),
        ("sealed", ANN, 0, OpenResult.OPENED),
        ("junk", ANN, 0, OpenResult.NO_MATCH),
    ],
)
def test_outcomes(mls: Mls, kind: str, user: int, version: int, outcome: OpenResult):
    group = Group(mls)
    got, opus = Opener(group.bot, version).open(user, group.payload(kind))
    assert got is outcome
    assert opus == {OpenResult.SILENCE: OPUS_SILENCE}.get(got, OPUS if got.good else b"")


@pytest.mark.parametrize(
    ("kind", "version", "outcome"),
    [
        ("sealed", 1, OpenResult.NO_KEY),
        ("sealed", 0, OpenResult.NO_KEY),
        ("plain", 1, OpenResult.UNENCRYPTED),
        ("plain", 0, OpenResult.PLAIN),
    ],
)
def test_outcomes_without_a_session(mls: Mls, kind: str, version: int, outcome: OpenResult):
    assert Opener(None, version).open(ANN, Group(mls).payload(kind))[0] is outcome


@pytest.mark.parametrize(
    ("agrees", "in_transition", "outcome"),
    [
        (False, False, OpenResult.UNENCRYPTED),
        (False, True, OpenResult.UNENCRYPTED),
        (True, False, OpenResult.UNENCRYPTED),
        (True, True, OpenResult.PLAIN),
    ],
)
def test_plain_passes_only_in_a_transition_the_session_agrees_to(
    agrees: bool, in_transition: bool, outcome: OpenResult
):
    mls = Mls()
    mls.join(BOT)
    mls.join(ANN)
    mls.sessions[BOT].set_passthrough_mode(agrees, 0)
    assert Opener(mls.sessions[BOT], 1).open(ANN, OPUS, in_transition)[0] is outcome


def test_a_replay_does_not_open(mls: Mls):
    payload = mls.sessions[ANN].encrypt_opus(OPUS)
    opener = Opener(mls.sessions[BOT], 1)
    assert opener.open(ANN, payload)[0] is OpenResult.OPENED
    assert opener.open(ANN, payload)[0] is OpenResult.NO_MATCH


def test_the_state_changes_with_the_epoch():
    mls = Mls()
    mls.join(BOT)
    opener = Opener(mls.sessions[BOT], 1)
    states = [opener.state]
    mls.join(ANN)
    states.append(opener.state)
    mls.join(BEN)
    states.append(opener.state)
    mls.leave(BEN)
    states.append(opener.state)
    assert len(set(states)) == 4


class Panicking:
    """A session whose Rust side panics."""

    epoch, ready = 1, True

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def decrypt(self, user_id: int, media_type: davey.MediaType, packet: bytes) -> bytes:
        raise self._error

    def can_passthrough(self, user_id: int) -> bool:
        return False


class PanicException(BaseException):
    """Named like pyo3's, which cannot be imported."""


def test_a_panic_is_an_outcome(mls: Mls):
    opener = Opener(Panicking(PanicException()), 1)
    assert opener.open(ANN, Group(mls).payload("sealed"))[0] is OpenResult.BROKEN


def test_an_interrupt_is_not_swallowed(mls: Mls):
    opener = Opener(Panicking(KeyboardInterrupt()), 1)
    with pytest.raises(KeyboardInterrupt):
        opener.open(ANN, Group(mls).payload("sealed"))
