"""An agent and a visitor that speak signalling over real sockets, message by message."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any, TypeVar

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2claw.wire.signalling import (
    AgentMessage,
    Announce,
    Announced,
    Challenge,
    Introduced,
    Register,
    Registered,
    Unknown,
    VisitMessage,
    decode_agent,
    decode_visit,
    encode_agent,
    encode_visit,
)
from p2claw.wire.signalling.signatures import REGISTER, register_payload, signed_bytes
from tests.support.server import RunningServer

WAIT_S = 10.0

T = TypeVar("T")


def key_of(number: int) -> Ed25519PrivateKey:
    """The same key for the same number."""
    return Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))


class RawAgent:
    """The agent's end of a control connection."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def send(self, message: AgentMessage) -> None:
        await self.ws.send_bytes(encode_agent(message))

    async def receive(self, kind: type[T]) -> T:
        """The next message, which is of this kind."""
        raw = await self.ws.receive(WAIT_S)
        assert raw.type is aiohttp.WSMsgType.BINARY, (raw.type, raw.data, raw.extra)
        message = decode_agent(raw.data)
        assert isinstance(message, kind), message
        return message

    async def close_code(self) -> int:
        """The code with which the other end closes, whatever it says before."""
        while True:
            raw = await self.ws.receive(WAIT_S)
            if raw.type is not aiohttp.WSMsgType.BINARY:
                assert raw.type is aiohttp.WSMsgType.CLOSE, raw
                return int(raw.data)

    async def answer_challenge(
        self, key: Ed25519PrivateKey, audience: str, **changes: Any
    ) -> Challenge:
        """Register; `changes` replace what is signed and sent."""
        challenge = await self.receive(Challenge)
        register = signed_register(key, challenge.nonce, audience, **changes)
        await self.send(register)
        return challenge


def signed_register(
    key: Ed25519PrivateKey, nonce: bytes, audience: str, *, time_s: int | None = None
) -> Register:
    """A registration as an agent makes it."""
    now_s = int(time.time()) if time_s is None else time_s
    return Register(
        public_key=key.public_key().public_bytes_raw(),
        nonce=nonce,
        time=now_s,
        audience=audience,
        signature=key.sign(signed_bytes(REGISTER, register_payload(nonce, now_s, audience))),
        sw="test/1",
    )


class RawVisitor:
    """The visitor's end of a visit."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws

    async def send(self, message: VisitMessage) -> None:
        await self.ws.send_str(encode_visit(message))

    async def next(self) -> VisitMessage | Unknown:
        raw = await self.ws.receive(WAIT_S)
        assert raw.type is aiohttp.WSMsgType.TEXT, (raw.type, raw.data, raw.extra)
        return decode_visit(raw.data)

    async def receive(self, kind: type[T]) -> T:
        """The next message, which is of this kind."""
        message = await self.next()
        assert isinstance(message, kind), message
        return message

    async def close_code(self) -> int:
        raw = await self.ws.receive(WAIT_S)
        assert raw.type is aiohttp.WSMsgType.CLOSE, raw
        return int(raw.data)


@contextlib.asynccontextmanager
async def connected_agent(url: str, **options: Any) -> AsyncIterator[RawAgent]:
    """A control connection that has not registered."""
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/__p2claw/v1/agent", **options) as ws,
    ):
        yield RawAgent(ws)


@contextlib.asynccontextmanager
async def registered_agent(
    url: str, key: Ed25519PrivateKey, apps: tuple[str, ...] = ()
) -> AsyncIterator[tuple[RawAgent, Registered]]:
    """An agent that has registered, and announced its apps where it has any."""
    async with connected_agent(url) as agent:
        await agent.answer_challenge(key, url.partition("//")[2])
        registered = await agent.receive(Registered)
        if apps:
            await agent.send(Announce(1, apps))
            await agent.receive(Announced)
        yield agent, registered


@contextlib.asynccontextmanager
async def connected_visitor(url: str, query: str, **options: Any) -> AsyncIterator[RawVisitor]:
    """A visit; query is what stands after the question mark."""
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{url}/__p2claw/v1/visit?{query}", **options) as ws,
    ):
        yield RawVisitor(ws)


@contextlib.asynccontextmanager
async def introduced_visitor(
    server: RunningServer, alias: str, app: str = "dog"
) -> AsyncIterator[tuple[RawVisitor, Introduced]]:
    """A visitor that has been introduced."""
    async with connected_visitor(server.url, f"v=1&alias={alias}&app={app}") as visitor:
        yield visitor, await visitor.receive(Introduced)


async def eventually(condition: Any) -> None:
    """Wait until condition() is true."""
    async with asyncio.timeout(WAIT_S):
        while not condition():  # noqa: ASYNC110 - what is watched is the server's, and has no event
            await asyncio.sleep(0.01)
