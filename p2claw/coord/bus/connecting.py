"""Makes the way to Redis for an address: to one, behind Sentinels, or to a cluster."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

from p2claw.config import BusAddress
from p2claw.coord.bus.asking import Asking, ClusterClient, SharedConnection

# A request that takes longer has failed. Whoever waits is a visitor, or an agent that registers.
REPLY_S = 1.0
# The reader's requests wait in Redis for so long, and come back empty.
BLOCK_S = 2.0
# Of one node to a cluster: requests at once, beside the reader's.
CONNECTIONS = 32


def connect(address: BusAddress, *, reply_s: float = REPLY_S) -> Asking:
    """It connects when it is first asked. Nothing is tried again by itself: we do that."""
    options: dict[str, Any] = {
        "socket_connect_timeout": REPLY_S,
        "retry": Retry(NoBackoff(), 0),
        # Version 3 gives us nothing, and Redis 5 does not know it.
        "protocol": 2,
    }
    if address.kind == "redis":
        return _shared(Redis.from_url(address.url, **options), reply_s)
    login: dict[str, Any] = {"username": address.user or None, "password": address.password or None}
    secured: dict[str, Any] = {"ssl": True} if address.tls else {}
    if address.kind == "cluster":
        nodes = [ClusterNode(host, port) for host, port in address.hosts]
        options.update(socket_timeout=reply_s, max_connections=2 * CONNECTIONS)
        cluster = RedisCluster(startup_nodes=nodes, **login, **secured, **options)
        return ClusterClient(cluster, reply_s, CONNECTIONS)
    sentinel: Any = Sentinel(  # type: ignore[no-untyped-call]
        list(address.hosts), sentinel_kwargs={**secured, "socket_timeout": REPLY_S}, **secured
    )
    master = sentinel.master_for(address.master, db=address.database, **login, **options)
    return _shared(master, reply_s)


def _shared(client: Any, reply_s: float) -> SharedConnection:
    """The pool of a client makes its connections, and knows where the master is."""
    pool = client.connection_pool
    return SharedConnection(pool.make_connection, reply_s)
