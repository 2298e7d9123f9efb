"""Stacks that carry messages, each like `BoxPeer` and `VisitorPeer` of `p2claw.link` from outside.

A stack is a module with a `VisitorPeer`, which offers, and a `BoxPeer`, which answers; it is
imported where it is used only, so that what is not installed is not missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from p2claw.link.channel import Channel


class Offering(Protocol):
    """The side that describes itself first. Descriptions are text: SDP, or an address."""

    async def offer(self) -> str: ...

    async def accept(self, answer: str) -> None: ...

    async def channel(self, *, timeout_s: float) -> Channel: ...


class Answering(Protocol):
    """The other side."""

    async def answer(self, offer: str) -> str: ...

    async def channel(self, *, timeout_s: float) -> Channel: ...


@dataclass(frozen=True, slots=True)
class Stack:
    """sender, receiver: "module:class"."""

    sender: str
    receiver: str = "bench.peers.libwebrtc:BoxPeer"

    def make_sender(self) -> Offering:
        peer: Offering = _found(self.sender)()
        return peer

    def make_receiver(self) -> Answering:
        peer: Answering = _found(self.receiver)()
        return peer


_AIORTC = "bench.peers.stock_aiortc:"
_ASSOCIATION = "bench.peers.association:"
STACKS = {
    "p2claw": Stack("p2claw.link.visitor_peer:VisitorPeer"),
    "aiortc": Stack(_AIORTC + "VisitorPeer"),
    "aiortc-aiortc": Stack(_AIORTC + "VisitorPeer", _AIORTC + "BoxPeer"),
    "wrtc": Stack("bench.peers.libwebrtc:VisitorPeer"),
    "association-bbr": Stack(_ASSOCIATION + "BbrPeer", _ASSOCIATION + "BoxPeer"),
    "association-cubic": Stack(_ASSOCIATION + "CubicPeer", _ASSOCIATION + "BoxPeer"),
    "tcp": Stack("bench.peers.tcp:VisitorPeer", "bench.peers.tcp:BoxPeer"),
}


def _found(path: str) -> Callable[[], Any]:
    module, _, name = path.partition(":")
    found: Callable[[], Any] = getattr(import_module(module), name)
    return found
