"""A coordinator that lies as whoever wants to sit in the middle of a link must; else it passes
everything on to the honest coordinator and edge behind it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from aiohttp import ClientSession, web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2claw.agent.home.identity import signed_statement
from p2claw.names import peer_id_of, public_key_of
from p2claw.wire.signalling.signatures import ANSWER, answer_payload, fingerprint_of, signed_bytes
from p2claw.wire.signalling.statements import Kind

OWN_FINGERPRINT = ":".join(["AB"] * 32)
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length"}
)
VISIT = "/__p2claw/v1/visit"
# Of a black hole: the visit, and what the shell asks for when something is wrong.
HELD = (VISIT, "/__p2claw/assets/late-")


class Lie(Enum):
    """NONE: honest. FINGERPRINT: its own certificate in the box's answer. KEY: it also says that
    its own key is the box's, and signs the answer with it. SUCCESSOR: it also says that the box's
    key has named this one as the next, in a statement that it has not signed. SILENCE: it says
    nothing. NO_WAY: it passes no candidate on, so that no path is found. NO_ANSWER: nor the box's
    answer. BLACK_HOLE: whatever is asked stays without any response, files too."""

    NONE = "none"
    FINGERPRINT = "fingerprint"
    KEY = "key"
    SUCCESSOR = "successor"
    SILENCE = "silence"
    NO_WAY = "no-way"
    NO_ANSWER = "no-answer"
    BLACK_HOLE = "black-hole"


@dataclass(slots=True)
class LyingCoordinator:
    """lie: what it does now. changed: how many answers it altered. held: what was asked of a black
    hole."""

    edge: str
    port: int = 0
    lie: Lie = Lie.NONE
    changed: int = 0
    held: list[web.Request] = field(default_factory=list)
    visits: dict[str, Introduction] = field(default_factory=dict)


@dataclass(slots=True)
class Introduction:
    """One visit: what has to be known to sign in the box's place."""

    coordinator: LyingCoordinator
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    session: str = ""
    offer: str = ""

    def from_visitor(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What becomes of its messages."""
        for message in messages:
            if message["t"] == "offer":
                self.offer = message["sdp"]
        no_way = self.coordinator.lie is Lie.NO_WAY
        return [one for one in messages if not (no_way and one["t"] == "candidate")]

    def to_visitor(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """What becomes of a message; None: nothing."""
        lie = self.coordinator.lie
        if lie is Lie.SILENCE or (lie is Lie.NO_WAY and message["t"] == "candidate"):
            return None
        if lie is Lie.NO_ANSWER and message["t"] != "introduced":
            return None
        if message["t"] == "introduced":
            self.session = message["session"]
            self.coordinator.visits[self.session] = self
            if lie is Lie.SUCCESSOR:
                message["statements"] = [*message.get("statements", ()), self._forge(message)]
            if lie in (Lie.KEY, Lie.SUCCESSOR):
                message["peer_id"] = peer_id_of(self.key.public_key().public_bytes_raw())
        if message["t"] == "answer" and lie is Lie.NO_WAY:
            message["sdp"] = re.sub(r"a=candidate:[^\n]*\n", "", message["sdp"])
        if message["t"] == "answer" and lie in (Lie.FINGERPRINT, Lie.KEY, Lie.SUCCESSOR):
            self.coordinator.changed += 1
            own = f"a=fingerprint:sha-256 {OWN_FINGERPRINT}"
            message["sdp"] = re.sub(r"a=fingerprint:sha-256 [0-9A-Fa-f:]+", own, message["sdp"])
            if lie is not Lie.FINGERPRINT:
                message["signature"] = self._sign(message["sdp"])
        return message

    def _forge(self, introduced: dict[str, Any]) -> str:
        own = self.key.public_key().public_bytes_raw()
        box = public_key_of(introduced["peer_id"])
        genuine = signed_statement(self.key, Kind.ROTATE, own, int(time.time()))
        return base64.b64encode(dataclasses.replace(genuine, signer=box).pack()).decode()

    def _sign(self, sdp: str) -> str:
        payload = answer_payload(self.session, self.offer, fingerprint_of(sdp))
        return base64.b64encode(self.key.sign(signed_bytes(ANSWER, payload))).decode()


@contextlib.asynccontextmanager
async def lying_coordinator(edge: str) -> AsyncIterator[LyingCoordinator]:
    """Serve in front of `edge` until the block ends."""
    liar = LyingCoordinator(edge)
    async with ClientSession(auto_decompress=False) as session:

        async def serve(request: web.Request) -> web.StreamResponse:
            if liar.lie is Lie.BLACK_HOLE and request.path.startswith(HELD):
                liar.held.append(request)
                await asyncio.Event().wait()
            if request.method == "POST" and request.path.startswith(VISIT):
                return await _pass_post(liar, session, request)
            return await _pass_request(liar, session, request, await request.read())

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", serve)
        runner = web.AppRunner(app, shutdown_timeout=1, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        liar.port = runner.addresses[0][1]
        try:
            yield liar
        finally:
            await runner.cleanup()


async def _pass_request(
    liar: LyingCoordinator, session: ClientSession, request: web.Request, body: bytes
) -> web.Response:
    url = liar.edge + request.raw_path
    fields = {k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP}
    async with session.request(
        request.method, url, headers=fields, data=body, allow_redirects=False
    ) as response:
        back = {k: v for k, v in response.headers.items() if k.lower() not in HOP_BY_HOP}
        return web.Response(status=response.status, headers=back, body=await response.read())


async def _pass_post(
    liar: LyingCoordinator, session: ClientSession, request: web.Request
) -> web.Response:
    post = await request.json()
    talk = liar.visits.get(post.get("session", "")) or Introduction(liar)
    post["messages"] = talk.from_visitor(post["messages"])
    reply = await _pass_request(liar, session, request, json.dumps(post).encode())
    assert isinstance(reply.body, bytes)
    passed = [talk.to_visitor(message) for message in json.loads(reply.body)]
    fields = {k: v for k, v in reply.headers.items() if k.lower() != "content-length"}
    kept = json.dumps([message for message in passed if message is not None])
    return web.Response(status=reply.status, headers=fields, body=kept)
