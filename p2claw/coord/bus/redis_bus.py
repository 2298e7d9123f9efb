"""The bus in Redis: entries of boxes, the list of nodes, and one stream of messages per node.

Why streams and not publish/subscribe: a node whose connection breaks, as in a failover, reads on
from where it was. docs/decisions/0023 has what that costs, and what is lost all the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar

import msgspec
from redis.exceptions import RedisError

from p2claw.config import BusAddress, parse_listen
from p2claw.coord.bus import scripts
from p2claw.coord.bus.arriving import Arriving
from p2claw.coord.bus.base import BusError
from p2claw.coord.bus.connecting import BLOCK_S, REPLY_S, connect
from p2claw.coord.bus.leases import LEASE_S, NodeLease
from p2claw.coord.bus.locating import UNKNOWN, Calm, Entry, Facts, Found, located
from p2claw.coord.bus.members import Members
from p2claw.coord.bus.messages import Message, Replaced
from p2claw.coord.bus.outgoing import Outgoing
from p2claw.coord.bus.streams import Stream
from p2claw.coord.bus.trunks.frames import Batch
from p2claw.coord.bus.trunks.identity import Announced, decode_announced, encode_announced
from p2claw.coord.bus.trunks.listening import bound_to
from p2claw.coord.bus.trunks.own_address import own_address
from p2claw.coord.bus.trunks.trunks import Trunks
from p2claw.errors import UsageError
from p2claw.log import get_log
from p2claw.names import KEY_ALIAS_CHARS

log = get_log("coordinator")

# An entry that nobody writes anew goes after so long; its node does so several times before.
ENTRY_S = 3_600.0
# Aliases never change their box. A day without the box, and they go.
ALIAS_S = 86_400
# For so long it is remembered when the lease of a node ended.
NODE_REMEMBERED_S = 600.0
# What a node announces goes so long after it was announced last, which is with every renewal.
ANNOUNCED_S = 60
# Aliases whose key alias this node remembers.
MOST_ALIASES = 100_000
# How soon it is tried again after a failure, until it succeeds.
RETRY_S = 0.25

T = TypeVar("T")


class RedisBus:
    """`Bus`; used as a context. on_message: called with each message. on_back: awaited when Redis
    responds again after a failure, to write all boxes of this node anew. Raises BusError.

    node_listen: where other nodes send directly, `host:port`; "": all goes through Redis.
    """

    def __init__(self, address: BusAddress, node_listen: str = "") -> None:
        self.node = secrets.token_hex(8)
        self.on_message: Callable[[Message], None] = lambda message: None
        self.on_back: Callable[[], Awaitable[None]] = _nothing
        self.is_there = True
        self.leaving: set[str] = set()
        self._address = address
        self._node_listen = node_listen
        self._redis = connect(address)
        self._reader = connect(address, reply_s=BLOCK_S + REPLY_S)
        self._arriving = Arriving()
        self._stream = Stream(self._redis, self._reader, self.node, self._arriving)
        self._trunks: Trunks | None = None
        self._outgoing = Outgoing(self._redis, self.node, self._lives)
        self._loop = asyncio.get_running_loop()
        self._lease = NodeLease(self._loop.time())
        self._calm = Calm()
        self._members = Members(self.node)
        self._aliases: OrderedDict[str, str] = OrderedDict()
        self._failed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> RedisBus:
        try:
            if self._node_listen:
                await self._listen()
            await self._renew()
        except UsageError:
            await self._close()
            raise
        except BusError as error:
            await self._close()
            raise UsageError(
                f"The bus at {self._address} cannot be used: {error.message}",
                code="bus-unavailable",
                hint="Look whether Redis (5 or newer) runs there, and lets this server in",
            ) from None
        work = (self._keep(), self._read(), self._outgoing.run())
        self._tasks = [self._loop.create_task(one) for one in work]
        return self

    async def __aexit__(self, *_: object) -> None:
        running = set(self._tasks)
        while running:  # one cancellation may be lost where redis-py has a deadline of its own
            for task in running:
                task.cancel()
            running = (await asyncio.wait(running, timeout=REPLY_S))[1]
        if self._trunks is not None:
            await self._trunks.close()
        with contextlib.suppress(BusError):
            await self._outgoing.flush()
            await self._asked(self._redis.ask("DEL", scripts.announced_key(self.node)))
            await self._asked(self._eval(scripts.LEAVE, scripts.NODES, self.node))
        await self._close()

    @property
    def reached_directly(self) -> int | None:
        """To how many nodes messages go without Redis; None: this one does not do so."""
        return None if self._trunks is None else self._trunks.open_ones()

    @property
    def has_lease(self) -> bool:
        return self._lease.is_held(self._loop.time())

    def undeclared(self) -> list[str]:
        return self._members.undeclared() if self.is_there else []

    def declared(self, node: str) -> None:
        self._members.declared(node, self._loop.time())

    async def acquire(self, key_alias: str, aliases: Collection[str], facts: Facts) -> int:
        await self._point(key_alias, aliases)
        kept_ms = int(ENTRY_S * 1000)
        key = scripts.box_key(key_alias)
        token, before = await self._asked(
            self._eval(scripts.ACQUIRE, key, self.node, _packed(facts), kept_ms)
        )
        if before and before.decode() != self.node:
            self.send(before.decode(), Replaced(key_alias, int(token)))
        return int(token)

    async def put(self, key_alias: str, aliases: Collection[str], token: int, facts: Facts) -> int:
        await self._point(key_alias, aliases)
        kept_ms = int(ENTRY_S * 1000)
        key = scripts.box_key(key_alias)
        higher = self._eval(scripts.PUT, key, self.node, _packed(facts), kept_ms, token)
        return int(await self._asked(higher))

    async def release(self, key_alias: str, token: int) -> None:
        await self._asked(self._eval(scripts.RELEASE, scripts.box_key(key_alias), token))

    async def find(self, alias: str) -> Found:
        try:
            key_alias = await self._key_alias(alias)
            entry = None if key_alias is None else await self._entry(key_alias)
            if entry is None and key_alias == alias:
                # Of a key that followed the first one, by which the box is known here.
                key_alias = await self._pointed(alias)
                entry = None if key_alias is None else await self._entry(key_alias)
            gone_for_s = None if entry is None else await self._gone_for_s(entry.node)
        except BusError:
            return UNKNOWN
        if entry is not None and entry.node == self.node and key_alias in self.leaving:
            return UNKNOWN
        now = self._loop.time()
        released_for_s = None if entry is None else self._members.released_for_s(entry.node, now)
        settled = self._calm.is_settled(now) and self._members.all_accounted(now)
        return located(entry, self.node, gone_for_s, released_for_s, settled)

    def send(self, node: str, message: Message, *, later: bool = False) -> None:
        if not self._outgoing.put(node, message, later=later):
            log.warning("node message dropped", message=type(message).__name__)

    def gone_nodes(self, nodes: Collection[str]) -> set[str]:
        now = self._loop.time()
        if not self.is_there:
            return set()
        ages = {node: self._members.gone_for_s(node, now) for node in nodes}
        return {
            node for node, gone_for_s in ages.items() if gone_for_s is not None and gone_for_s >= 0
        }

    async def is_gone(self, node: str) -> bool:
        try:
            gone_for_s = await self._gone_for_s(node)
        except BusError:
            return False
        return gone_for_s is None or gone_for_s >= 0

    async def spend(
        self, kind: str, key: str, burst: int, per_minute: float, *, count: int = 1
    ) -> float:
        each_us = 60e6 / per_minute
        wait_us = self._eval(scripts.SPEND, scripts.rate_key(kind, key), burst, each_us, count)
        return int(await self._asked(wait_us)) / 1e6

    async def _key_alias(self, alias: str) -> str | None:
        if len(alias) == KEY_ALIAS_CHARS:
            return alias
        return await self._pointed(alias)

    async def _pointed(self, alias: str) -> str | None:
        known = self._aliases.get(alias)
        if known is not None:
            return known
        found = await self._asked(self._redis.ask("GET", scripts.alias_key(alias)))
        if found is None:
            return None
        self._aliases[alias] = found.decode()
        if len(self._aliases) > MOST_ALIASES:
            self._aliases.popitem(last=False)
        return self._aliases[alias]

    async def _entry(self, key_alias: str) -> Entry | None:
        key = scripts.box_key(key_alias)
        node, token, facts = await self._asked(self._redis.ask("HMGET", key, "n", "t", "f"))
        if node is None:
            return None
        return Entry(node.decode(), int(token), _facts(facts))

    async def _gone_for_s(self, node: str) -> float | None:
        known = self._members.gone_for_s(node, self._loop.time())
        if known is not None and known < 0:
            return known
        # It may have come, or come back, since the list was read.
        found = _ages(await self._asked(self._eval(scripts.LOOK, scripts.NODES, node)))
        if node in found:
            self._members.looked(node, *found[node], self._loop.time())
        return self._members.gone_for_s(node, self._loop.time())

    async def _point(self, key_alias: str, aliases: Collection[str]) -> None:
        for alias in aliases:
            if alias != key_alias:
                await self._asked(
                    self._redis.ask(*("SET", scripts.alias_key(alias), key_alias), "EX", ALIAS_S)
                )

    async def _keep(self) -> None:
        """Renew the lease, and write everything anew once Redis is back."""
        while True:
            wait_s = max(0.0, self._lease.next_renewal() - self._loop.time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._failed.wait()
            is_back = self._failed.is_set()
            self._failed.clear()
            try:
                # Whoever sees that this node has a lease believes that its boxes are written. One
                # that it has still must not end meanwhile.
                had_lease = self.has_lease
                if is_back and not had_lease:
                    # A node without boxes would take itself for back, having asked nothing.
                    await self._asked(self._stream.keep())
                    await self.on_back()
                await self._renew()
                if is_back and had_lease:
                    await self.on_back()
            except BusError:
                await asyncio.sleep(RETRY_S * (0.5 + secrets.randbelow(100) / 100))
            else:
                self._is_back()

    async def _listen(self) -> None:
        """Let nodes come in directly. Raises UsageError."""
        host, port = parse_listen(self._node_listen)
        reached_at = await own_address(host, self._address)
        self._trunks = Trunks(
            *(self.node, bound_to(host, port), reached_at),
            *(self._look, self._arriving.last, self._arrived),
        )
        self._outgoing.use(self._trunks)
        self._trunks.start()

    def _arrived(self, node: str, batch: Batch) -> None:
        for message in self._arriving.take(node, batch.number, batch.payload):
            self.on_message(message)

    def _lives(self, node: str) -> bool:
        gone_for_s = self._members.gone_for_s(node, self._loop.time())
        return gone_for_s is not None and gone_for_s < 0

    async def _look(self, node: str) -> Announced | None:
        """What Redis has of a node. Raises BusError, RemoteProtocolError."""
        found = await self._asked(self._redis.ask("GET", scripts.announced_key(node)))
        return None if found is None else decode_announced(found)

    async def _renew(self) -> None:
        # Before the lease: what is sent to a stream that is not there is lost.
        await self._asked(self._stream.keep())
        if self._trunks is not None:
            key, announced = scripts.announced_key(self.node), self._trunks.announced
            await self._asked(
                self._redis.ask("SET", key, encode_announced(announced), "EX", ANNOUNCED_S)
            )
        now = self._loop.time()
        self._lease.asked(now)
        args = (self.node, int(LEASE_S * 1000), int(NODE_REMEMBERED_S * 1000))
        found = await self._asked(self._eval(scripts.RENEW, scripts.NODES, *args))
        self._lease.renewed(now)
        self._members.listed(_ages(found), now)

    async def _read(self) -> None:
        while True:
            try:
                messages = await self._asked(self._stream.read())
            except BusError:
                await asyncio.sleep(RETRY_S)
                continue
            for message in messages:
                self.on_message(message)

    def _eval(self, script: str, key: str, *args: object) -> Awaitable[Any]:
        return self._redis.ask("EVAL", script, 1, key, *args)

    async def _asked(self, request: Awaitable[T]) -> T:
        try:
            return await request
        except (RedisError, OSError, TimeoutError) as error:
            self._calm.disturbed(self._loop.time())
            self._failed.set()
            text = " ".join(str(error).split()) or type(error).__name__
            if self.is_there:
                self.is_there = False
                log.error("bus gone", error=text)
            raise BusError(text) from None

    def _is_back(self) -> None:
        if not self.is_there and not self._failed.is_set():
            self.is_there = True
            log.info("bus back")

    async def _close(self) -> None:
        for one in (self._redis, self._reader):
            with contextlib.suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(REPLY_S):
                    await one.close()


async def _nothing() -> None:
    pass


def _ages(pairs: list[bytes]) -> dict[str, tuple[float, bool]]:
    """Of each node for how many seconds it has had no lease, and whether it left by itself."""
    ages = {}
    for at in range(0, len(pairs), 2):
        node, left, _ = pairs[at].decode().partition(scripts.LEFT)
        ages[node] = int(pairs[at + 1]) / 1000, bool(left)
    return ages


_PACK = msgspec.msgpack.Encoder()
_UNPACK = msgspec.msgpack.Decoder(Facts)


def _packed(facts: Facts) -> bytes:
    return _PACK.encode(facts)


def _facts(packed: bytes | None) -> Facts:
    try:
        return _UNPACK.decode(packed or b"")
    except msgspec.DecodeError:
        return Facts()  # of another version: the box is introduced, and not dialled
