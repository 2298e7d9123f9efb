"""TLS with a certificate file and a key file, which are loaded again when they change."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

from p2claw.errors import UsageError
from p2claw.log import get_log

log = get_log("edge")

# How long a renewed certificate may go unnoticed; at a SIGHUP it is read at once.
POLL_S = 10.0


class Certificates:
    """The pair in use. `context` is for the listener and stays the same for ever.

    A new pair gets a new context, which replaces the old one at the start of each handshake.
    Loading it into the old context would not do: a context keeps its old key beside a new one of
    another kind.
    """

    def __init__(self, cert: Path, key: Path) -> None:
        """Raises UsageError `tls-unusable`."""
        self._cert = cert
        self._key = key
        self._seen = self._state()
        try:
            self._current = _context(cert, key)
            self.context = _context(cert, key)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"The certificate {cert} with the key {key} cannot be used: {error}",
                code="tls-unusable",
                hint="Name a PEM file with the whole chain, and the unencrypted key that fits it",
            ) from None
        self.context.sni_callback = self._choose

    def reload(self) -> bool:
        """Read what the files hold now; a pair that cannot be used leaves the old one in use."""
        self._seen = self._state()
        try:
            self._current = _context(self._cert, self._key)
        except (OSError, ValueError) as error:
            log.error("certificate not read", file=self._cert, error=error)
            return False
        log.info("certificate read again", file=self._cert)
        return True

    async def watch(self, poll_s: float = POLL_S) -> None:
        """Reload whenever a file has changed, until cancelled."""
        while True:
            await asyncio.sleep(poll_s)
            if self._state() != self._seen:
                self.reload()

    def _choose(
        self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext
    ) -> None:
        connection.context = self._current

    def _state(self) -> tuple[Any, ...]:
        return (_stamp(self._cert), _stamp(self._key))


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _context(cert: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # An encrypted key must fail, not ask on the terminal of a server.
    context.load_cert_chain(cert, key, password=b"")
    return context
