"""Makes the client of redis-py for an address: one Redis, behind Sentinels, or a cluster."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from p2claw.config import BusAddress

# A request that takes longer has failed. Whoever waits is a visitor, or an agent that registers.
REPLY_S = 1.0
# The reader's requests wait in Redis for so long, and come back empty.
BLOCK_S = 2.0
# Of one node: requests at once, beside the reader's. Whoever asks more waits for its turn.
CONNECTIONS = 32


def connect(address: BusAddress, *, reply_s: float = REPLY_S) -> Any:
    """A client; it connects when it is first used. Nothing is tried again by itself: we do that."""
    options: dict[str, Any] = {
        "socket_timeout": reply_s,
        "socket_connect_timeout": REPLY_S,
        "retry": Retry(NoBackoff(), 0),
        "max_connections": 2 * CONNECTIONS,
    }
    if address.kind == "redis":
        return Redis.from_url(address.url, **options)
    login: dict[str, Any] = {"username": address.user or None, "password": address.password or None}
    secured: dict[str, Any] = {"ssl": True} if address.tls else {}
    if address.kind == "cluster":
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        return RedisCluster(startup_nodes=nodes, **login, **secured, **options)
    sentinel: Any = Sentinel(  # type: ignore[no-untyped-call]
        list(address.hosts), sentinel_kwargs={**secured, "socket_timeout": REPLY_S}, **secured
    )
    return sentinel.master_for(address.master, db=address.database, **login, **options)
