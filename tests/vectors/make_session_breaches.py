"""Transcripts of peers that break the rules, and of what that ends: the stream or the session."""

from __future__ import annotations

from typing import Any

from tests.vectors.by_hand import (
    DATA,
    END,
    HELLO,
    MORE,
    REQUEST,
    RESET,
    RESPONSE,
    frame,
    packed,
    reset,
    window,
)
from tests.vectors.transcript import (
    BOX_HELLO,
    VISITOR_HELLO,
    Transcript,
    request,
    response,
    sent,
    sent_request,
    trailers,
)

_PROTOCOL = ("PROTOCOL", 1)
_HEAD = packed({"m": "GET", "p": "/", "h": []})


def _box(name: str) -> Transcript:
    return Transcript(name, "box").hello()


def _parts(transcript: Transcript, kind: int) -> Transcript:
    """A head of one byte more than there may be: 16 × 16,376 + 129."""
    for _ in range(16):
        transcript = transcript.receives(frame(kind, MORE, 1, b"h" * 16_376))
    return transcript.receives(frame(kind, MORE, 1, b"h" * 129))


def _asking(name: str) -> Transcript:
    """A visitor whose stream 1 waits for its response."""
    return Transcript(name, "visitor").hello().opens(1, end=True).sends([sent_request(1, END)])


def _refused(status: int, error: str) -> list[dict[str, Any]]:
    fields = [["content-type", "text/plain; charset=utf-8"], ["cache-control", "no-store"]]
    return [
        sent(RESPONSE, 0, 1, packed={"s": status, "h": fields, "e": error}),
        {"type": DATA, "flags": END, "stream": 1, "begins": ""},
    ]


def _stream_fault(transcript: Transcript, code: str, number: int) -> Transcript:
    """Stream 1 ends with a RESET of ours, and the session goes on."""
    return (
        transcript.events(
            {"kind": "reset", "stream": 1, "code": code}, {"kind": "closed", "stream": 1}
        )
        .sends([{"type": RESET, "flags": 0, "stream": 1, "begins": f"{number:04x}"}])
        .open_streams(0)
    )


BREACHES = [
    Transcript("a frame before HELLO", "visitor")
    .sends([Transcript("", "visitor").own_hello()])
    .receives(frame(7, 0, 0, b"12345678"))
    .fails(*_PROTOCOL),
    Transcript("an extension's frame before HELLO", "visitor")
    .sends([Transcript("", "visitor").own_hello()])
    .receives(frame(0x40, 0, 0))
    .fails(*_PROTOCOL),
    _asking("a second HELLO").receives(BOX_HELLO).fails(*_PROTOCOL),
    Transcript("two visitors", "visitor")
    .sends([Transcript("", "visitor").own_hello()])
    .receives(VISITOR_HELLO)
    .fails(*_PROTOCOL),
    Transcript("no common version", "visitor")
    .sends([Transcript("", "visitor").own_hello()])
    .receives(frame(HELLO, 0, 0, packed({"v": 3, "min": 2, "role": "box"})))
    .fails("VERSION", 10),
    Transcript("a failure before anything was sent still says HELLO first", "visitor")
    .receives(b"\0")
    .events({"kind": "failed", "code": "PROTOCOL"})
    .sends(
        [
            Transcript("", "visitor").own_hello(),
            {"type": 8, "flags": 0, "stream": 0, "begins": "000000000001"},
        ]
    ),
    _asking("nothing is read after a failure")
    .receives(b"\0")
    .fails(*_PROTOCOL)
    .receives(response(1, END))
    .events()
    .sends(),
    _box("a request on an even id").receives(request(2, END)).fails(*_PROTOCOL),
    _box("a request on an id that does not rise")
    .receives(request(5, END))
    .does("drain_events")
    .receives(request(3, END))
    .fails("PROTOCOL", 1, 5),
    _box("a second request on an open stream")
    .receives(request(1))
    .does("drain_events")
    .receives(request(1))
    .fails("PROTOCOL", 1, 1),
    _box("a response from a visitor")
    .receives(request(1))
    .does("drain_events")
    .receives(response(1, END))
    .fails("PROTOCOL", 1, 1),
    _asking("a request from a box").receives(request(3, END)).fails(*_PROTOCOL),
    _asking("a response to nothing").receives(response(3, END)).fails(*_PROTOCOL),
    _asking("a response on an even id").receives(response(2, END)).fails(*_PROTOCOL),
    Transcript("a response to a request that has not left", "visitor")
    .hello()
    .opens(1, end=True)
    .receives(response(1, END))
    .fails(*_PROTOCOL),
    _asking("data before the head").receives(frame(DATA, 0, 1, b"x")).fails(*_PROTOCOL),
    _asking("trailers before the head").receives(trailers(1)).fails(*_PROTOCOL),
    _asking("a second response")
    .receives(response(1))
    .does("drain_events")
    .receives(response(1))
    .fails(*_PROTOCOL),
    _box("data after END")
    .receives(request(1, END))
    .does("drain_events")
    .receives(frame(DATA, 0, 1, b"x"))
    .fails("PROTOCOL", 1, 1),
    _box("data on a stream that was never opened")
    .receives(frame(DATA, 0, 1, b"x"))
    .fails(*_PROTOCOL),
    _box("a reset of a stream that was never opened").receives(reset(1, 5)).fails(*_PROTOCOL),
    _box("credit for a stream that was never opened").receives(window(1, 1)).fails(*_PROTOCOL),
    _box("credit of nothing")
    .receives(request(1))
    .does("drain_events")
    .receives(window(1, 0))
    .fails("PROTOCOL", 1, 1),
    _box("data between the parts of a head")
    .receives(frame(REQUEST, MORE, 1, _HEAD[:5]), frame(DATA, 0, 1, b"x"))
    .fails("PROTOCOL", 1, 1),
    _box("credit between the parts of a head")
    .receives(frame(REQUEST, MORE, 1, _HEAD[:5]), window(1, 1))
    .fails("PROTOCOL", 1, 1),
    _box("after a reset no more parts of a refused head are awaited")
    .does("goaway", code="SHUTDOWN", reason="")
    .does("send_once", message=[{"type": 8, "flags": 0, "stream": 0, "begins": ""}], now=0)
    .receives(frame(REQUEST, MORE, 1, _HEAD[:5]), frame(REQUEST, MORE, 1, _HEAD[5:7]))
    .sends([{"type": RESET, "flags": 0, "stream": 1, "begins": "0004"}])
    .receives(reset(1, 5))
    .receives(frame(REQUEST, END, 1, _HEAD[7:]))
    .fails(*_PROTOCOL),
    _box("a reset between the parts of a head is in order")
    .receives(frame(REQUEST, MORE, 1, _HEAD[:5]), reset(1, 5), request(3, END))
    .events(
        {
            "kind": "request",
            "stream": 3,
            "head": {"method": "GET", "target": "/", "fields": [], "urgency": 3},
            "end": True,
        }
    )
    .open_streams(1),
    _asking("data between the parts of trailers")
    .receives(response(1))
    .does("drain_events")
    .receives(frame(4, MORE, 1, b"\x91"), frame(DATA, 0, 1, b"x"))
    .fails(*_PROTOCOL),
    _stream_fault(
        Transcript("more data than the credit", "visitor", visitor_window_bytes=65_536)
        .hello()
        .opens(1, end=True)
        .sends([sent_request(1, END)])
        .receives(response(1))
        .receives(*[frame(DATA, 0, 1, b"d" * 16_376)])
        .receives(*[frame(DATA, 0, 1, b"d" * 16_376)])
        .receives(*[frame(DATA, 0, 1, b"d" * 16_376)])
        .receives(*[frame(DATA, 0, 1, b"d" * 16_376)])
        .receives(frame(DATA, 0, 1, b"d" * 32))
        .does("drain_events")
        .receives(frame(DATA, END, 1, b"d")),
        "FLOW_CONTROL",
        3,
    ),
    _stream_fault(
        Transcript("credit above 2³¹−1 in all", "visitor")
        .hello()
        .opens(1, end=False)
        .sends([sent_request(1, 0)])
        .receives(window(1, 2**31 - 262_144)),
        "FLOW_CONTROL",
        3,
    ),
    _stream_fault(
        _asking("a response that is not a head").receives(frame(RESPONSE, END, 1, b"\xc1")),
        "PROTOCOL",
        1,
    ),
    _stream_fault(
        _parts(_asking("a response of 262,145 bytes"), RESPONSE),
        "HEAD_TOO_LARGE",
        9,
    ),
    _stream_fault(
        _asking("a response of 1,025 fields").receives(
            frame(RESPONSE, END, 1, packed({"s": 200, "h": [["a", "b"]] * 1_025}))
        ),
        "HEAD_TOO_LARGE",
        9,
    ),
    _stream_fault(
        _asking("trailers that are none")
        .receives(response(1))
        .does("drain_events")
        .receives(frame(4, 0, 1, b"\x80")),
        "PROTOCOL",
        1,
    ),
    _stream_fault(
        _asking("a body after 204")
        .receives(response(1, s=204))
        .does("drain_events")
        .receives(frame(DATA, END, 1, b"x")),
        "PROTOCOL",
        1,
    ),
    _box("a request that is not a head gets 400")
    .receives(frame(REQUEST, END, 1, b"\xc1"))
    .events()
    .sends(_refused(400, "bad-request"))
    .events()
    .open_streams(0),
    _box("a request in absolute form gets 400")
    .receives(request(1, END, p="http://169.254.169.254/"))
    .events()
    .sends(_refused(400, "bad-request"))
    .open_streams(0),
    _box("and the rest of its body is not wanted")
    .receives(request(1, p="nowhere"), frame(DATA, 0, 1, b"body"))
    .events()
    .sends(_refused(400, "bad-request"), [sent(RESET, 0, 1, b"\0\0")])
    .receives(frame(DATA, END, 1, b"late"))
    .events()
    .open_streams(0),
    _box("a request of 1,025 fields gets 431")
    .receives(request(1, END, h=[["a", "b"]] * 1_025))
    .events()
    .sends(_refused(431, "head-too-large"))
    .open_streams(0),
    _parts(_box("a request of 262,145 bytes gets 431, and its other parts are dropped"), REQUEST)
    .events()
    .sends(_refused(431, "head-too-large"), [sent(RESET, 0, 1, b"\0\0")])
    .receives(frame(REQUEST, MORE, 1, b"h" * 100))
    .receives(frame(REQUEST, END, 1, b"h" * 100))
    .events()
    .sends()
    .receives(request(1, END))
    .fails("PROTOCOL", 1, 1),
]
