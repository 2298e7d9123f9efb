"""Whole sessions, both ends: `pytest bench/test_session.py --benchmark-group-by=func`."""

from __future__ import annotations

from pytest_benchmark.fixture import BenchmarkFixture

from bench.codecs import both_codecs
from p2claw.wire.frames.codec import Codec
from p2claw.wire.frames.heads import RequestHead, ResponseHead
from p2claw.wire.frames.hello import Role
from p2claw.wire.session.events import DataReceived, RequestReceived
from p2claw.wire.session.session import Session

_FIELDS = tuple((f"x-field-{n}", "a value of common length") for n in range(12))
GET = RequestHead("GET", "/some/path?query=1", _FIELDS)
OK = ResponseHead(200, _FIELDS)
PIECE = b"b" * 65_536
MEGABYTES = 16


class Ends:
    """A visitor and a box, and what a message between them costs at both ends."""

    def __init__(self, codec: Codec) -> None:
        self.visitor = Session(Role.VISITOR, app="dog", codec=codec)
        self.box = Session(Role.BOX, codec=codec)
        self.carry()

    def carry(self) -> None:
        """Until neither side has more to send."""
        while True:
            up, down = self.visitor.to_send(0.0), self.box.to_send(0.0)
            if up is not None:
                self.box.receive(up, 0.0)
            if down is not None:
                self.visitor.receive(down, 0.0)
            if up is None and down is None:
                return

    def download(self) -> int:
        """16 MB from the box, read as they come; the bytes that came."""
        stream = self.visitor.streams.open_request(GET, end=True)
        self.carry()
        self.box.streams.send_response(stream, OK, end=False)
        got = 0
        for n in range(MEGABYTES * 16):
            self.box.streams.send_data(stream, PIECE, end=n == MEGABYTES * 16 - 1)
            self.carry()
            while (event := self.visitor.next_event()) is not None:
                if isinstance(event, DataReceived):
                    got += len(event.data)
                    self.visitor.streams.consumed(stream, len(event.data))
        while self.box.next_event() is not None:
            pass
        return got

    def exchange(self) -> int:
        """One hundred small requests and responses; the bytes of body that came."""
        for _ in range(100):
            self.visitor.streams.open_request(GET, end=True)
        self.carry()
        while (asked := self.box.next_event()) is not None:
            if isinstance(asked, RequestReceived):
                self.box.streams.send_response(asked.stream, OK, end=False)
                self.box.streams.send_data(asked.stream, PIECE[:1_000], end=True)
        self.carry()
        got = 0
        while (event := self.visitor.next_event()) is not None:
            if isinstance(event, DataReceived):
                got += len(event.data)
        while self.box.next_event() is not None:
            pass
        return got


@both_codecs
def test_download_sixteen_megabytes(benchmark: BenchmarkFixture, codec: Codec) -> None:
    ends = Ends(codec)
    assert benchmark(ends.download) == MEGABYTES * 1_048_576


@both_codecs
def test_a_hundred_small_exchanges(benchmark: BenchmarkFixture, codec: Codec) -> None:
    ends = Ends(codec)
    assert benchmark(ends.exchange) == 100_000
