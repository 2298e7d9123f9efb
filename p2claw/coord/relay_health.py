"""Knows which relays lend addresses: each is asked for one from time to time, as a visit does.

Visitors and boxes are given no relay that has lent nothing twice in a row by any of the ways on its
port: it may be this server alone that gets no UDP out. If none lends, all are taken to lend.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import Sequence

from aioice import stun

from p2claw.config import ServerConfig
from p2claw.coord.ice import turn_credential
from p2claw.coord.relayed.lines import user_of
from p2claw.link.ice.lending import lent_by
from p2claw.link.ice.servers import TurnServer, read_servers
from p2claw.log import get_log
from p2claw.wire.signalling import IceServer

log = get_log("coordinator")

# Each costs coturn some lines of its log, of every server and URL; who fails is asked again soon.
LOOK_S, SOON_S = 15.0, 2.0
# A packet that is lost is sent again 0.5 and 1.5 s after the first.
ALLOCATE_S = 2.5
# One failure may be that of the network, or of a relay that is just started again.
FAILURES = 2
_WHO = "health"


class RelayHealth:
    """Of all relays. usable: the URLs of those that lend."""

    def __init__(self, config: ServerConfig) -> None:
        self._urls = tuple(url for relay in config.all_relays for url in relay.urls)
        self._secret = config.turn_secret
        self._failures: Counter[str] = Counter()
        self.usable: tuple[str, ...] = self._urls

    def is_up(self) -> dict[str, bool]:
        """Of each URL whether it lends, as it was seen last."""
        return {url: self._failures[url] < FAILURES for url in self._urls}

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            in_doubt = any(0 < self._failures[url] < FAILURES for url in self._urls)
            await asyncio.sleep(SOON_S if in_doubt else LOOK_S)

    async def look(self) -> None:
        """Ask each relay once."""
        username = user_of(int(time.time()) + 60, "", _WHO)
        credential = turn_credential(self._secret, username)
        errors = await asyncio.gather(
            *(_error_of(IceServer((url,), username, credential)) for url in self._urls)
        )
        self._note(dict(zip(self._urls, errors, strict=True)))

    def _note(self, errors: dict[str, str]) -> None:
        for url, error in errors.items():
            before = self._failures[url]
            self._failures[url] = before + 1 if error else 0
            if self._failures[url] == FAILURES:
                log.warning("relay gone", url=url, error=error)
            elif before >= FAILURES and not error:
                log.info("relay back", url=url)
        is_up = self.is_up()
        lending = {_place(url) for url in self._urls if is_up[url]}
        self.usable = tuple(url for url in self._urls if _place(url) in lending) or self._urls


def _place(url: str) -> str:
    """Host and port, the same of UDP and TCP; of what cannot be asked for the URL."""
    servers = read_servers((IceServer((url,), _WHO, _WHO),)).turn
    return f"{servers[0].host}:{servers[0].port}" if servers else url


def _unverified() -> ssl.SSLContext:
    """Whether a certificate is good is for those to judge who are served with it."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def _error_of(server: IceServer) -> str:
    """Why it lends nothing, or "". What cannot be asked for is taken to lend."""
    servers: Sequence[TurnServer] = read_servers((server,)).turn
    if not servers:
        return ""
    try:
        async with asyncio.timeout(ALLOCATE_S):
            await lent_by(servers[0], _unverified() if servers[0].tls else None)
    except TimeoutError:
        return "silent"
    except stun.TransactionFailed as error:
        code, reason = error.response.attributes.get("ERROR-CODE", (0, "refused"))
        return f"{code} {reason}".strip()
    except (stun.TransactionError, OSError) as error:
        return " ".join(str(error).split()) or type(error).__name__
    return ""
