"""DTLS records on a finished handshake of pyOpenSSL's. The data plane calls it from C; what is here
is for tests and for the self-test.
"""

from typing import ClassVar

from OpenSSL import SSL

RECORD_OVERHEAD_BYTES: int

class Records:
    """Encrypts packets into records and back. Keeps the connection alive.

    sealed, opened: records so far. Raises LinkError `openssl-pointers`.
    """

    way: ClassVar[str]
    sealed: int
    opened: int

    def __init__(self, connection: SSL.Connection) -> None: ...
    def seal(self, packet: bytes) -> bytes:
        """One record. Raises LinkError `record-failed`."""

    def open(self, datagram: bytes) -> list[bytes]:
        """The packets of a datagram; what is forged or old is left out.

        Raises LinkError `link-lost` at close_notify, `record-failed`.
        """

class SlowRecords(Records):
    """The same by pyOpenSSL's methods, for a cryptography that hides its OpenSSL."""

def load_pointers() -> None:
    """Find OpenSSL's functions. Raises LinkError `openssl-pointers`."""
