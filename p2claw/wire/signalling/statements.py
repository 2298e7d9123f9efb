"""What the key of a box says about another key, for whoever reads it later (docs/WIRE.md §17).

Sans-IO. Which key a name belongs to, by such statements, is in `belonging.py`; the box makes them
in `agent/home/identity.py`.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from p2claw.errors import RemoteProtocolError
from p2claw.wire.signalling.ed25519 import KEY_BYTES, SIGNATURE_BYTES
from p2claw.wire.signalling.signatures import verify

VERSION = 1
PAYLOAD_BYTES = 1 + 1 + KEY_BYTES + KEY_BYTES + 4 + 4
STATEMENT_BYTES = PAYLOAD_BYTES + SIGNATURE_BYTES

# Those that come with one introduction.
STATEMENTS = 8

# A statement may come from a clock that is so much ahead.
CLOCK_SKEW_S = 300

# 7 days for the founder to be away, and one to find the time to renew it.
DELEGATION_MOST_S = 8 * 86_400

NEVER = 0


class Kind(enum.IntEnum):
    """What is stated. The name, in small letters, is the purpose of the signature."""

    DELEGATE = 1
    """The subject responds for the names of the signer, until the statement expires."""
    ROTATE = 2
    """The subject is the successor of the signer."""
    BACKUP = 3
    """The subject may name a successor in the place of the signer."""

    @property
    def purpose(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, as it was signed. signer, subject: public keys. Times are Unix seconds.

    expires_s: NEVER if the statement holds for good.
    """

    kind: Kind
    signer: bytes
    subject: bytes
    issued_s: int
    expires_s: int
    signature: bytes = b""

    def payload(self) -> bytes:
        """The bytes that are signed for the purpose `kind.purpose`."""
        times = self.issued_s.to_bytes(4, "big") + self.expires_s.to_bytes(4, "big")
        return bytes((VERSION, self.kind)) + self.signer + self.subject + times

    def pack(self) -> bytes:
        """STATEMENT_BYTES bytes."""
        return self.payload() + self.signature

    @classmethod
    def unpack(cls, data: bytes) -> Statement:
        """The inverse of `pack`; nothing is verified. Raises RemoteProtocolError."""
        if len(data) != STATEMENT_BYTES or data[0] != VERSION or data[1] not in _KINDS:
            raise RemoteProtocolError("a statement of a key is of no known form")
        return cls(
            Kind(data[1]),
            signer=data[2:34],
            subject=data[34:66],
            issued_s=int.from_bytes(data[66:70], "big"),
            expires_s=int.from_bytes(data[70:74], "big"),
            signature=data[PAYLOAD_BYTES:],
        )

    def is_in_force(self, now_s: float) -> bool:
        """Whether it holds at this time. The signature is looked at by `is_genuine` alone."""
        if self.issued_s > now_s + CLOCK_SKEW_S:
            return False
        if self.kind is Kind.DELEGATE and not 0 < self.lasts_s <= DELEGATION_MOST_S:
            return False
        return self.expires_s == NEVER or now_s < self.expires_s

    def is_genuine(self) -> bool:
        """Whether the signer has signed it."""
        return verify(self.signer, self.kind.purpose, self.payload(), self.signature)

    @property
    def lasts_s(self) -> int:
        """From its making to its end; negative if it has none."""
        return self.expires_s - self.issued_s


_KINDS = frozenset(Kind)
