"""Transcripts of requests and responses: bodies, credit, heads in parts, cancelling, turns."""

from __future__ import annotations

from typing import Any

from tests.vectors.by_hand import (
    DATA,
    END,
    MORE,
    REQUEST,
    RESET,
    RESPONSE,
    TRAILERS,
    WINDOW,
    frame,
    packed,
    reset,
    window,
)
from tests.vectors.transcript import (
    BOX_HELLO,
    Transcript,
    request,
    response,
    sent,
    sent_request,
    sent_response,
    trailers,
)

_FULL = 16_376


def _request_event(stream: int, *, end: bool, **head: Any) -> dict[str, Any]:
    value = {"method": "GET", "target": "/", "fields": [], "urgency": 3, **head}
    return {"kind": "request", "stream": stream, "head": value, "end": end}


def _response_event(stream: int, *, end: bool, **head: Any) -> dict[str, Any]:
    value = {"status": 200, "fields": [], "error": "", **head}
    return {"kind": "response", "stream": stream, "head": value, "end": end}


def _data_event(stream: int, data: str | list[list[Any]], *, end: bool = False) -> dict[str, Any]:
    return {"kind": "data", "stream": stream, "data": data, "end": end}


def _closed(stream: int) -> dict[str, Any]:
    return {"kind": "closed", "stream": stream}


def _credit(n: int) -> bytes:
    return n.to_bytes(4, "big")


def _full(stream: int, times: int) -> list[list[dict[str, Any]]]:
    return [[sent(DATA, 0, stream, b"b" * _FULL)]] * times


EXCHANGES = [
    Transcript("a visitor asks and gets its response in one message", "visitor")
    .hello()
    .opens(1, end=True, fields=[["accept", "*/*"]], urgency=0)
    .open_streams(1)
    .sends([sent_request(1, END, h=[["accept", "*/*"]], u=0)])
    .events()
    .receives(response(1, h=[["content-length", "2"]]), frame(DATA, END, 1, b"hi"))
    .events(
        _response_event(1, end=False, fields=[["content-length", "2"]]),
        _data_event(1, "6869", end=True),
        _closed(1),
    )
    .sends()
    .open_streams(0),
    Transcript("a box responds before the request has ended", "box")
    .hello()
    .receives(request(1, m="POST", p="/up", h=[["a", "\xe9"]], u=5), frame(DATA, 0, 1, b"ab"))
    .events(
        _request_event(
            1, end=False, method="POST", target="/up", fields=[["a", "\xe9"]], urgency=5
        ),
        _data_event(1, "6162"),
    )
    .responds(1, end=False, status=201)
    .pushes(1, b"ok", end=True)
    .sends([sent_response(1, 0, s=201), sent(DATA, END, 1, b"ok")])
    .open_streams(1)
    .receives(frame(DATA, END, 1))
    .events(_data_event(1, "", end=True), _closed(1)),
    Transcript("ids rise by two, and many requests share a message", "visitor")
    .hello()
    .opens(1, end=True)
    .opens(3, end=False)
    .opens(5, end=True)
    .pushes(3, b"x", end=True)
    .sends(
        [
            sent_request(1, END),
            sent_request(3, 0),
            sent_request(5, END),
            sent(DATA, END, 3, b"x"),
        ]
    ),
    Transcript("a visitor may ask before the box has sent anything", "visitor")
    .opens(1, end=False)
    .pushes(1, b"b" * 131_072)
    .sends(
        [
            Transcript("", "visitor").own_hello(),
            sent_request(1, 0),
            sent(DATA, 0, 1, b"b" * 16_266),
        ],
        *_full(1, 3),
        [sent(DATA, 0, 1, b"b" * 142)],
    )
    .receives(BOX_HELLO)
    .events(
        {
            "kind": "hello",
            "hello": {
                "role": "box",
                "app": "",
                "version": 1,
                "oldest": 1,
                "software": "b/1",
                "window_bytes": 262_144,
                "streams": 128,
                "extensions": [],
                "token": "",
                "received": 0,
                "place": None,
            },
        }
    )
    .sends(*_full(1, 4), [sent(DATA, 0, 1, b"b" * 32)]),
    Transcript("a body waits for credit, and END needs none", "visitor")
    .hello()
    .opens(1, end=False)
    .sends([sent_request(1, 0)])
    .pushes(1, b"b" * 262_145, end=True)
    .sends(*_full(1, 16), [sent(DATA, 0, 1, b"b" * 128)])
    .events({"kind": "writable", "stream": 1})
    .receives(window(1, 1))
    .sends([sent(DATA, END, 1, b"b")]),
    Transcript("an END alone goes without credit", "visitor")
    .hello()
    .opens(1, end=False)
    .sends([sent_request(1, 0)])
    .pushes(1, b"b" * 262_144)
    .sends(*_full(1, 16), [sent(DATA, 0, 1, b"b" * 128)])
    .pushes(1, b"", end=True)
    .sends([sent(DATA, END, 1)]),
    Transcript(
        "credit is granted in quarters of the window", "visitor", visitor_window_bytes=65_536
    )
    .hello()
    .opens(1, end=True)
    .sends([sent_request(1, END)])
    .receives(response(1))
    .receives(frame(DATA, 0, 1, b"d" * 16_376))
    .receives(frame(DATA, 0, 1, b"d" * 16_376))
    .events(
        _response_event(1, end=False),
        _data_event(1, [["64", 16_376]]),
        _data_event(1, [["64", 16_376]]),
    )
    .does("consumed", stream=1, n=16_376)
    .sends()
    .does("consumed", stream=1, n=8)
    .sends([sent(WINDOW, 0, 1, _credit(16_384))])
    .does("consumed", stream=1, n=16_368)
    .sends(),
    Transcript(
        "no credit is granted for a body that has ended", "visitor", visitor_window_bytes=65_536
    )
    .hello()
    .opens(1, end=False)
    .sends([sent_request(1, 0)])
    .receives(response(1))
    .receives(frame(DATA, 0, 1, b"d" * 16_376))
    .receives(frame(DATA, END, 1, b"d" * 16_376))
    .does("consumed", stream=1, n=32_752)
    .sends(),
    Transcript(
        "a window doubles if read at once, and halves if read slowly",
        "visitor",
        visitor_window_bytes=65_536,
    )
    .hello()
    .opens(1, end=False)
    .sends([sent_request(1, 0)])
    .receives(response(1))
    .body(1, 65_536)
    .does("drain_events")
    .does("consumed", stream=1, n=16_376, now=1)
    .sends()
    .does("consumed", stream=1, n=49_160, now=1.05)
    .sends([sent(WINDOW, 0, 1, _credit(131_072))])
    .body(1, 131_072)
    .does("drain_events")
    .does("consumed", stream=1, n=131_072, now=12)
    .sends([sent(WINDOW, 0, 1, _credit(65_536))]),
    Transcript("heads come in parts", "box")
    .hello()
    .receives(frame(REQUEST, MORE, 1, packed({"m": "GET", "p": "/", "h": []})[:5]))
    .receives(frame(REQUEST, MORE, 1))
    .events()
    .receives(frame(REQUEST, END, 1, packed({"m": "GET", "p": "/", "h": []})[5:]))
    .events(_request_event(1, end=True)),
    Transcript("parts of heads of two streams may alternate", "box")
    .hello()
    .receives(
        frame(REQUEST, MORE, 1, packed({"m": "GET", "p": "/", "h": []})[:5]),
        frame(REQUEST, MORE, 3, packed({"m": "PUT", "p": "/", "h": []})[:6]),
        frame(REQUEST, END, 1, packed({"m": "GET", "p": "/", "h": []})[5:]),
        frame(REQUEST, 0, 3, packed({"m": "PUT", "p": "/", "h": []})[6:]),
    )
    .events(_request_event(1, end=True), _request_event(3, end=False, method="PUT")),
    Transcript("END on a part that is not the last says nothing", "box")
    .hello()
    .receives(
        frame(REQUEST, MORE | END, 1, packed({"m": "PUT", "p": "/", "h": []})[:5]),
        frame(REQUEST, 0, 1, packed({"m": "PUT", "p": "/", "h": []})[5:]),
        frame(DATA, END, 1, b"x"),
    )
    .events(_request_event(1, end=False, method="PUT"), _data_event(1, "78", end=True)),
    Transcript("a large head goes in parts, and nothing else of its stream between them", "box")
    .hello()
    .receives(request(1, m="POST"), frame(DATA, 0, 1, b"u" * 16_000))
    .receives(frame(DATA, 0, 1, b"u" * 16_000))
    .receives(frame(DATA, 0, 1, b"u" * 16_000))
    .receives(frame(DATA, 0, 1, b"u" * 16_000))
    .receives(frame(DATA, 0, 1, b"u" * 1_536))
    .events(
        _request_event(1, end=False, method="POST"),
        *[_data_event(1, [["75", 16_000]])] * 4,
        _data_event(1, [["75", 1_536]]),
    )
    .responds(1, end=True, fields=[["x", "v" * 20_000]])
    .does(
        "send_once",
        message=[
            sent(
                RESPONSE,
                MORE,
                1,
                packed({"s": 200, "h": [["x", "v" * 20_000]]})[:_FULL],
            )
        ],
        now=0,
    )
    .does("consumed", stream=1, n=65_536)
    .sends(
        [
            sent(RESPONSE, END, 1, packed({"s": 200, "h": [["x", "v" * 20_000]]})[_FULL:]),
            sent(WINDOW, 0, 1, _credit(65_536)),
        ]
    ),
    Transcript("credit up to 2³¹−1 in all is taken", "visitor")
    .hello()
    .opens(1, end=False)
    .sends([sent_request(1, 0)])
    .receives(window(1, 2**31 - 1 - 262_144))
    .events()
    .sends(),
    Transcript("credit for a request that has ended is ignored", "visitor")
    .hello()
    .opens(1, end=True)
    .sends([sent_request(1, END)])
    .receives(window(1, 2**31 - 1))
    .events()
    .sends(),
    Transcript("trailers end a body", "visitor")
    .hello()
    .opens(1, end=False, method="POST")
    .does("send_trailers", stream=1, fields=[["x-sum", "1"]])
    .sends([sent_request(1, 0, m="POST"), sent(TRAILERS, 0, 1, packed=[["x-sum", "1"]])])
    .receives(response(1), frame(DATA, 0, 1, b"d"), trailers(1, ("etag", "2")))
    .events(
        _response_event(1, end=False),
        _data_event(1, "64"),
        {"kind": "trailers", "stream": 1, "fields": [["etag", "2"]]},
        _closed(1),
    ),
    Transcript("trailers come in parts", "visitor")
    .hello()
    .opens(1, end=True)
    .sends([sent_request(1, END)])
    .receives(
        response(1),
        frame(TRAILERS, MORE, 1, packed([["etag", "2"]])[:3]),
        frame(TRAILERS, 0, 1, packed([["etag", "2"]])[3:]),
    )
    .events(
        _response_event(1, end=False),
        {"kind": "trailers", "stream": 1, "fields": [["etag", "2"]]},
        _closed(1),
    ),
    Transcript("head and trailers both come in parts", "visitor")
    .hello()
    .opens(1, end=True)
    .sends([sent_request(1, END)])
    .receives(
        frame(RESPONSE, MORE, 1, packed({"s": 200, "h": []})[:3]),
        frame(RESPONSE, 0, 1, packed({"s": 200, "h": []})[3:]),
        frame(TRAILERS, MORE, 1, packed([["etag", "2"]])[:3]),
        frame(TRAILERS, 0, 1, packed([["etag", "2"]])[3:]),
    )
    .events(
        _response_event(1, end=False),
        {"kind": "trailers", "stream": 1, "fields": [["etag", "2"]]},
        _closed(1),
    ),
    Transcript("the response to HEAD may end with an empty DATA", "visitor")
    .hello()
    .opens(1, end=True, method="HEAD")
    .sends([sent_request(1, END, m="HEAD")])
    .receives(response(1), frame(DATA, END, 1))
    .events(_response_event(1, end=False), _data_event(1, "", end=True), _closed(1)),
    Transcript("a visitor cancels, and what still comes is dropped", "visitor")
    .hello()
    .opens(1, end=True)
    .sends([sent_request(1, END)])
    .receives(response(1), frame(DATA, 0, 1, b"d"))
    .events(_response_event(1, end=False), _data_event(1, "64"))
    .does("reset", stream=1, code="CANCEL", reason="gone")
    .events(_closed(1))
    .does("reset", stream=1, code="CANCEL", reason="again")
    .sends([sent(RESET, 0, 1, b"\0\x05gone")])
    .receives(frame(DATA, END, 1, b"late"), window(1, 5), reset(1, 0), trailers(1))
    .receives(response(1))
    .events()
    .sends()
    .open_streams(0),
    Transcript("a request that has not left is cancelled without a word", "visitor")
    .hello()
    .opens(1, end=True)
    .does("reset", stream=1, code="CANCEL", reason="")
    .events(_closed(1))
    .opens(3, end=True)
    .sends([sent_request(3, END)]),
    Transcript("the box's reset drops what was queued, and says why to who still writes", "visitor")
    .hello()
    .opens(1, end=False)
    .sends([sent_request(1, 0)])
    .pushes(1, b"b" * 300_000)
    .receives(reset(1, 6, "app died"))
    .events({"kind": "reset", "stream": 1, "code": "UPSTREAM", "reason": "app died"}, _closed(1))
    .sends()
    .does("send_data", stream=1, data="00", end=True, raises="stream-reset", reset_code="UPSTREAM"),
    Transcript("a box that has responded wants no more of the request", "box")
    .hello()
    .receives(request(1, m="POST"), frame(DATA, 0, 1, b"u"))
    .events(_request_event(1, end=False, method="POST"), _data_event(1, "75"))
    .responds(1, end=False, status=413)
    .pushes(1, b"too much", end=True)
    .does("reset", stream=1, code="NO_ERROR", reason="")
    .receives(frame(DATA, 0, 1, b"u" * 100))
    .events()
    .sends(
        [sent_response(1, 0, s=413), sent(DATA, END, 1, b"too much")], [sent(RESET, 0, 1, b"\0\0")]
    )
    .events(_closed(1))
    .receives(frame(DATA, END, 1, b"u"))
    .events()
    .open_streams(0),
    Transcript("a visitor's NO_ERROR is a reset like any other", "visitor")
    .hello()
    .opens(1, end=False, method="POST")
    .sends([sent_request(1, 0, m="POST")])
    .pushes(1, b"u" * 300_000, end=True)
    .does("reset", stream=1, code="NO_ERROR", reason="")
    .events(_closed(1))
    .sends([sent(RESET, 0, 1, b"\0\0")])
    .receives(response(1, END))
    .events(),
    Transcript("what nobody wants is not given new credit", "box", box_window_bytes=65_536)
    .hello()
    .receives(request(1, m="POST"), frame(DATA, 0, 1, b"u" * 16_000))
    .receives(frame(DATA, 0, 1, b"u" * 16_000))
    .does("drain_events")
    .responds(1, end=False, status=413)
    .pushes(1, b"too much", end=True)
    .does("reset", stream=1, code="NO_ERROR", reason="")
    .does("consumed", stream=1, n=32_000)
    .sends(
        [sent_response(1, 0, s=413), sent(DATA, END, 1, b"too much")],
        [sent(RESET, 0, 1, b"\0\0")],
    ),
    Transcript("a visitor stops sending at NO_ERROR and keeps the response", "visitor")
    .hello()
    .opens(1, end=False, method="POST")
    .sends([sent_request(1, 0, m="POST")])
    .receives(response(1, END, s=413), reset(1, 0))
    .events(
        _response_event(1, end=True, status=413),
        {"kind": "reset", "stream": 1, "code": "NO_ERROR", "reason": ""},
        _closed(1),
    )
    .open_streams(0),
    Transcript("heads go before bodies, resets and credit before both", "box")
    .hello()
    .receives(request(1, END), request(3, END), request(5, m="PUT"))
    .receives(frame(DATA, 0, 5, b"u" * 16_000))
    .does("drain_events")
    .responds(1, end=False)
    .pushes(1, b"b" * 20_000)
    .sends(
        [sent_response(1, 0), sent(DATA, 0, 1, b"b" * 16_360)],
        [sent(DATA, 0, 1, b"b" * 3_640)],
    )
    .pushes(1, b"c" * 10)
    .responds(3, end=True, status=204)
    .does("reset", stream=5, code="INTERNAL", reason="")
    .sends(
        [
            sent(RESET, 0, 5, b"\0\x02"),
            sent_response(3, END, s=204),
            sent(DATA, 0, 1, b"c" * 10),
        ]
    ),
    Transcript("a small response overtakes a large one", "box")
    .hello()
    .receives(request(1, END), request(3, END))
    .does("drain_events")
    .responds(1, end=False)
    .pushes(1, b"b" * 90_000)
    .does("send_once", message=[sent_response(1, 0), sent(DATA, 0, 1, b"b" * 16_360)], now=0)
    .does("send_once", message=[sent(DATA, 0, 1, b"b" * _FULL)], now=0)
    .does("send_once", message=[sent(DATA, 0, 1, b"b" * _FULL)], now=0)
    .does("send_once", message=[sent(DATA, 0, 1, b"b" * _FULL)], now=0)
    .does("send_once", message=[sent(DATA, 0, 1, b"b" * _FULL)], now=0)
    .responds(3, end=False)
    .pushes(3, b"s" * 1_000, end=True)
    .does("drain_events")
    .sends(
        [
            sent_response(3, 0),
            sent(DATA, END, 3, b"s" * 1_000),
            sent(DATA, 0, 1, b"b" * 8_136),
        ]
    )
    .events(_closed(3)),
]
