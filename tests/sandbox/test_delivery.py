"""The delivery service with real DAVE implementations around one table: no network, and time as a number."""

from collections import deque
from typing import Any

import pytest

from sandbox.voice import mls
from sandbox.voice.dave_engines import DaveEngine, EngineName, make_engine
from sandbox.voice.delivery import COMMIT_TIMEOUT_SECONDS, READY_TIMEOUT_SECONDS, DeliveryService
from sandbox.voice.membership import Membership
from sandbox.voice.opcodes import (
    ANNOUNCE_COMMIT,
    COMMIT_WELCOME,
    EXECUTE_TRANSITION,
    INVALID_COMMIT_WELCOME,
    KEY_PACKAGE,
    PREPARE_EPOCH,
    PREPARE_TRANSITION,
    PROPOSALS,
    TRANSITION_READY,
    WELCOME,
)

CALL = 99
MIXED: list[EngineName] = ["davey", "libdave"]


class Member(Membership):
    """A client reduced to its DAVE side."""

    engine: DaveEngine

    def __init__(self, user_id: int, engine: DaveEngine, table: "Table") -> None:
        super().__init__(engine, self.answer)
        self.id = user_id
        self.people = table.known
        self.table = table
        self.ops: list[int] = []
        self.seen: dict[int, bytes] = {}
        self.answers = True
        "False: hears, and says nothing"

    def enter(self) -> None:
        self.table.members[self.id] = self
        self.table.known.add(self.id)
        self.table.service.enter(self.id, self.table.now)
        self.described(self.table.service.version)

    def leave(self) -> None:
        del self.table.members[self.id]
        self.table.service.leave(self.id, self.table.now)

    def take(self, op: int, data: Any, now: float) -> None:
        self.ops.append(op)
        if isinstance(data, bytes):
            self.seen[op] = data
        super().take(op, data, now)

    def answer(self, op: int, data: Any) -> None:
        service, now = self.table.service, self.table.now
        if not self.answers:
            return
        if op == KEY_PACKAGE:
            service.key_package(self.id, data, now)
        elif op == COMMIT_WELCOME:
            service.commit_welcome(self.id, data, now)
        elif op == TRANSITION_READY:
            service.ready(self.id, data["transition_id"])
        elif op == INVALID_COMMIT_WELCOME:
            service.invalid(self.id, now)


class Table:
    """The wire: messages wait until `run`, so that everybody's cross as they do in life."""

    def __init__(self) -> None:
        self.now = 0.0
        self.members: dict[int, Member] = {}
        self.known: set[int] = set()
        "everybody whom op 11 ever named"
        self.service = DeliveryService(CALL, self)
        self.queue: deque[tuple[int, int, dict[str, object] | bytes]] = deque()
        self.spoil: set[tuple[int, int]] = set()
        "(user id, op): spoil the next such message"

    def json(self, user_id: int, op: int, data: dict[str, object]) -> None:
        self.queue.append((user_id, op, data))

    def binary(self, user_id: int, op: int, payload: bytes) -> None:
        if (user_id, op) in self.spoil:
            self.spoil.remove((user_id, op))
            payload = payload[:-1] + bytes([payload[-1] ^ 0xFF])
        self.queue.append((user_id, op, payload))

    def run(self, seconds: float = 0.0) -> None:
        """Deliver everything; then let time pass, and deliver what comes of it."""
        for end in (self.now, self.now + seconds):
            self.now = end
            self.service.tick(end)
            while self.queue:
                user_id, op, data = self.queue.popleft()
                if user_id in self.members:
                    self.members[user_id].take(op, data, self.now)

    def seat(self, user_id: int, engine: EngineName = "davey") -> Member:
        member = Member(user_id, make_engine(engine, user_id, CALL), self)
        member.enter()
        return member

    def check(self) -> None:
        """Everybody present is in one group, and opens what everybody else says."""
        assert set(self.service.leaves.values()) == set(self.members)
        assert len({member.engine.privacy_code for member in self.members.values()} - {""}) == 1
        for speaker in self.members.values():
            assert not speaker.changing
            frame = speaker.engine.encrypt(b"twenty milliseconds of speech")
            assert frame is not None
            for other in self.members.values():
                if other is not speaker:
                    assert other.engine.decrypt(speaker.id, frame) == b"twenty milliseconds of speech"


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.mark.parametrize("engines", [["davey"] * 3, ["libdave"] * 3, ["davey", "libdave"] * 4])
def test_people_come_and_go_one_by_one(table: Table, engines: list[EngineName]) -> None:
    members = []
    for user_id, engine in enumerate(engines, 10):
        members.append(table.seat(user_id, engine))
        table.run()
        if len(members) > 1:
            table.check()
    for member in members[:-2]:
        member.leave()
        table.run()
        table.check()
    assert table.service.counts["groups restarted"] == 0


@pytest.mark.parametrize("engines", [["davey"] * 8, ["libdave"] * 8, ["davey", "libdave"] * 10])
def test_a_crowd_comes_at_once(table: Table, engines: list[EngineName]) -> None:
    for user_id, engine in enumerate(engines, 10):
        table.seat(user_id, engine)
    table.run()
    table.check()
    assert table.service.counts["won"] <= 3, "whoever comes while a batch is out waits for the next one, together"


def test_half_the_crowd_goes_while_others_come(table: Table) -> None:
    crowd = [table.seat(user_id, MIXED[user_id % 2]) for user_id in range(10, 18)]
    table.run()
    for member in crowd[::2]:
        member.leave()
    table.seat(30, "libdave")
    table.seat(31)
    table.run()
    table.check()


def test_a_leaf_is_filled_again_from_the_left(table: Table) -> None:
    crowd = [table.seat(user_id) for user_id in range(10, 15)]
    table.run()
    leaf = next(i for i, user in table.service.leaves.items() if user == 12)
    crowd[2].leave()
    table.run()
    table.seat(40)
    table.run()
    assert table.service.leaves[leaf] == 40
    table.check()


def test_everybody_gets_the_same_proposal_bytes(table: Table) -> None:
    anna, ben = table.seat(10), table.seat(11, "libdave")
    table.run()
    cleo = table.seat(12)
    table.run()
    assert anna.seen[PROPOSALS] == ben.seen[PROPOSALS]
    assert PROPOSALS not in cleo.ops, "the welcomed need no proposal"
    assert WELCOME in cleo.ops
    assert ANNOUNCE_COMMIT not in cleo.ops


def test_the_last_one_starts_over_and_a_newcomer_shares_the_new_group(table: Table) -> None:
    anna, ben = table.seat(10), table.seat(11)
    table.run()
    code = anna.engine.privacy_code
    ben.leave()
    table.run()
    assert anna.ops[-2:] == [PREPARE_EPOCH, PREPARE_TRANSITION]
    assert table.service.epoch == 0
    table.seat(12, "libdave")
    table.run()
    table.check()
    assert anna.engine.privacy_code != code


def test_the_whole_call_ends_and_another_begins(table: Table) -> None:
    for _ in range(2):
        crowd = [table.seat(user_id) for user_id in (10, 11, 12)]
        table.run()
        table.check()
        for member in crowd:
            member.leave()
        table.run()


@pytest.mark.parametrize("op", [PROPOSALS, ANNOUNCE_COMMIT, WELCOME])
@pytest.mark.parametrize("engines", [["davey"] * 3, ["libdave"] * 3, ["davey", "libdave", "davey"]])
def test_a_spoilt_message_costs_its_receiver_one_more_round(table: Table, op: int, engines: list[EngineName]) -> None:
    table.seat(10, engines[0])
    table.seat(11, engines[1])
    table.run()
    table.spoil.add((12 if op == WELCOME else 11, op))
    table.seat(12, engines[2])
    table.run()
    table.check()
    assert table.service.counts["flagged invalid"] >= 1


def test_in_a_call_of_two_a_spoilt_welcome_is_mended(table: Table) -> None:
    table.seat(10)
    table.spoil |= {(10, WELCOME), (11, WELCOME)}
    table.seat(11, "libdave")
    table.run(COMMIT_TIMEOUT_SECONDS)
    table.run()
    table.check()


def test_a_transition_waits_for_everybody_but_not_for_ever(table: Table) -> None:
    anna, ben = table.seat(10), table.seat(11)
    table.run()
    ben.answers = False
    table.seat(12)
    table.run(READY_TIMEOUT_SECONDS / 2)
    assert anna.changing
    table.run(READY_TIMEOUT_SECONDS)
    assert not anna.changing
    assert table.service.counts["transitions timed out"] == 1
    ben.answers = True
    table.check()


def test_if_nobody_is_left_who_could_commit_the_group_is_begun_anew(table: Table) -> None:
    table.seat(10)
    table.seat(11, "libdave")
    table.run()
    table.spoil |= {(10, PROPOSALS), (11, PROPOSALS)}
    table.seat(12)
    table.run()
    table.check()
    assert table.service.counts["groups restarted"] == 1


def test_if_nobody_commits_the_group_is_begun_anew(table: Table) -> None:
    anna, ben = table.seat(10), table.seat(11)
    table.run()
    anna.answers = ben.answers = False
    table.seat(12)
    table.run()
    anna.answers = ben.answers = True
    table.run(COMMIT_TIMEOUT_SECONDS)
    table.run()
    table.check()
    assert table.service.counts["batches abandoned"] == 1


def test_whoever_comes_back_without_a_word_is_replaced(table: Table) -> None:
    table.seat(10)
    table.seat(11)
    table.seat(12)
    table.run()
    table.seat(11, "libdave")
    table.run()
    table.check()


def test_an_addition_is_revoked_when_the_newcomer_is_gone_again(table: Table) -> None:
    anna, ben = table.seat(10), table.seat(11, "libdave")
    table.run()
    cleo = table.seat(12)
    cleo.leave()
    assert [op for _, op, _ in table.queue].count(PROPOSALS) == 4
    table.run()
    table.check()
    assert anna.seen[PROPOSALS][0] == ben.seen[PROPOSALS][0] == 1, "the last one revokes"


@pytest.mark.parametrize("engines", [["davey"] * 2, ["libdave"] * 2, MIXED])
def test_down_to_plain_and_up_again(table: Table, engines: list[EngineName]) -> None:
    members = [table.seat(user_id, engine) for user_id, engine in enumerate(engines, 10)]
    table.run()
    table.service.downgrade(table.now)
    table.run()
    assert all(member.ops[-2:] == [PREPARE_TRANSITION, EXECUTE_TRANSITION] for member in members)
    assert table.service.leaves == {}
    table.service.upgrade(table.now)
    table.run()
    assert all(PREPARE_EPOCH in member.ops for member in members)
    table.check()


class TestCommitsThatMustNotWin:
    def setup_method(self) -> None:
        self.table = Table()
        self.anna, self.ben = self.table.seat(10), self.table.seat(11)
        self.table.run()

    def offer(self, user_id: int, data: bytes) -> set[str]:
        before = self.table.service.counts.copy()
        self.table.service.commit_welcome(user_id, data, 0.0)
        return set(self.table.service.counts - before)

    def commit(self) -> bytes:
        """Have Anna commit the addition of Cleo, without sending it."""
        self.anna.answers = self.ben.answers = False
        self.table.seat(12)
        self.table.run()
        answer = self.anna.engine.proposals(self.anna.seen[PROPOSALS], {11, 12})
        assert answer is not None
        return answer

    def test_of_a_past_epoch(self) -> None:
        answer = self.commit()
        assert self.offer(10, answer) == {"won"}
        assert self.table.service.epoch == 2
        assert self.offer(10, answer) == {"refused: epoch"}

    def test_in_the_name_of_somebody_else(self) -> None:
        assert self.offer(11, self.commit()) == {"refused: sender"}

    def test_without_its_welcome(self) -> None:
        commit, _ = mls.read_commit_welcome(self.commit())
        assert self.offer(10, commit.message) == {"refused: welcome"}

    def test_that_leaves_a_proposal_out(self) -> None:
        answer = self.commit()
        service = self.table.service
        service._open.append(service._sender.remove(CALL, service.epoch, 1))
        assert self.offer(10, answer) == {"refused: proposals"}

    def test_from_a_stranger(self) -> None:
        assert self.offer(77, self.commit()) == {"refused: sender"}


def test_the_key_package_of_somebody_else_is_refused(table: Table) -> None:
    table.seat(10)
    with pytest.raises(mls.BadMls):
        table.service.key_package(10, make_engine("davey", 11, CALL).begin(1), 0.0)
