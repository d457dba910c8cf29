"""The two DAVE implementations that the sandbox's people can use: davey (Rust, OpenMLS) and libdave (C++, mlspp).

Both have the same small interface, because tests mix both kinds in one call and check that they agree.
libdave is the development dependency `dave.py`, which is imported only on request.
"""

from collections.abc import Callable, Set
from typing import Literal, Protocol

import davey

from sandbox.voice.rtp import SILENCE

EngineName = Literal["davey", "libdave"]


class Unprocessable(Exception):
    """The implementation refuses a proposal, commit or welcome."""


class DaveEngine(Protocol):
    """One member's end-to-end encryption in one call. Payloads are those of the binary voice gateway ops."""

    def begin(self, version: int) -> bytes:
        """Start over with a group of this member alone, and return a new key package (op 26)."""
        ...

    def external_sender(self, package: bytes) -> None: ...

    def proposals(self, payload: bytes, people: Set[int]) -> bytes | None:
        """Process op 27 and return op 28 if there is something to commit. Raises Unprocessable."""
        ...

    def commit(self, message: bytes) -> None:
        """Process the commit of op 29. Raises Unprocessable."""
        ...

    def welcome(self, message: bytes, people: Set[int]) -> None:
        """Process the welcome of op 30. Raises Unprocessable."""
        ...

    def execute(self) -> None:
        """Op 22: from now on, send with the newest epoch's key."""
        ...

    def encrypt(self, opus: bytes) -> bytes | None:
        """Return the DAVE frame, or None if there is no key yet."""
        ...

    def decrypt(self, user_id: int, frame: bytes) -> bytes | None:
        """Return the Opus packet, or None if it cannot be decrypted now."""
        ...

    @property
    def privacy_code(self) -> str:
        """30 digits that are the same for every member of the group; empty without a group."""
        ...


def make_engine(name: EngineName, user_id: int, channel_id: int) -> DaveEngine:
    makers: dict[EngineName, Callable[[int, int], DaveEngine]] = {"davey": Davey, "libdave": Libdave}
    return makers[name](user_id, channel_id)


class Davey:
    """davey switches the sender's key at the commit, not at op 22."""

    def __init__(self, user_id: int, channel_id: int) -> None:
        self._ids = (user_id, channel_id)
        self._session: davey.DaveSession | None = None
        self._sender: bytes | None = None

    @property
    def _open(self) -> davey.DaveSession:
        if self._session is None:
            raise Unprocessable("no session")
        return self._session

    def begin(self, version: int) -> bytes:
        if self._session is None:
            self._session = davey.DaveSession(version, *self._ids)
            if self._sender:
                self._session.set_external_sender(self._sender)
        else:
            self._session.reinit(version, *self._ids)
        return self._session.get_serialized_key_package()

    def external_sender(self, package: bytes) -> None:
        self._sender = package
        if self._session:
            try:
                self._session.set_external_sender(package)
            except ValueError as error:
                raise Unprocessable(str(error)) from error

    def proposals(self, payload: bytes, people: Set[int]) -> bytes | None:
        kind = davey.ProposalsOperationType.revoke if payload[0] else davey.ProposalsOperationType.append
        try:
            result = self._open.process_proposals(kind, payload[1:], list(people))
        except ValueError as error:
            raise Unprocessable(str(error)) from error
        return result.commit + (result.welcome or b"") if result else None

    def commit(self, message: bytes) -> None:
        try:
            self._open.process_commit(message)
        except ValueError as error:
            raise Unprocessable(str(error)) from error

    def welcome(self, message: bytes, people: Set[int]) -> None:
        try:
            self._open.process_welcome(message)
        except ValueError as error:
            raise Unprocessable(str(error)) from error

    def execute(self) -> None:
        return None

    def encrypt(self, opus: bytes) -> bytes | None:
        if self._session is None or not self._session.ready:
            return None
        return self._session.encrypt_opus(opus)

    def decrypt(self, user_id: int, frame: bytes) -> bytes | None:
        if frame == SILENCE:
            return frame
        if self._session is None:
            return None
        try:
            return self._session.decrypt(user_id, davey.MediaType.audio, frame)
        except ValueError:
            return None

    @property
    def privacy_code(self) -> str:
        return (self._session.voice_privacy_code if self._session else None) or ""


class Libdave:
    """libdave leaves ratchets, encryptor and decryptors to the caller, who must follow the group's roster."""

    def __init__(self, user_id: int, channel_id: int) -> None:
        import dave

        self._dave = dave
        self._user, self._channel = user_id, channel_id
        self.failures: list[str] = []
        self._session = dave.Session(lambda source, reason: self.failures.append(f"{source}: {reason}"))
        self._encryptor = dave.Encryptor()
        self._encryptor.assign_ssrc_to_codec(1, dave.Codec.opus)
        self._decryptors: dict[int, dave.Decryptor] = {}

    def begin(self, version: int) -> bytes:
        self._session.init(version, self._channel, str(self._user), None)
        package = self._session.get_marshalled_key_package()
        if package is None:
            raise Unprocessable("no key package")
        return package

    def external_sender(self, package: bytes) -> None:
        self._session.set_external_sender(package)

    def proposals(self, payload: bytes, people: Set[int]) -> bytes | None:
        failures = len(self.failures)
        result = self._session.process_proposals(payload, {str(user) for user in people | {self._user}})
        if result is None and len(self.failures) > failures:
            raise Unprocessable(self.failures[-1])
        return result

    def commit(self, message: bytes) -> None:
        roster = self._session.process_commit(message)
        if roster is self._dave.RejectType.failed:
            raise Unprocessable("commit")
        if isinstance(roster, dict):
            self._follow(roster)

    def welcome(self, message: bytes, people: Set[int]) -> None:
        roster = self._session.process_welcome(message, {str(user) for user in people | {self._user}})
        if roster is None:
            raise Unprocessable("welcome")
        self._follow(roster)

    def _follow(self, changes: dict[int, list[int]]) -> None:
        """Update the decryptors. `changes` maps user id -> key, which is empty for a member who left."""
        for user_id, key in changes.items():
            if not key:
                self._decryptors.pop(user_id, None)
            elif user_id != self._user:
                self._decryptors.setdefault(user_id, self._dave.Decryptor())
        for user_id, decryptor in self._decryptors.items():
            if ratchet := self._session.get_key_ratchet(str(user_id)):
                decryptor.transition_to_key_ratchet(ratchet)

    def execute(self) -> None:
        if self._session.has_established_group():
            self._encryptor.set_key_ratchet(self._session.get_key_ratchet(str(self._user)))

    def encrypt(self, opus: bytes) -> bytes | None:
        if opus == SILENCE:
            return opus
        if not self._encryptor.has_key_ratchet():
            return None
        return self._encryptor.encrypt(self._dave.MediaType.audio, 1, opus)

    def decrypt(self, user_id: int, frame: bytes) -> bytes | None:
        if frame == SILENCE:
            return frame
        decryptor = self._decryptors.get(user_id)
        return decryptor.decrypt(self._dave.MediaType.audio, frame) if decryptor else None

    @property
    def privacy_code(self) -> str:
        authenticator = self._session.get_last_epoch_authenticator() if self._session.has_established_group() else None
        return self._dave.generate_displayable_code(authenticator, 30, 5) if authenticator else ""
