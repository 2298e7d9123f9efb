"""Asks a relay service for credentials, once, with a TURN key: HTTPS in, a lease out.

Source: developers.cloudflare.com/realtime/turn/generate-credentials
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import aiohttp
import msgspec

from p2claw.config import TurnKey
from p2claw.coord.ice import Lease
from p2claw.errors import P2clawError
from p2claw.units import KIB
from p2claw.wire.signalling import IceServer

# Renewed at half of it: what a visit is given holds for an hour, as with a secret of our own.
LEASE_S = 7_200
ASK_S = 10.0
RESPONSE_BYTES = 64 * KIB

# The status of the service if nothing but the operator can help.
_REFUSALS = {
    400: "turn-key-unknown",
    401: "turn-key-refused",
    403: "turn-key-refused",
    404: "turn-key-unknown",
}
_HINTS = {
    "turn-key-refused": "Put the API token of this very key into the file of "
    "--turn-key-token-file, and start the server again",
    "turn-key-unknown": "Compare --turn-key with the “Turn Token ID” in the dashboard; "
    "a key that was deleted there is gone",
    "turn-key-busy": "It is asked again by itself",
    "turn-key-silent": "Look whether this machine reaches it: name, firewall, proxy",
    "turn-key-failed": "It is asked again by itself; look at the status page of the service",
    "turn-key-reply": "Look whether --turn-key-api is right",
}


class TurnKeyError(P2clawError):
    """No lease. retry_s: how long the service asks to be left alone, or 0."""

    code = "turn-key-failed"

    def __init__(self, message: str, *, code: str, retry_s: float = 0.0) -> None:
        super().__init__(message, code=code, hint=_HINTS[code])
        self.retry_s = retry_s

    @property
    def is_refusal(self) -> bool:
        """Whether asking again is of no use before somebody has acted."""
        return self.code in _REFUSALS.values()


async def ask(client: aiohttp.ClientSession, key: TurnKey, now_s: int) -> Lease:
    """Ask once. now_s: Unix seconds. Raises TurnKeyError; its text never has the token."""
    url = f"{key.api}/v1/turn/keys/{key.key_id}/credentials/generate-ice-servers"
    try:
        async with (
            asyncio.timeout(ASK_S),
            client.post(
                url,
                json={"ttl": LEASE_S},
                headers={"Authorization": f"Bearer {key.token}"},
                allow_redirects=False,  # the token goes nowhere else
            ) as response,
        ):
            body = await _read(response)
            status, wait = response.status, response.headers.get("Retry-After", "")
    except TimeoutError:
        raise TurnKeyError(
            f"{key.api} did not respond within {ASK_S:.0f} s", code="turn-key-silent"
        ) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise TurnKeyError(
            f"{key.api} cannot be reached: {type(error).__name__}", code="turn-key-silent"
        ) from None
    if status not in (200, 201):
        raise _refusal(key, status, wait)
    return _lease(key, body, now_s)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body, if it is not too long; of one that is too long, what cannot be JSON."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > RESPONSE_BYTES:
            return b""
    return bytes(body)


def _refusal(key: TurnKey, status: int, wait: str) -> TurnKeyError:
    if status == 429:
        retry_s = min(float(wait), 600.0) if wait.isascii() and wait.isdigit() else 0.0
        return TurnKeyError(
            f"{key.api} lends no more just now (429)", code="turn-key-busy", retry_s=retry_s
        )
    code = _REFUSALS.get(status, "turn-key-failed")
    what = {
        "turn-key-refused": f"does not accept the token of the TURN key {key.key_id}",
        "turn-key-unknown": f"does not know the TURN key {key.key_id}",
        "turn-key-failed": "lends no credentials",
    }[code]
    return TurnKeyError(f"{key.api} {what} ({status})", code=code)


class _Server(msgspec.Struct):
    urls: str | Annotated[list[str], msgspec.Meta(max_length=64)]
    username: Annotated[str, msgspec.Meta(max_length=512)] = ""
    credential: Annotated[str, msgspec.Meta(max_length=512)] = ""

    def all_urls(self) -> list[str]:
        urls = [self.urls] if isinstance(self.urls, str) else self.urls
        return [url for url in urls if len(url) <= 512]


class _Reply(msgspec.Struct, rename="camel"):
    ice_servers: Annotated[list[_Server], msgspec.Meta(max_length=64)]


_REPLY = msgspec.json.Decoder(_Reply)


def _lease(key: TurnKey, body: bytes, now_s: int) -> Lease:
    try:
        servers = _REPLY.decode(body).ice_servers
    except (msgspec.DecodeError, UnicodeDecodeError):
        servers = []
    stun = [url for one in servers for url in one.all_urls() if url.startswith("stun:")]
    for one in servers:
        urls = _one_of_each([url for url in one.all_urls() if url.startswith(("turn:", "turns:"))])
        if urls and one.username and one.credential:
            turn = IceServer(urls, one.username, one.credential)
            return Lease(tuple(_without_53(stun)[:1]), turn, now_s + LEASE_S)
    raise TurnKeyError(
        f"{key.api} named no relay that can be used in its response", code="turn-key-reply"
    )


def _one_of_each(urls: list[str]) -> tuple[str, ...]:
    """One URL by UDP, one by TCP, one by TLS, port 443 before others: a box asks four at most."""
    found: dict[str, str] = {}
    for url in sorted(_without_53(urls), key=lambda url: ":443?" not in url):
        by = "tls" if url.startswith("turns:") else "tcp" if "transport=tcp" in url else "udp"
        found.setdefault(by, url)
    return tuple(found[by] for by in ("udp", "tcp", "tls") if by in found)


def _without_53(urls: list[str]) -> list[str]:
    """Without port 53, to which browsers connect nowhere: they would wait for it."""
    return [url for url in urls if url.partition("?")[0].rpartition(":")[2] != "53"]
