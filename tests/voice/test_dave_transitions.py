"""DAVE's transitions as tables: what was announced, what was executed, what is in force; and whether we keep step.

In the stories: `=v` op 4 with version v · `Nn>v` op 21, transition n to version v · `!n` op 22 · `*v` op 24, a new
group · `Cn@e` op 29, a commit made in epoch e · `Wn` op 30 · `P@e` op 27.
"""

import re

import davey
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voice.link.dave_transitions import MAX_PENDING_TRANSITIONS, DaveTransitions
from sandbox.voice import mls

GROUP = 77


class Story:
    def __init__(self) -> None:
        self.transitions = DaveTransitions()
        self.version = 0
        self.executed: list[int | None] = []

    def tell(self, story: str) -> "Story":
        for word in story.split():
            self._take(word)
        return self

    def _take(self, word: str) -> None:
        told = self.transitions
        kind, numbers = word[0], [int(n) for n in re.findall(r"\d+", word)]
        if kind == "=":
            told.message(4, {"dave_protocol_version": numbers[0], "mode": "x"})
            self.version = numbers[0]
        elif kind == "N":
            told.message(21, {"transition_id": numbers[0], "protocol_version": numbers[1]})
        elif kind == "!":
            version = told.execute(numbers[0])
            self.executed.append(version)
            self.version = self.version if version is None else version
        elif kind == "*":
            told.message(24, {"epoch": 1, "protocol_version": numbers[0]})
            self.version = numbers[0]  # as discord.py does
        elif kind == "C":
            told.binary(29, numbers[0].to_bytes(2, "big") + public(numbers[1]))
        elif kind == "W":
            told.binary(30, numbers[0].to_bytes(2, "big") + b"sealed")
        else:
            told.binary(27, b"\0" + mls.vector(public(numbers[0])))

    def out_of_step(self, epoch: int | None) -> bool:
        return self.transitions.out_of_step(self.version, epoch)


def public(epoch: int) -> bytes:
    """Return a proposal as the sandbox's delivery service makes it."""
    return mls.ExternalSender().remove(GROUP, epoch, 0).message


@pytest.mark.parametrize(
    ("story", "version"),
    [
        ("=1 W1 !1", 1),
        ("=1 W1 !1 C2@1 !2 C3@2 !3", 1),
        ("=1 W1 !1 N2>0 !2", 0),
        ("=1 W1 !1 N2>0 !2 *1 C3@0 !3", 1),
        ("=0 *1 C1@0 !1", 1),
        # Down to plain, executed only when the next group has begun, or is there: it is over.
        ("=1 W1 !1 N2>0 *1 !2 C3@0 !3", 1),
        ("=1 W1 !1 N2>0 *1 C3@0 !2 !3", 1),
        ("=1 W1 !1 N2>0 *1 C3@0 !3 !2", 1),
        # Of two that were announced the later one was executed: the earlier is over.
        ("=1 W1 !1 C2@1 N3>0 !3 !2", 0),
        ("=1 W1 !1 N2>0 N3>1 !3 !2", 1),
        # Nothing is executed twice.
        ("=1 W1 !1 N2>0 !2 *1 C3@0 !3 !2 !1", 1),
        # A new session has new numbers.
        ("=1 W1 !1 N2>0 =1 !2", 1),
        ("=1 W1 !1 N2>0 =1 N2>1 !2", 1),
    ],
)
def test_the_version_in_force(story: str, version: int) -> None:
    told = Story().tell(story)
    assert told.version == version


@pytest.mark.parametrize(
    ("story", "epoch", "out_of_step"),
    [
        ("=1 *1 C1@0 !1", 1, False),
        ("=1 *1 C1@0 !1", 0, True),
        ("=1 W1 !1", 5, False),  # only davey knows where a welcome leads
        ("=1 W1 !1 P@5", 5, False),
        ("=1 W1 !1 P@6", 5, True),
        ("=1 W1 !1 P@5 C2@5 !2", 6, False),
        ("=1 W1 !1 P@5 C2@5 !2", 5, True),
        ("=1 W1 !1 P@6 W2 !2", 7, False),
        ("=1 W1 !1 !2", 5, True),  # a commit that never came
        ("=1 W1 !1 !2 C3@5 !3", 6, False),
        ("=1 W2 !1 !2", 5, False),  # announced before we came
        ("=1 W1 !1 C2@5 !2 !2", 6, False),  # said twice
        ("=1 !9", None, False),  # not in the group yet: no business of ours
        ("=1 P@3", None, False),
        ("=1 W1 !1 P@6 *1", 0, False),
        ("=1 W1 !1 P@6 N2>0 !2", 5, False),  # in the clear no key counts
        ("=1 W1 !1 N2>0", 5, True),  # announced, and not executed
        ("=1 W1 !1 N2>0 N3>1 !3", 5, False),
        ("=1 W1 !1 =0", 5, False),
    ],
)
def test_whether_we_keep_step(story: str, epoch: int | None, out_of_step: bool) -> None:
    assert Story().tell(story).out_of_step(epoch) == out_of_step


def test_withdrawn_proposals_say_nothing_of_the_epoch() -> None:
    told = Story().tell("=1 W1 !1 P@5")
    told.transitions.binary(27, b"\1" + mls.vector(mls.vector(bytes(32))))
    assert not told.out_of_step(5)


def test_the_epoch_is_read_where_a_real_session_has_it() -> None:
    """A commit of davey's, made in epoch 0 of a group of two."""
    ann, ben = davey.DaveSession(1, 1, GROUP), davey.DaveSession(1, 2, GROUP)
    sender = mls.ExternalSender()
    package = mls.read_key_package(ben.get_serialized_key_package())
    ann.set_external_sender(sender.package)
    proposal = sender.add(GROUP, 0, package)
    made = ann.process_proposals(davey.ProposalsOperationType.append, mls.vector(proposal.message))
    assert made
    told = Story().tell("=1")
    told.transitions.binary(29, b"\0\1" + made.commit)
    ann.process_commit(made.commit)
    assert ann.epoch == 1
    assert not told.out_of_step(1)
    assert told.out_of_step(0)


def test_announcements_without_end_fill_nothing() -> None:
    told = Story().tell("=1")
    for number in range(1, 10 * MAX_PENDING_TRANSITIONS):
        told._take(f"N{number}>1")
    assert len(told.transitions._pending) == MAX_PENDING_TRANSITIONS


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(
        st.sampled_from(["transition_id", "protocol_version", "dave_protocol_version", "epoch"]), inner
    ),
    max_leaves=6,
)


@given(
    st.lists(
        st.tuples(st.sampled_from([4, 21, 24]), _JSON) | st.tuples(st.sampled_from([25, 27, 29, 30]), st.binary()),
        max_size=20,
    ),
    st.integers(),
)
def test_nothing_raises(messages: list[tuple[int, object]], number: int) -> None:
    transitions = DaveTransitions()
    for op, data in messages:
        if isinstance(data, bytes):
            transitions.binary(op, data)
        else:
            transitions.message(op, data)
    transitions.execute(number)
    transitions.out_of_step(1, 1)
