"""A visitor and a box that make many exchanges at once, on seeded random choices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from p2claw.errors import StreamResetError
from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.session import events as ev
from p2claw.wire.session.session import Session
from tests.wire.session.pair import Pair, events


@dataclass
class Half:
    """One direction of one exchange, as the applications on both ends see it."""

    body: bytes  # all that shall be sent
    trailers: tuple[tuple[str, str], ...]
    at: int = 0  # sent so far
    got: bytearray = field(default_factory=bytearray)
    got_trailers: tuple[tuple[str, str], ...] = ()
    unread: int = 0
    sent: bool = False
    ended: bool = False


@dataclass
class Exchange:
    """A request and its response."""

    up: Half
    down: Half
    responded: bool = False
    cancelled: bool = False
    closed: bool = False  # at one side at least


class Browsing:
    """Drives a pair until all exchanges are over. cancel, lose: how likely, in each round.

    Where links are lost, one is.
    """

    def __init__(
        self, seed: int, codec: Codec, *, exchanges: int, cancel: float, lose: float = 0
    ) -> None:
        self._random = random = Random(seed)
        self._cancel = cancel
        self._lose = lose
        self.lost = 0  # links
        self.pair = Pair(codec=codec, seed=random.getrandbits(32), token=b"crab" if lose else b"")
        self.waiting = [self._exchange() for _ in range(exchanges)]
        self.open: dict[int, Exchange] = {}
        self.all = list(self.waiting)
        self.most_open = 0

    def run(self, most_rounds: int = 100_000) -> None:
        """Go on till every exchange is over. Fails where that takes too long."""
        for _ in range(most_rounds):
            if not self.waiting and self._over():
                return
            self._round()
        raise AssertionError(f"still open after {most_rounds} rounds: {self.open}")

    def _over(self) -> bool:
        pair = self.pair
        return pair.idle and not pair.visitor.streams and not pair.box.streams

    def _round(self) -> None:
        pair, random = self.pair, self._random
        self._open_some()
        self.most_open = max(self.most_open, len(pair.visitor.streams))
        for id, exchange in self.open.items():
            self._write(pair.visitor, id, exchange, exchange.up)
            if exchange.responded:
                self._write(pair.box, id, exchange, exchange.down)
            self._read(pair.box, id, exchange.up)
            self._read(pair.visitor, id, exchange.down)
            if not exchange.closed and random.random() < self._cancel:
                exchange.cancelled = True
                random.choice((pair.visitor, pair.box)).streams.reset(id, Code.CANCEL)
        pair.step()
        may_lose = bool(self._lose) and pair.visitor.can_resume
        if may_lose and (not self.lost or random.random() < self._lose):
            pair.replace_link()
            self.lost += 1
        pair.now += 0.01
        for session in (pair.visitor, pair.box):
            session.handle_timeout(pair.now)
        for event in events(pair.box):
            self._at_box(event)
        for event in events(pair.visitor):
            self._at_visitor(event)

    def _open_some(self) -> None:
        limit = 16 if self.pair.visitor.peer_hello is None else 128
        while self.waiting and self._random.random() < 0.7:
            if len(self.pair.visitor.streams) >= limit:
                return
            exchange = self.waiting.pop()
            empty = not exchange.up.body and not exchange.up.trailers
            head = RequestHead("POST", "/", (), urgency=self._random.randint(0, 7))
            exchange.up.sent = empty
            self.open[self.pair.visitor.streams.open_request(head, end=empty)] = exchange

    def _write(self, session: Session, id: int, exchange: Exchange, half: Half) -> None:
        if half.sent or exchange.cancelled or self._random.random() < 0.3:
            return
        if session.streams.queued(id) > session.limits.high_water_bytes:
            return
        piece = half.body[half.at : half.at + self._random.choice((1, 100, 20_000, 300_000))]
        half.at += len(piece)
        over = half.at == len(half.body)
        try:
            session.streams.send_data(id, piece, end=over and not half.trailers)
            if over and half.trailers:
                session.streams.send_trailers(id, half.trailers)
        except StreamResetError:
            assert exchange.cancelled
        half.sent = over

    def _read(self, session: Session, id: int, half: Half) -> None:
        if half.unread and self._random.random() < 0.5:
            n = self._random.randint(1, half.unread)
            half.unread -= n
            session.streams.consumed(id, n)

    def _at_box(self, event: ev.Event) -> None:
        match event:
            case ev.RequestReceived(id, _, end):
                exchange = self.open[id]
                exchange.up.ended = end
                down = exchange.down
                down.sent = not down.body and not down.trailers
                exchange.responded = True
                if not exchange.cancelled:
                    self.pair.box.streams.send_response(id, ResponseHead(200, ()), end=down.sent)
            case ev.HelloReceived():
                pass
            case _:
                self._took(event, lambda exchange: exchange.up)

    def _at_visitor(self, event: ev.Event) -> None:
        match event:
            case ev.ResponseReceived(id, _, end):
                self.open[id].down.ended = end
            case ev.HelloReceived():
                pass
            case _:
                self._took(event, lambda exchange: exchange.down)

    def _took(self, event: ev.Event, half_of: Callable[[Exchange], Half]) -> None:
        match event:
            case ev.DataReceived(id, data, end):
                half = half_of(self.open[id])
                half.got += data
                half.unread += len(data)
                half.ended = end
            case ev.TrailersReceived(id, fields):
                half = half_of(self.open[id])
                half.got_trailers = fields
                half.ended = True
            case ev.StreamReset(id):
                assert self.open[id].cancelled
            case ev.StreamClosed(id):
                self.open[id].closed = True
            case ev.StreamWritable():
                pass
            case _:
                raise AssertionError(event)

    def _exchange(self) -> Exchange:
        return Exchange(up=self._half(), down=self._half())

    def _half(self) -> Half:
        random = self._random
        size = random.choice((0, 1, 3_000, 70_000, random.randint(0, 700_000)))
        body = random.randbytes(1_000) * (size // 1_000) + random.randbytes(size % 1_000)
        return Half(body, (("x-sum", str(size)),) if random.random() < 0.2 else ())
