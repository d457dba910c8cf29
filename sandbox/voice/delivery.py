"""DAVE's delivery service: who is in the MLS group of one call, and how the group moves from epoch to epoch.

It is declarative: after every event, `_settle` compares who should be in the group with who is, and proposes the
difference. Only one batch of proposals is open at a time; the first valid commit that refers to all of it wins.
Pure: it sends through the given `Wire`, and time comes in as `now`. Source: the DAVE white paper (dave-protocol).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from sandbox.voice import mls
from sandbox.voice.opcodes import (
    ANNOUNCE_COMMIT,
    EXECUTE_TRANSITION,
    EXTERNAL_SENDER,
    PREPARE_EPOCH,
    PREPARE_TRANSITION,
    PROPOSALS,
    WELCOME,
)

APPEND_PROPOSALS, REVOKE_PROPOSALS = b"\0", b"\1"
READY_TIMEOUT_SECONDS = 2.0
"A transition is executed after this time, even if some members are not ready."
COMMIT_TIMEOUT_SECONDS = 2.0
"If nobody commits a batch within this time, a new group replaces it."


class Wire(Protocol):
    """How the service sends to a member. A member who has left is skipped."""

    def json(self, user_id: int, op: int, data: dict[str, object]) -> None: ...

    def binary(self, user_id: int, op: int, payload: bytes) -> None: ...


@dataclass(slots=True)
class _Transition:
    version: int
    waiting: set[int]
    "members that are not ready yet"
    members: set[int]
    due: float


class DeliveryService:
    """The MLS group of one call. `version` is the DAVE version in use: 1, or 0 for an unencrypted call."""

    def __init__(self, group_id: int, wire: Wire, *, version: int = 1) -> None:
        self.group_id = group_id
        self.version = version
        self.epoch = 0
        "0: no group exists yet"
        self.leaves: dict[int, int] = {}
        "leaf index -> user id in the current group"
        self.counts: Counter[str] = Counter()
        "commits won, commits refused by reason, groups restarted, transitions executed or timed out"
        self._wire = wire
        self._sender = mls.ExternalSender()
        self._present: set[int] = set()
        self._external_sender_sent: set[int] = set()
        "members that have this service's external sender package, which their groups will name"
        self._stale: set[int] = set()
        "members of the group who lost their state: they are removed, then added again"
        self._packages: dict[int, mls.KeyPackage] = {}
        "key packages of those who wait to be added"
        self._open: list[mls.Proposal] = []
        self._open_since = 0.0
        self._transitions: dict[int, _Transition] = {}
        self._next_transition = 1

    @property
    def external_sender(self) -> bytes:
        """The payload of op 25: the external sender, which a member's group will name."""
        return self._sender.package

    # What members do:

    def enter(self, user_id: int, now: float) -> None:
        """A member has connected, and waits for the external sender."""
        if user_id in self.leaves.values():
            self._stale.add(user_id)
        self._present.add(user_id)
        if self.version:
            self._send_external_sender(user_id)
            self._settle(now)

    def leave(self, user_id: int, now: float) -> None:
        """A member has disconnected."""
        self._present.discard(user_id)
        self._external_sender_sent.discard(user_id)
        self._packages.pop(user_id, None)
        for transition_id in list(self._transitions):
            self.ready(user_id, transition_id)
        if not self.version:
            return
        if len(self._present) == 1 and (self.epoch or self._open):
            self._start_new_group()  # sole member reset: nobody stays in a group alone
            self._wire.json(
                next(iter(self._present)), PREPARE_TRANSITION, {"protocol_version": self.version, "transition_id": 0}
            )
        elif not self._present:
            self._forget_group()
        self._revoke(user_id)
        self._settle(now)

    def key_package(self, user_id: int, data: bytes, now: float) -> None:
        """Op 26. Raises BadMls."""
        package = mls.read_key_package(data)
        if package.user_id != user_id:
            raise mls.BadMls("key package of somebody else")
        if user_id in self.leaves.values():
            self._stale.add(user_id)
        self._packages[user_id] = package
        self._settle(now)

    def commit_welcome(self, user_id: int, data: bytes, now: float) -> None:
        """Op 28: the first valid commit wins the epoch. Any other is counted and dropped. Raises BadMls."""
        commit, welcome = mls.read_commit_welcome(data)
        refusal = self._refusal(user_id, commit)
        welcomes = mls.split_welcome(welcome) if welcome else {}
        by_ref = {proposal.ref: proposal for proposal in self._open}
        applied = [by_ref[ref] for ref in commit.refs if ref in by_ref]
        added = [proposal.adds for proposal in applied if proposal.adds]
        if not refusal and {package.ref for package in added} != welcomes.keys():
            refusal = "welcome"
        if refusal:
            self.counts["refused: " + refusal] += 1
            return
        self.counts["won"] += 1
        if not self.epoch:
            self.leaves = {0: user_id}
            self._packages.pop(user_id, None)
        for proposal in applied:
            if proposal.removes is not None:
                self._stale.discard(self.leaves.pop(proposal.removes))
        notified = [member for member in self.leaves.values() if member in self._present - self._stale]
        welcomed: dict[int, bytes] = {}
        for package in added:  # each takes the leftmost blank leaf (RFC 9420 section 12.1.1)
            leaf = next(i for i in range(len(self.leaves) + 1) if i not in self.leaves)
            self.leaves[leaf] = member = package.user_id
            if self._packages.get(member) == package:
                del self._packages[member]
                welcomed[member] = welcomes[package.ref]
            elif member in self._present:
                # The member has made another key package since. A welcome for the old one only makes it start over.
                self._stale.add(member)
        self.epoch += 1
        self._open.clear()
        transition_id = mls.uint(self._transition(self.version, {*notified, *welcomed}, now), 2)
        for member in notified:
            self._wire.binary(member, ANNOUNCE_COMMIT, transition_id + commit.message)
        for member, part in welcomed.items():
            self._wire.binary(member, WELCOME, transition_id + part)
        self._settle(now)

    def invalid(self, user_id: int, now: float) -> None:
        """Op 31: the member could not process a commit or a welcome, and starts over."""
        self.counts["flagged invalid"] += 1
        if user_id in self.leaves.values():
            self._stale.add(user_id)
        self._packages.pop(user_id, None)
        for transition_id in list(self._transitions):
            self.ready(user_id, transition_id)
        self._settle(now)

    def ready(self, user_id: int, transition_id: int) -> None:
        """Op 23: a member is ready for a transition."""
        transition = self._transitions.get(transition_id)
        if transition:
            transition.waiting.discard(user_id)
            if not transition.waiting:
                self._execute(transition_id)

    # What the clock and the voice gateway do:

    def tick(self, now: float) -> None:
        """Execute overdue transitions, and give up a batch that nobody commits."""
        for transition_id, transition in list(self._transitions.items()):
            if now >= transition.due:
                self.counts["transitions timed out"] += 1
                self._execute(transition_id)
        if self._open and now >= self._open_since + COMMIT_TIMEOUT_SECONDS:
            self.counts["batches abandoned"] += 1
            self._start_new_group()
            self._settle(now)

    def downgrade(self, now: float) -> None:
        """Make the call unencrypted, because a client without DAVE joins."""
        self.version = 0
        self._forget_group()
        transition_id = self._transition(0, set(self._present), now)
        for user_id in self._present:
            self._wire.json(user_id, PREPARE_TRANSITION, {"protocol_version": 0, "transition_id": transition_id})

    def upgrade(self, now: float) -> None:
        """Make the call end-to-end encrypted again, with a new group."""
        self.version = 1
        for user_id in self._present - self._external_sender_sent:
            self._send_external_sender(user_id)
        self._start_new_group()
        self._settle(now)

    # How the group moves:

    def _send_external_sender(self, user_id: int) -> None:
        self._external_sender_sent.add(user_id)
        self._wire.binary(user_id, EXTERNAL_SENDER, self.external_sender)

    def _settle(self, now: float) -> None:
        """Propose the difference between the group as it is and as it should be. Wait while a batch is open."""
        if not self.version:
            return
        gone = [leaf for leaf, user in self.leaves.items() if user not in self._present or user in self._stale]
        if self.epoch and len(gone) == len(self.leaves):
            self._start_new_group()  # nobody is left to commit
        elif self._open:
            return
        elif self.epoch and (gone or self._packages):
            self._propose(gone, self._packages.values(), now)
        elif len(self._packages) > 1:
            self._propose([], self._packages.values(), now)

    def _propose(self, gone: list[int], new: Iterable[mls.KeyPackage], now: float) -> None:
        """Send one batch. Before the first epoch everyone is in a group of their own, so nobody gets their own Add."""
        sign = self._sender
        self._open = [sign.remove(self.group_id, self.epoch, leaf) for leaf in gone]
        self._open += [sign.add(self.group_id, self.epoch, package) for package in new]
        self._open_since = now
        members = set(self.leaves.values()) - self._stale if self.epoch else set(self._packages)
        for user_id in members & self._present:
            batch = [p.message for p in self._open if self.epoch or not p.adds or p.adds.user_id != user_id]
            self._wire.binary(user_id, PROPOSALS, APPEND_PROPOSALS + mls.vector(b"".join(batch)))

    def _revoke(self, user_id: int) -> None:
        """Revoke the Add of a member who left, if the batch contains nothing else.

        A larger batch is committed first, and the member is removed afterwards, because davey sends no welcome with the
        commit that follows a revocation, even if other Adds stay in the batch.
        """
        if self.epoch and len(self._open) == 1 and (package := self._open[0].adds) and package.user_id == user_id:
            revoked = mls.vector(self._open.pop().ref)
            for member in set(self.leaves.values()) & self._present - self._stale:
                self._wire.binary(member, PROPOSALS, REVOKE_PROPOSALS + mls.vector(revoked))

    def _refusal(self, user_id: int, commit: mls.Commit) -> str | None:
        """Return why a commit cannot win, or None."""
        if not self._open or (commit.group_id, commit.epoch) != (self.group_id, self.epoch):
            return "epoch"
        if self.epoch:
            if self.leaves.get(commit.sender) != user_id:
                return "sender"
            expected = {proposal.ref for proposal in self._open}
        else:
            own = {p.ref for p in self._open if p.adds and p.adds.user_id == user_id}
            if not own:
                return "sender"
            expected = {proposal.ref for proposal in self._open} - own
        return None if set(commit.refs) == expected and len(commit.refs) == len(expected) else "proposals"

    def _start_new_group(self) -> None:
        """Start a new group: everyone connected makes a new key package (op 24 with epoch 1)."""
        self.counts["groups restarted"] += 1
        self._forget_group()
        for user_id in self._present:
            self._wire.json(user_id, PREPARE_EPOCH, {"protocol_version": self.version, "epoch": 1})

    def _forget_group(self) -> None:
        self.epoch = 0
        self.leaves.clear()
        self._open.clear()
        self._stale.clear()
        self._packages.clear()

    def _transition(self, version: int, members: set[int], now: float) -> int:
        transition_id = self._next_transition
        self._next_transition = transition_id % 0xFFFF + 1
        if members:
            self._transitions[transition_id] = _Transition(version, set(members), members, now + READY_TIMEOUT_SECONDS)
        return transition_id

    def _execute(self, transition_id: int) -> None:
        transition = self._transitions.pop(transition_id)
        self.counts["transitions executed"] += 1
        for user_id in transition.members & self._present:
            self._wire.json(user_id, EXECUTE_TRANSITION, {"transition_id": transition_id})
