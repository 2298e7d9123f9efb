"""Asks the server at an address whether it is a coordinator, and which one, without registering.

Plain http.client, because a command that asks once should not load an event loop.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from urllib.parse import SplitResult, quote, urlsplit

from p2claw.errors import LinkError, P2clawError, RefusedError, RemoteProtocolError, UsageError
from p2claw.names import is_localhost
from p2claw.system_errors import reason_of
from p2claw.wire.signalling.greeting import GREETING_BYTES, INVITE_FIELD, Greeting, decode_greeting

PATH = "/__p2claw/v1/agent"
VERSION = 1
ASK_S = 10.0
"""For the connection and the reply together, after the name was resolved."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_GREETS = 426
_MOVED = frozenset({301, 302, 303, 307, 308})
# The statuses of a reverse proxy whose coordinator does not run.
_BEHIND_IS_NONE = frozenset({502, 503, 504})


def ask_coordinator(url: str, invite: str = "") -> Greeting:
    """Who the coordinator at url is. url: as `check_coordinator` writes it.

    invite: the code of an invitation; the greeting then has whether it is good.

    Raises LinkError `coordinator-silent`, `coordinator-certificate`; RefusedError
    `coordinator-foreign` (it is another server), `audience-invalid`, `version`; UsageError
    `coordinator-moved`.
    """
    try:
        status, location, content = _get(url, invite)
    except ssl.SSLCertVerificationError as error:
        raise LinkError(
            f"{url} has a certificate that is not accepted: {error.verify_message}",
            code="coordinator-certificate",
            hint="Check the name, and the clock of this machine. SSL_CERT_FILE names further roots",
        ) from None
    except (ssl.SSLError, http.client.HTTPException) as error:
        raise _foreign(
            url, f"it does not speak {urlsplit(url).scheme}: {reason_of(error)}"
        ) from None
    except OSError as error:
        raise _silent(url, f"Nothing responds at {url}: {reason_of(error)}") from None
    if status in _MOVED:
        raise _moved(url, location)
    if status in _BEHIND_IS_NONE:
        raise _silent(url, f"{url} responds with {status}: no coordinator runs behind it")
    try:
        greeting = decode_greeting(content) if status == _GREETS else None
    except RemoteProtocolError:
        greeting = None
    if greeting is None:
        raise _foreign(url, f"its response is {status}, and no greeting")
    _check(url, greeting)
    return greeting


def _check(url: str, greeting: Greeting) -> None:
    if greeting.min > VERSION:
        raise RefusedError(
            f"The coordinator at {url} speaks a newer protocol than this box",
            code="version",
            hint="Update p2claw on this box",
        )
    if greeting.admits is False:
        raise RefusedError(
            f"The coordinator at {url} is not known by that name",
            code="audience-invalid",
            hint=f"Its apps are at {greeting.base.replace('{label}.', '', 1)}: join that",
        )


def _get(url: str, invite: str) -> tuple[int, str, bytes]:
    """Status, Location and body. Raises OSError (ssl.SSLError too), HTTPException."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]
    dialled = "127.0.0.1" if is_localhost(host) else host
    with socket.create_connection((dialled, port), ASK_S) as plain, _cut_after(ASK_S, plain) as cut:
        try:
            return _exchange(plain, parts, host, invite)
        except (OSError, http.client.HTTPException):
            if cut.is_set():
                raise TimeoutError(f"no whole reply within {ASK_S:g} s") from None
            raise


def _exchange(
    plain: socket.socket, parts: SplitResult, host: str, invite: str
) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection(host)
    connection.sock = plain
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(plain, server_hostname=host)
        target = f"{PATH}?audience={quote(parts.netloc)}"
        shown = {INVITE_FIELD: invite} if invite else {}
        connection.request("GET", target, headers={"Host": parts.netloc, **shown})
        response = connection.getresponse()
        content = response.read(GREETING_BYTES + 1)
        return response.status, response.headers.get("location", ""), content
    finally:
        connection.close()


@contextlib.contextmanager
def _cut_after(seconds: float, connection: socket.socket) -> Iterator[threading.Event]:
    """End a connection that lasts too long. The timeout of a socket begins anew with each byte."""
    cut = threading.Event()
    own = connection.dup()

    def end() -> None:
        cut.set()
        with contextlib.suppress(OSError):
            own.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()
        own.close()


_HINT_LOCAL = "Start one with `p2claw server`; localhost is 127.0.0.1 here, and never ::1"


def _silent(url: str, message: str) -> LinkError:
    local = is_localhost(urlsplit(url).hostname or "")
    hint = _HINT_LOCAL if local else "Check the address, and this network"
    return LinkError(message, code="coordinator-silent", hint=hint)


def _foreign(url: str, why: str) -> RefusedError:
    return RefusedError(
        f"The server at {url} is no coordinator: {why}",
        code="coordinator-foreign",
        hint="Check scheme, name and port; its owner gives the address",
    )


def _moved(url: str, location: str) -> P2clawError:
    """A redirect is never followed: a registration is signed for the address that was named."""
    try:
        parts = urlsplit(location if location.isascii() and location.isprintable() else "")
    except ValueError:
        parts = urlsplit("")
    there = f"{parts.scheme}://{parts.netloc}" if parts.netloc else "another address"
    return UsageError(
        f"{url} sends on to {there}",
        code="coordinator-moved",
        hint=f"If that is the coordinator: p2claw join {there}" if parts.netloc else "",
    )
