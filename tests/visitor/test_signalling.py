"""An introduction as it should be: from `introduced` to an open channel, over a WebSocket that
another state machine serves. What a coordinator or a box does wrong is in other files.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from wsproto import ConnectionType, WSConnection
from wsproto import events as ws

from p2claw.link.box_peer import BoxPeer
from p2claw.link.stream import BoxStream
from p2claw.visitor.app_url import parse_app_url
from p2claw.visitor.signalling import introduce, open_channel
from p2claw.wire.signalling import (
    Introduced,
    VisitAnswer,
    VisitCandidate,
    VisitEnd,
    VisitMessage,
    VisitOffer,
    decode_visit,
    encode_visit,
)
from p2claw.wire.signalling.signatures import ANSWER, answer_payload
from tests.visitor.minimal_box import MinimalBox

DEADLINE_S = 20
SESSION = "AAAAAAAAAAAAAAAAAAAAAA"
HOST = "dog-crab.example"


class Coordinator:
    """Introduces each visitor to a box of its own. seen: what visitors sent, and how they asked."""

    def __init__(self) -> None:
        self.box = MinimalBox(_nobody_asks, "")
        self.peer = BoxPeer()
        self.targets: list[str] = []
        self.seen: list[VisitMessage] = []
        self.has_ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = WSConnection(ConnectionType.SERVER)

        def send(*events: ws.Event) -> None:
            writer.write(b"".join(connection.send(event) for event in events))

        while data := await reader.read(65_536):
            connection.receive_data(data)
            for event in connection.events():
                match event:
                    case ws.Request(target=target):
                        self.targets.append(target)
                        send(ws.AcceptConnection(), _text(self.introduced()))
                    case ws.TextMessage(data=text):
                        for reply in await self._replies(text):
                            send(_text(reply))
                    case ws.CloseConnection():
                        send(event.response())
                        self.has_ended.set()
        writer.close()

    def introduced(self) -> Introduced:
        return Introduced(SESSION, self.box.peer_id, ())

    async def _replies(self, text: str) -> list[VisitMessage]:
        message = decode_visit(text)
        assert isinstance(message, VisitMessage)
        self.seen.append(message)
        if isinstance(message, VisitCandidate):
            self.peer.add_candidate(message.candidate, message.mid)
        if not isinstance(message, VisitOffer):
            return []
        sdp = await self.peer.answer(message.sdp)
        payload = answer_payload(SESSION, message.sdp, self.peer.fingerprint)
        return [VisitAnswer(sdp, self.box.sign(ANSWER, payload))]


async def _nobody_asks(stream: BoxStream) -> None:
    raise AssertionError("a request")


def _text(message: VisitMessage) -> ws.TextMessage:
    return ws.TextMessage(encode_visit(message))


@contextlib.asynccontextmanager
async def coordinator() -> AsyncIterator[tuple[Coordinator, str]]:
    """One that runs, and where."""
    one = Coordinator()
    async with asyncio.timeout(DEADLINE_S):
        async with await asyncio.start_server(one.serve, "127.0.0.1", 0) as server:
            try:
                yield one, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            finally:
                await one.peer.close()


async def test_a_visitor_is_introduced_offers_and_has_an_open_channel() -> None:
    async with coordinator() as (one, edge):
        opened = await open_channel(parse_app_url(f"https://{HOST}/", edge=edge), None)
        await one.has_ended.wait()
        channel = await one.peer.channel(timeout_s=DEADLINE_S)
        assert opened.peer_id == one.box.peer_id
        assert opened.dial is None
        opened.channel.close()
        channel.close()
        await opened.peer.close()
    assert one.targets == ["/__p2claw/v1/visit?v=2&alias=crab&app=dog"]
    assert isinstance(one.seen[0], VisitOffer)
    assert isinstance(one.seen[-1], VisitEnd)
    assert {type(message) for message in one.seen[1:-1]} <= {VisitCandidate}


async def test_whoever_only_wants_to_know_the_box_leaves_at_once() -> None:
    async with coordinator() as (one, edge):
        introduced = await introduce(parse_app_url(f"https://{HOST}/", edge=edge))
        await one.has_ended.wait()
    assert introduced == one.introduced()
    assert one.seen == [VisitEnd()]
