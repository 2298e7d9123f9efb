"""EventSource (HTML §9.2) and sendBeacon (Beacon)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.cases import Case, case
from tests.parity.upstream.plays import End, Pause, Play, chunked, closed, redirect, reply

STREAM = "text/event-stream"


def stream(text: str | bytes, *, kind: str = STREAM) -> Play:
    """Events on a connection that stays open."""
    data = text.encode() if isinstance(text, str) else text
    return (b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n\r\n" % kind.encode() + data, End.HANG)


def cases() -> Iterator[Case]:
    for name, (text, count) in STREAMS.items():
        yield case(f"events/parse/{name}", "events", stream(text), names=["own", "error", "open"], expect=count, wait=700)
    for name, play in RESPONSES.items():
        yield case(f"events/answer/{name}", "events", play, wait=900, sees=("count",))
    for name, kind in TYPES.items():
        yield case(f"events/type/{name}", "events", stream(f"data: x\n\n: {'pad ' * 500}\n", kind=kind), wait=700)
    first = (*closed(b"retry: 50\nid: 7\ndata: a\n\n", [("Content-Type", STREAM)]),)
    second = stream("data: b\n\n")
    yield case("events/again/after-end", "events", first, second, expect=2, sees=("count", "fields"), wait=3000)
    yield case("events/again/chunked", "events", chunked(b"retry: 50\ndata: a\n\n", fields=[("Content-Type", STREAM)]),
               second, expect=2, sees=("count", "fields"), wait=3000)  # fmt: skip
    yield case("events/again/id-umlaut", "events", closed("retry: 50\nid: ü7\ndata: a\n\n".encode(), [("Content-Type", STREAM)]),
               second, expect=2, sees=("count", "fields"), wait=3000)  # fmt: skip
    yield case("events/again/cut", "events", (first[0], End.RESET), second, expect=2, sees=("count",), wait=3000)
    yield case("events/again/then-204", "events", first, reply(204, kind=None), expect=9, sees=("count",), wait=3000)
    yield case("events/again/then-500", "events", first, reply(500), expect=9, sees=("count",), wait=3000)
    yield case("events/seen/plain", "events", stream("data: x\n\n"), sees=("lines", "fields"))
    yield case("events/seen/credentials", "events", stream("data: x\n\n"), credentials=True, sees=("lines", "fields"))
    slow = (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ", Pause(0.1), b"a\n", Pause(0.1), b"\ndata: b\n\n", End.HANG)
    yield case("events/parse/in-pieces", "events", slow, expect=2)
    for body in BODIES:
        yield case(f"events/beacon/{body}", "beacon", reply(204, kind=None), body=body, sees=("lines", "fields", "body"))
    yield case("events/beacon/nothing", "beacon", reply(204, kind=None), sees=("lines", "fields", "body"))
    for name, url in BAD.items():
        yield Case(f"events/beacon-address/{name}", "beacon", {"url": url, "body": "text", "wait": 10})
        yield Case(f"events/address/{name}", "events", {"url": url, "wait": 300})
    for status in (200, 301, 307, 404, 500):
        to = redirect(status, "/p/events/beacon/nothing") if status in (301, 307) else reply(status)
        yield case(f"events/beacon-answer/{status}", "beacon", to, body="text", sees=("lines", "body"))


BODIES = ("text", "params", "form", "buffer", "view", "blob", "typed", "empty", "null", "big100k", "stream", "number")

BAD = {"empty": "", "data": "data:,x", "blob": "blob:x", "bad": "http://", "ftp": "ftp://localhost/", "fragment": "/p/none#x"}

STREAMS = {
    "data": ("data: x\n\n", 1), "no-space": ("data:x\n\n", 1), "two-spaces": ("data:  x\n\n", 1), "tab": ("data:\tx\n\n", 1),
    "lines": ("data: a\ndata: b\n\n", 1), "empty": ("data\n\n", 1), "empty-colon": ("data:\n\n", 1), "two-empty": ("data\ndata\n\n", 1),
    "cr": ("data: a\rdata: b\r\r", 1), "crlf": ("data: a\r\ndata: b\r\n\r\n", 1), "mixed": ("data: a\r\ndata: b\n\rdata: c\n\n", 2),
    "comment": (": note\ndata: x\n: note\n\n", 1), "only-comment": (": note\n\n", 1), "event": ("event: own\ndata: x\n\n", 1),
    "event-empty": ("event:\ndata: x\n\n", 1), "event-twice": ("event: a\nevent: own\ndata: x\n\n", 1), "event-no-data": ("event: own\n\n", 1),
    "id": ("id: 5\ndata: x\n\ndata: y\n\n", 2), "id-empty": ("id: 5\ndata: x\n\nid\ndata: y\n\n", 2), "id-nul": ("id: a\0b\ndata: x\n\n", 1),
    "id-only": ("id: 9\n\ndata: x\n\n", 1), "retry": ("retry: 5000\ndata: x\n\n", 1), "retry-bad": ("retry: 5x\ndata: x\n\n", 1),
    "unknown": ("other: 1\ndata: x\n\n", 1), "colon-in-data": ("data: a:b: c\n\n", 1), "no-end": ("data: x\n", 1), "cut": ("data: x", 1),
    "bom": ("\ufeffdata: x\n\n", 1), "bom-later": ("data: a\n\n\ufeffdata: x\n\n", 2), "utf8": ("data: ü写🦀\n\n", 1),
    "bad-utf8": (b"data: \xff\xfe\n\n", 1), "nul": ("data: a\0b\n\n", 1), "long": ("data: " + "x" * 100_000 + "\n\n", 1),
    "many": ("".join(f"data: {n}\n\n" for n in range(200)), 200), "case": ("DATA: x\ndata: y\n\n", 1), "space-name": ("data : x\ndata: y\n\n", 1),
    "leading-space": (" data: x\ndata: y\n\n", 1), "named-error": ("event: error\ndata: x\n\n", 1), "named-open": ("event: open\ndata: x\n\n", 1),
    "named-message": ("event: message\ndata: x\n\n", 1),
}  # fmt: skip

TYPES = {"plain": "text/plain", "params": "text/event-stream; charset=utf-8", "latin": "text/event-stream; charset=latin1",
         "case": "Text/Event-Stream", "html": "text/html", "json": "application/json", "similar": "text/event-streams"}  # fmt: skip

RESPONSES = {f"status-{s}": reply(s, body="data: x\n\n", kind=STREAM) for s in (200, 201, 202, 205, 206, 300, 400, 401, 403, 404, 429, 500, 502, 503)}
RESPONSES |= {"204": reply(204, kind=STREAM), "reset": (End.RESET,), "close": (End.CLOSE,), "garbage": (b"GARBAGE\r\n\r\n", End.CLOSE)}
RESPONSES |= {f"redirect-{s}": redirect(s, "/p/events/parse/data") for s in (301, 302, 303, 307, 308)}
