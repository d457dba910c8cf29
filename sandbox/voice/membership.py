"""One client's part in DAVE: its answers to ops 21 to 31, and the encryption of its audio. Pure."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from sandbox.voice.dave_engines import DaveEngine, Unprocessable
from sandbox.voice.opcodes import (
    ANNOUNCE_COMMIT,
    COMMIT_WELCOME,
    EXECUTE_TRANSITION,
    EXTERNAL_SENDER,
    INVALID_COMMIT_WELCOME,
    KEY_PACKAGE,
    PREPARE_EPOCH,
    PREPARE_TRANSITION,
    PROPOSALS,
    TRANSITION_READY,
    WELCOME,
)
from sandbox.voice.rtp import DAVE_MARKER, SILENCE

PLAIN_AFTER_UPGRADE_SECONDS = 10.0
"Unencrypted frames are accepted this long after a call becomes encrypted (white paper: passthrough mode)"

Send = Callable[[int, Any], None]
"op, and its data: bytes for a binary op, otherwise a value for JSON"


class Membership:
    """Without an `engine` the client has no DAVE. Times are seconds of any single clock."""

    def __init__(self, engine: DaveEngine | None, send: Send) -> None:
        self.engine = engine
        self.version = 0
        "DAVE version in use"
        self.people: set[int] = set()
        "user ids of the others in the call (ops 11 and 13)"
        self.has_external_sender = False
        "op 25 has arrived"
        self.counts: Counter[str] = Counter()
        self._send = send
        self._transitions: dict[int, int] = {}
        "transitions that are announced but not executed: id -> version"
        self._plain_until = 0.0

    @property
    def changing(self) -> bool:
        """True while a transition is announced but not executed."""
        return bool(self._transitions)

    @property
    def privacy_code(self) -> str:
        """30 digits that are the same for every member of the group; empty without a group."""
        return self.engine.privacy_code if self.engine else ""

    @property
    def keyed(self) -> bool:
        """True if others can hear this client now: it has a key, needs none, or nobody else is there."""
        if self.version == 0 or self.engine is None:
            return True
        return self.has_external_sender and (not self.people or (self.privacy_code != "" and not self.changing))

    def described(self, version: int) -> None:
        """Process the DAVE version of op 4."""
        self.version = version
        if version and self.engine:
            self._begin(self.engine, version)

    def take(self, op: int, data: Any, now: float) -> None:
        """Process one of ops 21 to 30."""
        if op == PREPARE_TRANSITION:
            self._prepare(data["transition_id"], data["protocol_version"], now)
        elif op == EXECUTE_TRANSITION:
            self._execute(data["transition_id"], now)
        elif op == PREPARE_EPOCH and self.engine and data["epoch"] == 1:
            self._begin(self.engine, data["protocol_version"])
        elif self.engine and isinstance(data, bytes):
            try:
                self._binary(self.engine, op, data, now)
            except Unprocessable:
                self.counts[f"unprocessable op {op}"] += 1
                transition_id = 0 if op == PROPOSALS else int.from_bytes(data[:2], "big")
                self._send(INVALID_COMMIT_WELCOME, {"transition_id": transition_id})
                self._begin(self.engine, 1)

    def _binary(self, engine: DaveEngine, op: int, data: bytes, now: float) -> None:
        if op == EXTERNAL_SENDER:
            engine.external_sender(data)
            self.has_external_sender = True
        elif op == PROPOSALS:
            answer = engine.proposals(data, self.people)
            if answer is not None:
                self._send(COMMIT_WELCOME, answer)
        elif op in (ANNOUNCE_COMMIT, WELCOME):
            if op == ANNOUNCE_COMMIT:
                engine.commit(data[2:])
            else:
                engine.welcome(data[2:], self.people)
            self._prepare(int.from_bytes(data[:2], "big"), 1, now)

    def _begin(self, engine: DaveEngine, version: int) -> None:
        self._send(KEY_PACKAGE, engine.begin(version))

    def _prepare(self, transition_id: int, version: int, now: float) -> None:
        self._transitions[transition_id] = version
        if version == 0:
            self._plain_until = float("inf")
        if transition_id == 0:
            self._execute(0, now)
        else:
            self._send(TRANSITION_READY, {"transition_id": transition_id})

    def _execute(self, transition_id: int, now: float) -> None:
        if transition_id not in self._transitions:
            return
        while (announced := next(iter(self._transitions))) != transition_id:
            del self._transitions[announced]  # it was announced before this one and never executed
        version = self._transitions.pop(transition_id)
        if version and not self.version:
            self._plain_until = now + PLAIN_AFTER_UPGRADE_SECONDS
        self.version = version
        self.counts["transitions"] += 1
        if version and self.engine:
            self.engine.execute()

    def seal(self, opus: bytes) -> bytes | None:
        """Return the payload of the packet, or None if there is no key yet."""
        if not self.version or opus == SILENCE:
            return opus
        return self.engine.encrypt(opus) if self.engine else None

    def open(self, user_id: int, frame: bytes, now: float) -> bytes | None:
        """Return the Opus packet of a frame, or None if it cannot be decrypted now."""
        plain = self.version == 0 or now < self._plain_until
        if plain and not (self.engine and frame.endswith(DAVE_MARKER)):
            return frame
        return self.engine.decrypt(user_id, frame) if self.engine else None
