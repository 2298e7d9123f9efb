"""The bytes of a direct dial: ticket, ufrag and descriptor (docs/WIRE.md §16). Sans-IO.

Keys, certificates and what is done with a check are in `link/dialling.py`; who signs and verifies
is in `signatures.py`.
"""

from __future__ import annotations

import base64
import hmac
import ipaddress
import re
from dataclasses import dataclass

from p2claw.errors import RemoteProtocolError

VERSION = 1

KEY_BYTES = 32
NONCE_BYTES = 10
# version 1, generation 1, expiry 4, nonce 10
TICKET_BYTES = 1 + 1 + 4 + NONCE_BYTES
FINGERPRINT_BYTES = 32
# 18 bytes in base64 have no padding: 24 characters, as Chromium's own; RFC 8839 asks for 22.
PASSWORD_BYTES = 18

ADDRESSES = 8
DESCRIPTOR_BYTES = 256

# Of ticket and fingerprint: 48 bytes, in base64 without padding.
_HEAD_CHARS = (TICKET_BYTES + FINGERPRINT_BYTES) // 3 * 4
_UFRAG = re.compile(rf"[A-Za-z0-9+/]{{{_HEAD_CHARS + 22},256}}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What lets a visitor dial, until a time. It says nothing of the visitor.

    generation: which key of the box its password is made with. expires_s: Unix seconds.
    """

    generation: int
    expires_s: int
    nonce: bytes

    def pack(self) -> bytes:
        """TICKET_BYTES bytes."""
        head = bytes((VERSION, self.generation)) + self.expires_s.to_bytes(4, "big")
        return head + self.nonce

    @classmethod
    def unpack(cls, data: bytes) -> Ticket:
        """Raises RemoteProtocolError."""
        if len(data) != TICKET_BYTES or data[0] != VERSION:
            raise RemoteProtocolError("a ticket of a dial is of no known form")
        return cls(data[1], int.from_bytes(data[2:6], "big"), data[6:])

    def password(self, key: bytes) -> str:
        """The ICE password of the box that goes with it. key: of its generation."""
        mac = hmac.digest(key, b"p2claw/1 dial\0" + self.pack(), "sha256")
        return base64.b64encode(mac[:PASSWORD_BYTES]).decode()

    def is_expired(self, now_s: float) -> bool:
        """now_s: Unix seconds."""
        return now_s >= self.expires_s


@dataclass(frozen=True, slots=True)
class DialName:
    """The ufrag that a visitor gives the box: all that the box has to know of who dials.

    fingerprint: SHA-256 of the visitor's certificate. password: the visitor's ICE password.
    """

    ticket: Ticket
    fingerprint: bytes
    password: str

    def pack(self) -> str:
        """The ufrag, 86 to 256 characters."""
        return base64.b64encode(self.ticket.pack() + self.fingerprint).decode() + self.password

    @classmethod
    def unpack(cls, ufrag: str) -> DialName:
        """Raises RemoteProtocolError."""
        if not _UFRAG.fullmatch(ufrag):
            raise RemoteProtocolError("a ufrag is not that of a dial")
        head = base64.b64decode(ufrag[:_HEAD_CHARS])
        ticket = Ticket.unpack(head[:TICKET_BYTES])
        return cls(ticket, head[TICKET_BYTES:], ufrag[_HEAD_CHARS:])


@dataclass(frozen=True, slots=True)
class Descriptor:
    """How a box is dialled. The box signs its bytes for the purpose `dial`.

    fingerprint: SHA-256 of the box's certificate. password: of the ticket. addresses: where the
    box is, each an IP address and a UDP port.
    """

    ticket: Ticket
    password: str
    fingerprint: bytes
    addresses: tuple[tuple[str, int], ...]

    def pack(self) -> bytes:
        """At most DESCRIPTOR_BYTES."""
        listed = self.addresses[:ADDRESSES]
        parts = [bytes((VERSION,)), self.ticket.pack(), base64.b64decode(self.password)]
        parts += [self.fingerprint, bytes((len(listed),))]
        for host, port in listed:
            address = ipaddress.ip_address(host)
            parts += [bytes((address.version,)), address.packed, port.to_bytes(2, "big")]
        return b"".join(parts)

    @classmethod
    def unpack(cls, data: bytes) -> Descriptor:
        """Raises RemoteProtocolError."""
        at = 1 + TICKET_BYTES + PASSWORD_BYTES + FINGERPRINT_BYTES + 1
        if not at < len(data) <= DESCRIPTOR_BYTES or data[0] != VERSION:
            raise RemoteProtocolError("a descriptor of a dial is of no known form")
        ticket = Ticket.unpack(data[1 : 1 + TICKET_BYTES])
        password = base64.b64encode(data[17 : 17 + PASSWORD_BYTES]).decode()
        fingerprint = data[35 : 35 + FINGERPRINT_BYTES]
        addresses: list[tuple[str, int]] = []
        for _ in range(data[at - 1]):
            size = {4: 4, 6: 16}.get(data[at] if at < len(data) else 0, 0)
            end = at + 1 + size + 2
            if not size or end > len(data):
                raise RemoteProtocolError("a descriptor of a dial has a broken address")
            port = int.from_bytes(data[end - 2 : end], "big")
            addresses.append((str(ipaddress.ip_address(data[at + 1 : end - 2])), port))
            at = end
        if at != len(data) or not 0 < len(addresses) <= ADDRESSES:
            raise RemoteProtocolError("a descriptor of a dial has another number of addresses")
        if any(port == 0 for _, port in addresses):
            raise RemoteProtocolError("a descriptor of a dial has a port of 0")
        return cls(ticket, password, fingerprint, tuple(addresses))

    def ufrag_for(self, fingerprint: bytes, password: str) -> str:
        """The ufrag of a visitor with this certificate and this ICE password."""
        return DialName(self.ticket, fingerprint, password).pack()
