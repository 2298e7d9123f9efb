"""This process as one node among several: what the others send, and what runs beside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from p2claw.coord.bus.base import Bus
from p2claw.coord.bus.messages import (
    Astray,
    Banned,
    Begin,
    Closed,
    FromVisitor,
    Gone,
    Message,
    Posted,
    PostReply,
    QuotaChanged,
    Replaced,
    ToVisitor,
    Unteamed,
)
from p2claw.coord.nodes.forwarding import Forwarding
from p2claw.coord.nodes.hosting import Hosting, MakeRequest
from p2claw.coord.nodes.presence import Presence
from p2claw.coord.nodes.relayed_posts import RelayedPosts
from p2claw.coord.nodes.watching import Watching
from p2claw.coord.store.base import Quota
from p2claw.coord.switchboard import Switchboard


class Node:
    """Connects presence, hosting and forwarding with the bus. make_request: of `Visitors`."""

    def __init__(
        self,
        bus: Bus,
        switchboard: Switchboard,
        presence: Presence,
        forwarding: Forwarding,
        watching: Watching,
        make_request: MakeRequest,
    ) -> None:
        self.on_unteamed: Callable[[str], None] = lambda key_alias: None
        """Called with the key alias of a box of this node that was removed from a team."""
        self.name = bus.node
        self.presence = presence
        self.forwarding = forwarding
        self.posts = RelayedPosts(bus)
        self._bus = bus
        self._watching = watching
        self._switchboard = switchboard
        self._hosting = Hosting(bus, switchboard, make_request)

    @property
    def is_bus_there(self) -> bool:
        """Whether the other nodes can be reached."""
        return self._bus.is_there

    @property
    def nodes_direct(self) -> int | None:
        """As of `Bus.reached_directly`."""
        return self._bus.reached_directly

    @property
    def is_alone(self) -> bool:
        """Whether boxes are held here that the other nodes do not see."""
        return self._watching.is_alone

    async def run(self) -> None:
        """Run until cancelled."""
        await asyncio.gather(self.presence.run(), self.forwarding.run(), self._watching.run())

    def received(self, message: Message) -> None:
        """What another node has sent."""
        match message:
            case Begin():
                self._hosting.begin(message)
            case FromVisitor():
                self._hosting.from_visitor(message)
            case Gone():
                self._hosting.gone(message)
            case ToVisitor():
                self.forwarding.reply(message)
            case Closed():
                self.forwarding.closed(message)
            case Astray():
                self.forwarding.astray(message)
            case Posted():
                self.posts.posted(message)
            case PostReply():
                self.posts.replied(message)
            case Replaced(key_alias, token):
                self.presence.replaced(key_alias, token)
            case Banned(public_key):
                self._switchboard.rendezvous.box_banned(public_key)
                self._switchboard.drain()
            case QuotaChanged(public_key, apps, visits_per_minute, relay):
                quota = Quota(apps, visits_per_minute, relay)
                self._switchboard.rendezvous.box_may(public_key, quota)
                self._switchboard.drain()
                self.presence.changed_of(public_key)
            case Unteamed(key_alias):
                self.on_unteamed(key_alias)
