"""The open streams of one link: events of its session reach them, and requests begin their tasks.

The pump reads the events and passes those of streams on, by `EVENTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from p2claw.errors import LinkError, P2clawError, StreamResetError
from p2claw.link.handling import Handler, Handling
from p2claw.link.keeping import KeptPlaces
from p2claw.link.stream import BoxStream, Stream, VisitorStream
from p2claw.wire.frames.heads import RequestHead
from p2claw.wire.session import events as ev
from p2claw.wire.session.session import Session


class OpenStreams:
    """The streams of a session by their id, and on a box the tasks of their requests.

    send_soon: called when a stream has something to send. send_now: as of BoxStream. handler,
    places, is_prompt: as of Handling; a visitor has no handler.
    """

    __slots__ = ("_by_id", "_handling", "_is_over", "_send_now", "_send_soon", "_session")

    def __init__(
        self,
        session: Session,
        send_soon: Callable[[], None],
        send_now: Callable[[bool], None],
        handler: Handler | None,
        places: KeptPlaces | None,
        *,
        is_prompt: bool = False,
    ) -> None:
        self._session = session
        self._send_soon = send_soon
        self._send_now = send_now
        self._by_id: dict[int, Stream] = {}
        self._is_over = False
        self._handling: Handling | None = None
        if handler is not None:
            self._handling = Handling(handler, places, is_prompt=is_prompt)

    def open(self, head: RequestHead, *, end: bool) -> VisitorStream:
        """Visitor: send a request. Raises as `Streams.open_request`."""
        streams = self._session.streams
        stream_id = streams.open_request(head, end=end)
        stream = VisitorStream(stream_id, streams, self._send_soon)
        self._by_id[stream_id] = stream
        self._send_soon()
        return stream

    @property
    def are_endless(self) -> bool:
        """Whether it makes no sense to wait for the end of any of them."""
        return all(isinstance(s, BoxStream) and s.is_endless for s in self._by_id.values())

    def fail(self, loss: LinkError) -> None:
        """The link is over: whoever reads or writes a stream gets this error."""
        self._is_over = True
        for stream in self._by_id.values():
            stream.on_failure(loss)
        self._by_id.clear()

    def keep_none(self) -> None:
        """This side ends the link: requests with `keep` end too."""
        if self._handling is not None:
            self._handling.keep_none()

    async def end_tasks(self) -> None:
        """End the task of every request, those with `keep` a while later, and wait for them."""
        if self._handling is not None:
            await self._handling.cancel_all()

    def _on_request(self, event: ev.RequestReceived) -> None:
        hello = self._session.peer_hello
        if self._handling is None or hello is None or self._is_over:
            return
        stream = BoxStream(
            event.stream,
            self._session.streams,
            self._send_soon,
            request=event.head,
            ended=event.end,
            app=hello.app,
            send_now=self._send_now,
        )
        self._by_id[event.stream] = stream
        self._handling.begin(stream)

    def _on_response(self, event: ev.ResponseReceived) -> None:
        stream = self._by_id.get(event.stream)
        if isinstance(stream, VisitorStream):
            stream.on_response(event.head, event.end)

    def _on_data(self, event: ev.DataReceived) -> None:
        stream = self._by_id.get(event.stream)
        if stream is not None:
            stream.on_data(event.data, event.end)

    def _on_trailers(self, event: ev.TrailersReceived) -> None:
        stream = self._by_id.get(event.stream)
        if stream is not None:
            stream.on_trailers(event.fields)

    def _on_reset(self, event: ev.StreamReset) -> None:
        stream = self._by_id.get(event.stream)
        if stream is not None:
            stream.on_failure(_reset_error(event))
        if self._handling is not None:
            self._handling.cancel(event.stream)

    def _on_writable(self, event: ev.StreamWritable) -> None:
        stream = self._by_id.get(event.stream)
        if stream is not None:
            stream.on_writable()

    def on_closed(self, event: ev.StreamClosed) -> None:
        """Forget a stream that has ended; whoever waits to write on it learns of it."""
        stream = self._by_id.pop(event.stream, None)
        if stream is not None:
            stream.on_writable()


def _reset_error(event: ev.StreamReset) -> P2clawError:
    reason = event.reason or event.code.text
    return StreamResetError(f"the other side ended it: {reason}", reset_code=event.code)


# By the class of the event, so that a piece of a body costs one look-up.
EVENTS: dict[type, Callable[[OpenStreams, Any], None]] = {
    ev.RequestReceived: OpenStreams._on_request,
    ev.ResponseReceived: OpenStreams._on_response,
    ev.DataReceived: OpenStreams._on_data,
    ev.TrailersReceived: OpenStreams._on_trailers,
    ev.StreamReset: OpenStreams._on_reset,
    ev.StreamWritable: OpenStreams._on_writable,
}
