"""The hand-encoded MLS structures against two real implementations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.voice import mls
from sandbox.voice.dave_engines import EngineName, make_engine

ANNA, BEN, CALL = 81_985_529_216_486_895, 1_234, 5_678
ENGINES: list[EngineName] = ["davey", "libdave"]


@pytest.mark.parametrize(
    ("size", "head"),
    [(0, "00"), (1, "01"), (63, "3f"), (64, "4040"), (16_383, "7fff"), (16_384, "80004000")],
)
def test_vector_lengths_take_one_two_or_four_bytes(size: int, head: str) -> None:
    encoded = mls.vector(bytes(size))
    assert encoded[: len(head) // 2].hex() == head
    assert mls.MlsReader(encoded).vector() == bytes(size)


@pytest.mark.parametrize("data", ["", "01", "40", "4001", "8000", "c000000000000001ff"])
def test_cut_or_forbidden_vectors_are_refused(data: str) -> None:
    with pytest.raises(mls.BadMls):
        mls.MlsReader(bytes.fromhex(data)).vector()


@pytest.mark.parametrize("engine", ENGINES)
def test_key_packages_are_read_bare_and_framed(engine: EngineName) -> None:
    raw = make_engine(engine, ANNA, CALL).begin(1)
    framed = mls.uint(mls.MLS_VERSION, 2) + mls.uint(mls.KEY_PACKAGE_FORMAT, 2) + raw
    bare = mls.read_key_package(raw)
    assert bare.user_id == ANNA
    assert mls.read_key_package(framed) == bare


def test_no_byte_of_a_key_package_can_be_changed() -> None:
    raw = make_engine("davey", ANNA, CALL).begin(1)
    for at in range(0, len(raw), 3):
        with pytest.raises(mls.BadMls):
            mls.read_key_package(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])


@pytest.mark.parametrize("committer", ENGINES)
@pytest.mark.parametrize("newcomer", ENGINES)
def test_a_proposal_is_committed_by_its_reference_and_welcomed(committer: EngineName, newcomer: EngineName) -> None:
    sender = mls.ExternalSender()
    anna, ben = make_engine(committer, ANNA, CALL), make_engine(newcomer, BEN, CALL)
    for member in (anna, ben):
        member.external_sender(sender.package)
        member.begin(1)
    package = mls.read_key_package(ben.begin(1))
    proposal = sender.add(CALL, 0, package)

    answer = anna.proposals(b"\0" + mls.vector(proposal.message), {BEN})

    assert answer is not None
    commit, welcome = mls.read_commit_welcome(answer)
    assert (commit.group_id, commit.epoch, commit.sender, commit.refs) == (CALL, 0, 0, (proposal.ref,))
    parts = mls.split_welcome(welcome)
    assert parts.keys() == {package.ref}
    anna.commit(commit.message)
    ben.welcome(parts[package.ref], {ANNA})
    anna.execute()
    ben.execute()
    assert anna.privacy_code == ben.privacy_code != ""
    frame = anna.encrypt(b"an Opus packet, as it were")
    assert frame is not None
    assert ben.decrypt(ANNA, frame) == b"an Opus packet, as it were"


def test_a_welcome_for_two_holds_the_secrets_of_one_in_each_part() -> None:
    sender = mls.ExternalSender()
    anna = make_engine("davey", ANNA, CALL)
    anna.begin(1)
    anna.external_sender(sender.package)
    packages = [mls.read_key_package(make_engine("davey", user, CALL).begin(1)) for user in (2, 3)]
    batch = b"".join(sender.add(CALL, 0, package).message for package in packages)
    answer = anna.proposals(b"\0" + mls.vector(batch), {2, 3})
    assert answer is not None
    whole = mls.read_commit_welcome(answer)[1]
    parts = mls.split_welcome(whole)
    for package, other in (packages, packages[::-1]):
        assert package.ref in parts[package.ref]
        assert other.ref not in parts[package.ref]
        assert len(parts[package.ref]) < len(whole)


@given(st.binary(max_size=400))
def test_no_bytes_surprise_the_readers(data: bytes) -> None:
    for read in (mls.read_key_package, mls.read_commit_welcome, mls.split_welcome):
        with pytest.raises(mls.BadMls):
            read(data)
