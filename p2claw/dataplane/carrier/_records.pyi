"""DTLS records after a finished handshake of pyOpenSSL's. The data plane calls it from C; what is
here is for tests and for the self-test.
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

    def goodbye(self) -> bytes:
        """The last record, close_notify; or nothing, if it cannot be. It ends sealing."""

class SlowRecords(Records):
    """The same by pyOpenSSL's methods, for a cryptography that hides its OpenSSL."""

class OwnRecords(Records):
    """The same without the connection, which it does not keep: AES-GCM by instructions of the
    processor, or by Python's own OpenSSL.

    `goodbye` wipes the keys, as the end of the object does. Raises LinkError `openssl-pointers`;
    `records-not-own` for other suites and versions than AES-GCM and DTLS 1.2, and if the keys are
    not those of the connection, which may be used in another way then.
    """

    @classmethod
    def after(
        cls,
        suite: str,
        master: bytes,
        client_random: bytes,
        server_random: bytes,
        probe: bytes,
    ) -> OwnRecords:
        """Goes on after a record that one side has sealed with these secrets, as that side.

        probe: of one byte, zero. suite: "AES128-GCM-SHA256" or "AES256-GCM-SHA384". For tests.
        """

def load_libcrypto() -> None:
    """Find AES-GCM in the OpenSSL of Python's modules. Raises LinkError `openssl-pointers`."""

def has_instructions() -> bool:
    """Whether this processor has all that OwnRecords do without OpenSSL's AES-GCM."""

def leave_instructions(wanted: bool) -> bool:
    """Whether OwnRecords use OpenSSL's anyway from now on. Return whether they did. For tests."""

def load_pointers() -> None:
    """Find OpenSSL's functions. Raises LinkError `openssl-pointers`."""
