"""Opens the URL of an app and sends it requests. If a link drains or is lost, it opens another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable, Iterable
from dataclasses import replace
from types import TracebackType

from p2claw import __version__
from p2claw.errors import (
    LinkError,
    LocalProtocolError,
    RefusedError,
    StreamResetError,
    UsageError,
)
from p2claw.grace import within
from p2claw.link.peer import PeerStats
from p2claw.link.pump import RESUME_S, Pump
from p2claw.link.stream import VisitorStream
from p2claw.units import MIB
from p2claw.visitor.app_socket import AppSocket
from p2claw.visitor.app_url import AppUrl, parse_app_url
from p2claw.visitor.near import Near
from p2claw.visitor.pins import PinStore
from p2claw.visitor.reaching import reach
from p2claw.visitor.renewal import Link, Renewal
from p2claw.visitor.response import Again, Response
from p2claw.visitor.signalling import Opened, open_channel
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import Fields, RequestHead, ResponseHead
from p2claw.wire.frames.hello import WEBSOCKET, Role
from p2claw.wire.frames.limits import ASKED_PATH_LIMITS
from p2claw.wire.session.delivery import Resumption
from p2claw.wire.session.session import Session

# From the request to the head of its response. The box gives up on an app before that.
HEAD_TIMEOUT_S = 120.0
RETIRE_TIMEOUT_S = 3600.0
# Between two tries to go on with a response, or to ask for one, while the box is away.
AGAIN_S = 0.5
# Of a box that is not connected, or whose coordinator is not, and that was a moment ago.
_RETURNS = frozenset(("box-offline", "going-down"))

# A browser has a hundred streams and 1 MiB for each; fetch has one. The window bounds the speed to
# window / round trip, 40 MB/s at 100 ms, and on loopback 1 MiB costs a tenth of it (measured).
WINDOW_BYTES = 4 * MIB

Body = bytes | AsyncIterable[bytes] | None


class Visitor:
    """A visit to one app. Made by `open`; always close it, best by `async with`.

    When the box drains a link (GOAWAY), open requests go on there, and new ones go over a new link.
    """

    def __init__(self, address: AppUrl, pins: PinStore | None, link: Link) -> None:
        self._address = address
        self._pins = pins
        self._link = link
        self._opening = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()
        self._renewals: set[asyncio.Task[None]] = set()
        self._watch(link)
        self._measuring = self._measure(link.opened)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        edge: str | None = None,
        key: str | None = None,
        pins: PinStore | None = None,
    ) -> Visitor:
        """Connect to the box of an app's URL.

        edge: where to connect instead of the URL's host, `http://127.0.0.1:8787`. key: the peer id
        that the box must have, as `#k=` in the URL. pins: where first visits are remembered; None
        remembers nothing.

        Raises UsageError, RefusedError with a code of docs/WIRE.md §12, LinkError `wrong-key`,
        `link-timeout`, `edge-unreachable`, `path-not-found`.
        """
        address = parse_app_url(url, edge=edge, key=key)
        if address.app is None:
            raise UsageError(
                f"{address.host} names a box and no app of it",
                code="app-missing",
                hint=f"Use a URL like https://NAME-{address.host}",
            )
        return cls(address, pins, _link(address, await reach(address, pins)))

    def _watch(self, link: Link) -> None:
        renewal = Renewal(
            link,
            reach=lambda place: open_channel(
                *(self._address, self._pins),
                place=place,
                box=self.peer_id,
                is_hurried=True,
            ),
            begin=lambda resumption: _session(self._address, resumption),
            replaced=self._replaced,
        )
        task = asyncio.get_running_loop().create_task(renewal.run())
        self._renewals.add(task)
        task.add_done_callback(self._renewals.discard)

    def _measure(self, opened: Opened) -> asyncio.Task[None] | None:
        """Find out beside the visit which relays are near, if it needs one and is asked to."""
        introduced = opened.introduced
        if introduced is None or introduced.measure is None or opened.peer.path() != "relayed":
            return None
        near = Near(self._address, self._pins)
        measuring = near.measure(introduced.measure, introduced.ice_servers)
        return asyncio.get_running_loop().create_task(measuring)

    def _replaced(self, old: Link, new: Link) -> None:
        if self._link is old:
            self._link = new

    @property
    def target(self) -> str:
        """Path and query of the URL that was opened."""
        return self._address.target

    @property
    def peer_id(self) -> str:
        """The key of the box, proved."""
        return self._link.opened.peer_id

    def stats(self) -> PeerStats:
        """Of the newest link."""
        return self._link.opened.peer.stats()

    async def request(
        self,
        method: str,
        target: str,
        *,
        fields: Iterable[tuple[str, str]] = (),
        body: Body = None,
        urgency: int = 3,
        timeout_s: float = HEAD_TIMEOUT_S,
    ) -> Response:
        """Send a request and wait for the head of its response.

        target: path and query. body: sent while the response may already come. Raises LinkError,
        StreamResetError, LocalProtocolError for a head that docs/WIRE.md §4 forbids.
        """
        head = RequestHead(method.upper(), target, _fields(fields, body), urgency)
        try:
            async with asyncio.timeout(timeout_s):
                try:
                    return await self._once(head, body)
                except (StreamResetError, LinkError) as error:
                    # A body that is a stream has been used up.
                    if not _is_untouched(error) or isinstance(body, AsyncIterable):
                        raise
                return await self._once(head, body)
        except TimeoutError:
            raise LinkError(
                f"no response to {method} {target} within {timeout_s:g} s", code="response-timeout"
            ) from None

    async def socket(
        self,
        target: str,
        *,
        protocols: Iterable[str] = (),
        fields: Iterable[tuple[str, str]] = (),
        timeout_s: float = HEAD_TIMEOUT_S,
    ) -> AppSocket:
        """Open a WebSocket. protocols: what the app may choose from.

        Raises RefusedError `websocket-refused`, `websocket-unknown`; LinkError, StreamResetError,
        LocalProtocolError as `request`.
        """
        listed = list(fields)
        if offered := ", ".join(protocols):
            listed.append(("sec-websocket-protocol", offered))
        head = RequestHead("CONNECT", target, _fields(listed, None), protocol=WEBSOCKET)
        try:
            async with asyncio.timeout(timeout_s):
                await self._require(WEBSOCKET)
                stream = await self._open_stream(head, end=False)
                try:
                    response = await stream.response()
                except BaseException:
                    stream.reset(Code.CANCEL)
                    raise
        except TimeoutError:
            raise LinkError(
                f"no response to the WebSocket {target} within {timeout_s:g} s",
                code="response-timeout",
            ) from None
        if response.status != 200:
            stream.reset(Code.CANCEL)
            raise RefusedError(
                f"the WebSocket {target} was refused with {response.status}",
                code="websocket-refused",
            )
        return AppSocket(response, stream)

    async def close(self) -> None:
        """End every link. Requests that are open end with LinkError."""
        for task in (*self._retiring, *self._renewals):
            task.cancel()
        if self._retiring or self._renewals:
            await asyncio.wait((*self._retiring, *self._renewals))
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.wait([self._measuring])
        await self._link.close()

    async def __aenter__(self) -> Visitor:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _once(self, head: RequestHead, body: Body) -> Response:
        stream = await self._open_stream(head, end=not body)
        sending = None
        if body:
            sending = asyncio.get_running_loop().create_task(_send_body(stream, body))
        try:
            return Response(head, await stream.response(), stream, sending, self._again(head))
        except BaseException:
            stream.reset(Code.CANCEL)
            if sending is not None:
                sending.cancel()
                await asyncio.wait([sending])
                if not sending.cancelled() and (fault := sending.exception()) is not None:
                    raise fault from None
            raise

    def _again(self, head: RequestHead) -> Again:
        """Sends a request without a body again, as soon as the box is there, within RESUME_S."""

        async def again(fields: Fields) -> tuple[ResponseHead, VisitorStream]:
            loop = asyncio.get_running_loop()
            deadline = loop.time() + RESUME_S
            while True:
                try:
                    return await self._once_more(replace(head, fields=fields))
                except (LinkError, RefusedError):
                    if loop.time() > deadline:
                        raise
                    await asyncio.sleep(AGAIN_S)

        return again

    async def _once_more(self, head: RequestHead) -> tuple[ResponseHead, VisitorStream]:
        stream = await self._open_stream(head, end=True)
        try:
            async with asyncio.timeout(HEAD_TIMEOUT_S):
                return await stream.response(), stream
        except BaseException:
            stream.reset(Code.CANCEL)
            raise

    async def _open_stream(self, head: RequestHead, *, end: bool) -> VisitorStream:
        while True:
            link = await self._usable_link()
            try:
                return link.pump.open(head, end=end)
            except LocalProtocolError as error:
                if error.code == "streams-exhausted":
                    with contextlib.suppress(LinkError):
                        await link.pump.news()
                elif error.code not in ("goaway", "ids-exhausted"):
                    raise
                else:
                    await self._replace(link)

    async def _require(self, extension: str) -> None:
        link = await self._usable_link()
        await link.pump.hello(timeout_s=HEAD_TIMEOUT_S)
        if not link.pump.session.has_extension(extension):
            raise RefusedError(
                f"the box does not speak {extension}",
                code="websocket-unknown",
                hint="Its p2claw is older than this one",
            )

    async def _usable_link(self) -> Link:
        if self._link.pump.draining:
            await self._replace(self._link)
        return self._link

    async def _replace(self, old: Link) -> None:
        """Open a link in place of one that accepts no more requests; once, however many ask."""
        async with self._opening:
            if self._link is not old:
                return
            self._link = _link(self._address, await self._reach_again())
            self._watch(self._link)
            task = asyncio.get_running_loop().create_task(_retire(old))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    async def _reach_again(self) -> Opened:
        """Open another channel; a box that is away is waited for, for RESUME_S at most: it was here
        a moment ago, and nothing has been sent yet. Raises as `open_channel`.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + RESUME_S
        while True:
            try:
                # By an introduction: of a descriptor that is kept the box may have said goodbye.
                return await open_channel(self._address, self._pins, box=self.peer_id)
            except RefusedError as error:
                if error.code not in _RETURNS or loop.time() > deadline:
                    raise
                await asyncio.sleep(AGAIN_S)


def _link(address: AppUrl, opened: Opened) -> Link:
    pump = Pump(_session(address, None), opened.channel)
    pump.start()
    return Link(opened, pump)


def _is_untouched(error: StreamResetError | LinkError) -> bool:
    """Whether the request was not processed at all: REFUSED, or the link is one of no app.

    A box that was dialled without an introduction may have unexposed the app; then the coordinator
    is asked, which says so.
    """
    if isinstance(error, StreamResetError):
        return error.reset_code == Code.REFUSED
    return error.code == Code.APP_UNKNOWN.text


def _session(address: AppUrl, resumes: Resumption | None) -> Session:
    return Session(
        Role.VISITOR,
        app=address.app,
        limits=replace(ASKED_PATH_LIMITS, visitor_window_bytes=WINDOW_BYTES),
        software=f"p2claw-fetch/{__version__}",
        resumes=resumes,
    )


async def _retire(link: Link) -> None:
    """Let the open requests of a drained link end, then free it."""
    try:
        await within(RETIRE_TIMEOUT_S, link.pump.idle())
    finally:
        await link.close()


async def _send_body(stream: VisitorStream, body: bytes | AsyncIterable[bytes]) -> None:
    """Send a body to its end, or until the box resets it; then its response shows the reason."""
    try:
        if isinstance(body, bytes):
            await stream.write(body, end=True)
            return
        async for piece in body:
            await stream.write(piece)
        await stream.write(b"", end=True)
    except (StreamResetError, LinkError):
        return
    except BaseException:
        stream.reset(Code.CANCEL)
        raise


def _fields(fields: Iterable[tuple[str, str]], body: Body) -> tuple[tuple[str, str], ...]:
    """Fields with lower-case names, and the defaults that every client sends."""
    listed = [(name.lower(), value) for name, value in fields]
    given = {name for name, _ in listed}
    defaults = [("user-agent", f"p2claw/{__version__}"), ("accept", "*/*")]
    if isinstance(body, bytes):
        defaults.append(("content-length", str(len(body))))
    return (*(d for d in defaults if d[0] not in given), *listed)
