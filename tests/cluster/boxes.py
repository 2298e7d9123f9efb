"""Boxes with light agents, which come back as real ones do, and what becomes of them over time."""

from __future__ import annotations

import asyncio
import functools
import time
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bench.coord.light_agent import LightAgent
from p2claw import names
from p2claw.link.backoff import Backoff
from tests.cluster.scene import FRONT, NODE_FIELD, Scene

_OPEN_S = 10.0
# Changes older than this decide nothing any more.
_REMEMBERED_S = 120.0


@dataclass
class Box:
    """alias: what it was given first. node: the server of the balancer that it was led to.
    changes: when it went online and offline.
    """

    number: int
    invite: str
    alias: str = ""
    node: str = ""
    online: bool = False
    refused: str = ""
    changes: list[tuple[float, bool]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @functools.cached_property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes((1 + self.number).to_bytes(32, "big"))

    @functools.cached_property
    def key_alias(self) -> str:
        return names.key_alias_of(self.key.public_key().public_bytes_raw())

    def was_online(self, since: float, until: float) -> bool:
        """Whether it was online all that time, as it knows itself."""
        before = [online for when, online in self.changes if when <= since]
        inside = [online for when, online in self.changes if since < when <= until]
        return bool(before) and before[-1] and all(inside)

    async def run(self, scene: Scene) -> None:
        """Stay connected, until cancelled, or refused for good."""
        key, backoff = self.key, Backoff()
        fields = f"X-Test-Address: 192.0.2.{self.number % 250 + 1}\r\n"
        while not self.refused:
            changed = asyncio.Event()
            agent = LightAgent(
                *(key, scene.audience, functools.partial(_set, changed)),
                invite=self.invite,
                fields=fields,
                mark=str(self.number),
            )
            try:
                async with asyncio.timeout(_OPEN_S):
                    await asyncio.get_running_loop().create_connection(
                        functools.partial(_same, agent), "127.0.0.1", FRONT
                    )
                    await changed.wait()
                if agent.alias:
                    backoff.reset()
                    self.node = _field_of(agent.head, NODE_FIELD)
                    self._is_online(agent.alias)
                    changed.clear()
                    await changed.wait()  # it is lost
            except (OSError, TimeoutError):
                pass
            finally:
                agent.close()
                self._is_offline()
            if agent.refused.startswith("invite"):
                self.refused = agent.refused
            await asyncio.sleep(backoff.next_delay_s())

    def _is_online(self, alias: str) -> None:
        if self.alias and alias != self.alias:
            self.wrong.append(f"box {self.number} was {self.alias}, and is {alias}")
        self.alias = alias
        self.online = True
        self._note(True)

    def _is_offline(self) -> None:
        if self.online:
            self.online = False
            self._note(False)

    def _note(self, online: bool) -> None:
        now = time.monotonic()
        self.changes.append((now, online))
        while len(self.changes) > 2 and self.changes[1][0] < now - _REMEMBERED_S:
            del self.changes[0]


def _field_of(head: bytes, name: str) -> str:
    for line in head.decode("latin-1").split("\r\n"):
        field_name, _, value = line.partition(":")
        if field_name.lower() == name.lower():
            return value.strip()
    return ""


def _set(changed: asyncio.Event, _: LightAgent) -> None:
    changed.set()


def _same(agent: LightAgent) -> LightAgent:
    return agent
