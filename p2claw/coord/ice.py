"""Makes the list of ICE servers for a visitor and a box: STUN as configured, TURN with credentials.

The credentials are those of draft-uberti-behave-turn-rest-00 §2.2: the user name is an expiry and
an id, the password its HMAC under a secret that only this server and the TURN servers know.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from p2claw.config import ServerConfig
from p2claw.wire.signalling import IceServer


def ice_servers(
    config: ServerConfig, identifier: str, now_s: int, *, relay: bool = True
) -> tuple[IceServer, ...]:
    """What one side of one visit is given. `now_s`: Unix seconds. relay: TURN servers, too."""
    servers: list[IceServer] = []
    if config.stun_urls:
        servers.append(IceServer(urls=config.stun_urls))
    if config.turn_urls and relay:
        username = f"{now_s + config.turn_ttl_s}:{identifier}"
        credential = turn_credential(config.turn_secret, username)
        servers.append(IceServer(config.turn_urls, username, credential))
    return tuple(servers)


def turn_credential(secret: str, username: str) -> str:
    """base64(HMAC-SHA1(secret, username)), as coturn's `use-auth-secret` computes it."""
    digest = hmac.digest(secret.encode(), username.encode(), hashlib.sha1)
    return base64.b64encode(digest).decode()
