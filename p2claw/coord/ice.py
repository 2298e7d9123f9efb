"""Makes the list of ICE servers for a visitor and a box: STUN as configured, TURN with credentials.

The credentials are those of draft-uberti-behave-turn-rest-00 §2.2: the user name is an expiry and
an id, the password its HMAC under a secret that only this server and the TURN servers know. Those
of a relay service are lent by it (`leased_relays.py`), and all visits have the same for a while.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from p2claw.config import ServerConfig
from p2claw.coord.relayed.lines import user_of
from p2claw.wire.signalling import IceServer


@dataclass(frozen=True, slots=True)
class Lease:
    """Servers of a relay service, with credentials that hold until `expires_at_s`, Unix time."""

    stun_urls: tuple[str, ...]
    turn: IceServer
    expires_at_s: int


# Where relays are lent and none can be had just now, pages ask again after half of this.
_NO_LEASE_S = 120


def ice_servers(
    config: ServerConfig,
    identifier: str,
    now_s: int,
    *,
    relay: bool = True,
    lease: Lease | None = None,
    account: str = "",
    turn_urls: tuple[str, ...] = (),
) -> tuple[IceServer, ...]:
    """What one side of one visit is given. `now_s`: Unix seconds. relay: TURN servers, too.
    account: the key alias of the box, for which what is relayed counts; "": not known. turn_urls:
    of the relays that this visit is given.
    """
    servers: list[IceServer] = []
    stun_urls = config.stun_urls or (lease.stun_urls if lease else ())
    if stun_urls:
        servers.append(IceServer(urls=stun_urls))
    if turn_urls and relay:
        username = user_of(now_s + config.turn_ttl_s, account, identifier)
        credential = turn_credential(config.turn_secret, username)
        servers.append(IceServer(turn_urls, username, credential))
    if lease is not None and relay:
        servers.append(lease.turn)
    return tuple(servers)


def lasts_s(config: ServerConfig, now_s: int, lease: Lease | None) -> int:
    """For how long what `ice_servers` returns may be used; 0: for ever."""
    ends = [config.turn_ttl_s] if config.all_relays else []
    if config.turn_key is not None:
        ends.append(_NO_LEASE_S if lease is None else lease.expires_at_s - now_s)
    return min(ends, default=0)


def turn_credential(secret: str, username: str) -> str:
    """base64(HMAC-SHA1(secret, username)), as coturn's `use-auth-secret` computes it."""
    digest = hmac.digest(secret.encode(), username.encode(), hashlib.sha1)
    return base64.b64encode(digest).decode()
