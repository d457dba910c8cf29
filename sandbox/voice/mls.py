"""The few MLS structures that a delivery service reads and writes (RFC 9420), encoded by hand.

A delivery service has no group secrets and no ratchet tree. It checks key packages, signs proposals to add or remove
members as the group's external sender, reads which proposals a commit refers to, and splits a welcome by recipient.
It supports only ciphersuite 2 (P-256, AES-128-GCM, SHA-256), which DAVE protocol version 1 uses.
"""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MLS_VERSION = 1
CIPHERSUITE = 2
PUBLIC_MESSAGE_FORMAT = 1
KEY_PACKAGE_FORMAT = 5
MEMBER_SENDER, EXTERNAL_SENDER_TYPE = 1, 2
PROPOSAL_CONTENT, COMMIT_CONTENT = 2, 3
ADD_PROPOSAL, REMOVE_PROPOSAL = 1, 3
BASIC_CREDENTIAL = 1
BY_REFERENCE = 2
LEAF_OF_KEY_PACKAGE, LEAF_OF_COMMIT = 1, 3
MAX_LIFETIME = (0, 2**64 - 1)
"Lifetime that DAVE requires of a key package"


class BadMls(ValueError):
    """Malformed bytes, or bytes that break a rule of DAVE. `str` says what is wrong."""


class MlsReader:
    """Reads TLS presentation language fields from the front of `data`."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes. Raises BadMls if fewer are left."""
        if self.at + size > len(self.data):
            raise BadMls("truncated")
        self.at += size
        return self.data[self.at - size : self.at]

    def uint(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self) -> bytes:
        """Read an `opaque x<V>`: a length of 1, 2 or 4 bytes as in section 2.1.2, then that many bytes."""
        first = self.uint(1)
        size = 1 << (first >> 6)
        if size == 8:
            raise BadMls("bad vector length")
        return self.take((first & 0x3F) << 8 * (size - 1) | self.uint(size - 1))

    @property
    def done(self) -> bool:
        return self.at == len(self.data)


def uint(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def vector(data: bytes) -> bytes:
    """Encode an `opaque x<V>` (section 2.1.2)."""
    size = len(data)
    if size < 1 << 6:
        return uint(size, 1) + data
    if size < 1 << 14:
        return uint(size | 1 << 14, 2) + data
    return uint(size | 2 << 30, 4) + data


def ref_hash(label: str, value: bytes) -> bytes:
    """RefHash of section 5.2: the reference of a proposal or key package."""
    return hashlib.sha256(vector(f"MLS 1.0 {label}".encode()) + vector(value)).digest()


def _sign_content(label: str, content: bytes) -> bytes:
    """SignContent of section 5.1.2."""
    return vector(f"MLS 1.0 {label}".encode()) + vector(content)


def verify(public_key: bytes, label: str, content: bytes, signature: bytes) -> None:
    """VerifyWithLabel of section 5.1.2. `public_key` is an uncompressed point. Raises BadMls."""
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public_key)
        key.verify(signature, _sign_content(label, content), ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature) as error:
        raise BadMls(f"bad signature on {label}") from error


@dataclass(frozen=True, slots=True)
class KeyPackage:
    """A checked key package (section 10)."""

    raw: bytes
    user_id: int
    "from the basic credential: a Discord snowflake, 8 bytes big endian"

    @property
    def ref(self) -> bytes:
        """KeyPackageRef, by which a welcome names its recipients."""
        return ref_hash("KeyPackage Reference", self.raw)


def read_key_package(data: bytes) -> KeyPackage:
    """Check signatures, ciphersuite, credential and lifetime as the DAVE white paper requires. Raises BadMls.

    Accepts both forms that clients send: the bare KeyPackage (davey, libdave) and one framed as MLSMessage.
    """
    if data[2:4] == uint(KEY_PACKAGE_FORMAT, 2):
        data = data[4:]
    r = MlsReader(data)
    if r.uint(2) != MLS_VERSION or r.uint(2) != CIPHERSUITE:
        raise BadMls("other MLS version or ciphersuite")
    r.vector()  # init_key
    leaf = _read_leaf(r)
    r.vector()  # extensions
    body = data[: r.at]
    verify(leaf.signature_key, "KeyPackageTBS", body, r.vector())
    if not r.done:
        raise BadMls("bytes after the key package")
    if leaf.lifetime != MAX_LIFETIME:
        raise BadMls("lifetime is not the maximal one")
    verify(leaf.signature_key, "LeafNodeTBS", leaf.signed, leaf.signature)
    return KeyPackage(data, leaf.user_id)


@dataclass(frozen=True, slots=True)
class _Leaf:
    signature_key: bytes
    user_id: int
    lifetime: tuple[int, int] | None
    signed: bytes
    signature: bytes


def _read_leaf(r: MlsReader) -> _Leaf:
    """LeafNode of section 7.2."""
    start = r.at
    r.vector()  # encryption_key
    signature_key = r.vector()
    if r.uint(2) != BASIC_CREDENTIAL:
        raise BadMls("credential is not basic")
    identity = r.vector()
    if len(identity) != 8:
        raise BadMls("credential is not a snowflake")
    for _ in range(5):  # capabilities: versions, ciphersuites, extensions, proposals, credentials
        r.vector()
    source, lifetime = r.uint(1), None
    if source == LEAF_OF_KEY_PACKAGE:
        lifetime = (r.uint(8), r.uint(8))
    elif source == LEAF_OF_COMMIT:
        r.vector()  # parent_hash
    r.vector()  # extensions
    signed = r.data[start : r.at]
    return _Leaf(signature_key, int.from_bytes(identity, "big"), lifetime, signed, r.vector())


@dataclass(frozen=True, slots=True)
class Proposal:
    """An Add or Remove proposal, signed by the external sender."""

    message: bytes
    "MLSMessage, the same for every member, because its reference hashes these bytes"
    adds: KeyPackage | None = None
    removes: int | None = None
    "leaf index"

    @property
    def ref(self) -> bytes:
        """ProposalRef (section 5.2): the hash of the AuthenticatedContent, which is the message without its version."""
        return ref_hash("Proposal Reference", self.message[2:])


class ExternalSender:
    """The voice gateway's signing key, which signs its proposals (section 12.1.8)."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def package(self) -> bytes:
        """The ExternalSender structure of op 25: public key and basic credential."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return vector(point) + uint(BASIC_CREDENTIAL, 2) + vector(uint(0, 8))

    def add(self, group_id: int, epoch: int, key_package: KeyPackage) -> Proposal:
        return Proposal(self._sign(group_id, epoch, uint(ADD_PROPOSAL, 2) + key_package.raw), adds=key_package)

    def remove(self, group_id: int, epoch: int, leaf: int) -> Proposal:
        return Proposal(self._sign(group_id, epoch, uint(REMOVE_PROPOSAL, 2) + uint(leaf, 4)), removes=leaf)

    def _sign(self, group_id: int, epoch: int, proposal: bytes) -> bytes:
        """Frame a proposal as MLSMessage/PublicMessage from external sender 0 (section 6)."""
        content = b"".join(
            (
                vector(uint(group_id, 8)),
                uint(epoch, 8),
                uint(EXTERNAL_SENDER_TYPE, 1) + uint(0, 4),
                vector(b""),  # authenticated_data
                uint(PROPOSAL_CONTENT, 1),
                proposal,
            )
        )
        signed = uint(MLS_VERSION, 2) + uint(PUBLIC_MESSAGE_FORMAT, 2) + content
        signature = self._key.sign(_sign_content("FramedContentTBS", signed), ec.ECDSA(hashes.SHA256()))
        return signed + vector(signature)


@dataclass(frozen=True, slots=True)
class Commit:
    """What a delivery service reads from a commit (section 12.4)."""

    message: bytes
    "MLSMessage, as received"
    group_id: int
    epoch: int
    sender: int
    "leaf index"
    refs: tuple[bytes, ...]
    "ProposalRefs in the order in which they are applied"


def read_commit_welcome(data: bytes) -> tuple[Commit, bytes]:
    """Split op 28 into its commit and the Welcome that follows (b"" if none). Raises BadMls."""
    r = MlsReader(data)
    if r.uint(2) != MLS_VERSION or r.uint(2) != PUBLIC_MESSAGE_FORMAT:
        raise BadMls("not a PublicMessage")
    group_id, epoch = int.from_bytes(r.vector(), "big"), r.uint(8)
    if r.uint(1) != MEMBER_SENDER:
        raise BadMls("sender is not a member")
    sender = r.uint(4)
    r.vector()  # authenticated_data
    if r.uint(1) != COMMIT_CONTENT:
        raise BadMls("not a commit")
    refs: list[bytes] = []
    proposals = MlsReader(r.vector())
    while not proposals.done:
        if proposals.uint(1) != BY_REFERENCE:
            raise BadMls("proposal by value")
        refs.append(proposals.vector())
    if r.uint(1):  # path
        _read_leaf(r)
        r.vector()
    for _ in ("signature", "confirmation_tag", "membership_tag"):
        r.vector()
    return Commit(data[: r.at], group_id, epoch, sender, tuple(refs)), data[r.at :]


def split_welcome(welcome: bytes) -> dict[bytes, bytes]:
    """Return KeyPackageRef -> Welcome with only that member's secrets (section 12.4.3.1)."""
    r = MlsReader(welcome)
    suite = r.take(2)
    secrets = MlsReader(r.vector())
    rest = welcome[r.at :]  # encrypted_group_info
    r.vector()
    if not r.done:
        raise BadMls("bytes after the welcome")
    split: dict[bytes, bytes] = {}
    while not secrets.done:
        start = secrets.at
        ref = secrets.vector()
        secrets.vector()  # kem_output
        secrets.vector()  # ciphertext
        split[ref] = suite + vector(secrets.data[start : secrets.at]) + rest
    return split
