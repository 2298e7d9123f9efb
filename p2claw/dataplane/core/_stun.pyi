"""STUN of an established link: binding messages and consent, sans-IO. Written in C: stun/. How it
works: docs/DATAPLANE.md; every constant: docs/dataplane/CONSTANTS.md.

For tests and measurements: what carries links uses the C headers. Addresses are 16 bytes, IPv4 as
::ffff:a.b.c.d. A key of None leaves a message unsigned; writers return None if `capacity` is
less than the message takes.
"""

from typing import Literal

SUCCESS_BYTES: int
ERROR_BYTES: int
REQUEST_BYTES: int
UNKNOWN_KEPT: int

SEED_BYTES: int
STATE_BYTES: int
INTERVAL_US: int
QUIET_LEAST_US: int
QUIET_MOST_US: int
AGAIN_US: int
AGAIN_SOON_US: int
PATIENCE_US: int
EXPIRY_US: int
STILL_US: int
GRID_US: int

class Message:
    """What stun_read says of a datagram. What is absent is None."""

    @property
    def type(self) -> Literal["request", "indication", "success", "error"]: ...
    @property
    def transaction(self) -> bytes: ...
    @property
    def username(self) -> bytes | None: ...
    @property
    def has_integrity(self) -> bool: ...
    @property
    def has_fingerprint(self) -> bool: ...
    @property
    def use_candidate(self) -> bool: ...
    @property
    def priority(self) -> int | None: ...
    @property
    def role(self) -> Literal["controlling", "controlled"] | None: ...
    @property
    def tie_breaker(self) -> int | None: ...
    @property
    def mapped(self) -> tuple[bytes, int] | None: ...
    @property
    def error_code(self) -> int | None: ...
    @property
    def unknown(self) -> tuple[int, ...]:
        """The first UNKNOWN_KEPT comprehension-required attributes that are not known."""

    @property
    def unknown_count(self) -> int: ...
    def verify(self, key: bytes) -> bool:
        """Whether MESSAGE-INTEGRITY is there and made with this key."""

def read(data: bytes) -> Message | None:
    """None if it is not a binding message of good form."""

def write_success(
    transaction: bytes, address: bytes, port: int, key: bytes | None, *, capacity: int = ...
) -> bytes | None: ...
def write_error(
    request: Message, code: int, key: bytes | None, *, capacity: int = ...
) -> bytes | None: ...
def write_request(
    transaction: bytes,
    username: bytes,
    priority: int,
    *,
    controlling: bool,
    tie_breaker: int,
    use_candidate: bool,
    key: bytes | None,
    capacity: int = ...,
) -> bytes | None: ...
def respond(data: bytes, key: bytes, address: bytes, port: int) -> bytes | None:
    """Reads a request, verifies it and writes the success: None if it is not a good one."""

class ConsentExpired(Exception):
    """Nothing may be sent to the peer any more."""

class Consent:
    """Of one link, given as it is made. Times are microseconds on one monotonic clock."""

    def __init__(self, seed: bytes, now: int) -> None: ...
    def next_timeout(self) -> int | None:
        """None once it has expired."""

    def handle_timeout(self, now: int, again: int = ...) -> bytes | None:
        """The transaction of a request to send once; None if it is not time yet.

        again: until the next one, if this gets no response. Raises ConsentExpired.
        """

    def confirmed(self, transaction: bytes, now: int) -> tuple[bool, int | None]:
        """Whether it is the response to a check that waits, and the round trip of a first check."""

    def received(self, now: int) -> None:
        """Something came that only the peer can have sent."""

    def unconfirmed(self, now: int) -> int:
        """Microseconds since the last response."""

def hmac(key: bytes, *pieces: bytes) -> bytes:
    """HMAC-SHA1 of the pieces together."""

def crc32(data: bytes) -> int: ...
