"""Transcripts of requests and responses: bodies, credit, heads and trailers in parts."""

from __future__ import annotations

from tests.vectors.by_hand import (
    DATA,
    END,
    MORE,
    REQUEST,
    RESPONSE,
    TRAILERS,
    WINDOW,
    frame,
    packed,
    window,
)
from tests.vectors.session_events import (
    FULL,
    closed,
    credit,
    data_event,
    full,
    request_event,
    response_event,
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

EXCHANGES = [
    Transcript("a visitor asks and gets its response in one message", "visitor")
    .hello()
    .opens(1, end=True, fields=[["accept", "*/*"]], urgency=0)
    .open_streams(1)
    .sends([sent_request(1, END, h=[["accept", "*/*"]], u=0)])
    .events()
    .receives(response(1, h=[["content-length", "2"]]), frame(DATA, END, 1, b"hi"))
    .events(
        response_event(1, end=False, fields=[["content-length", "2"]]),
        data_event(1, "6869", end=True),
        closed(1),
    )
    .sends()
    .open_streams(0),
    Transcript("a box responds before the request has ended", "box")
    .hello()
    .receives(request(1, m="POST", p="/up", h=[["a", "\xe9"]], u=5), frame(DATA, 0, 1, b"ab"))
    .events(
        request_event(1, end=False, method="POST", target="/up", fields=[["a", "\xe9"]], urgency=5),
        data_event(1, "6162"),
    )
    .responds(1, end=False, status=201)
    .pushes(1, b"ok", end=True)
    .sends([sent_response(1, 0, s=201), sent(DATA, END, 1, b"ok")])
    .open_streams(1)
    .receives(frame(DATA, END, 1))
    .events(data_event(1, "", end=True), closed(1)),
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
            sent(DATA, 0, 1, b"b" * 16_261),
        ],
        *full(1, 3),
        [sent(DATA, 0, 1, b"b" * 147)],
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
    .sends(*full(1, 4), [sent(DATA, 0, 1, b"b" * 32)]),
    Transcript("a body waits for credit, and END needs none", "visitor")
    .hello()
    .opens(1, end=False)
    .sends([sent_request(1, 0)])
    .pushes(1, b"b" * 262_145, end=True)
    .sends(*full(1, 16), [sent(DATA, 0, 1, b"b" * 128)])
    .events({"kind": "writable", "stream": 1})
    .receives(window(1, 1))
    .sends([sent(DATA, END, 1, b"b")]),
    Transcript("an END alone goes without credit", "visitor")
    .hello()
    .opens(1, end=False)
    .sends([sent_request(1, 0)])
    .pushes(1, b"b" * 262_144)
    .sends(*full(1, 16), [sent(DATA, 0, 1, b"b" * 128)])
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
        response_event(1, end=False),
        data_event(1, [["64", 16_376]]),
        data_event(1, [["64", 16_376]]),
    )
    .does("consumed", stream=1, n=16_376)
    .sends()
    .does("consumed", stream=1, n=8)
    .sends([sent(WINDOW, 0, 1, credit(16_384))])
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
    .sends([sent(WINDOW, 0, 1, credit(131_072))])
    .body(1, 131_072)
    .does("drain_events")
    .does("consumed", stream=1, n=131_072, now=12)
    .sends([sent(WINDOW, 0, 1, credit(65_536))]),
    Transcript("heads come in parts", "box")
    .hello()
    .receives(frame(REQUEST, MORE, 1, packed({"m": "GET", "p": "/", "h": []})[:5]))
    .receives(frame(REQUEST, MORE, 1))
    .events()
    .receives(frame(REQUEST, END, 1, packed({"m": "GET", "p": "/", "h": []})[5:]))
    .events(request_event(1, end=True)),
    Transcript("parts of heads of two streams may alternate", "box")
    .hello()
    .receives(
        frame(REQUEST, MORE, 1, packed({"m": "GET", "p": "/", "h": []})[:5]),
        frame(REQUEST, MORE, 3, packed({"m": "PUT", "p": "/", "h": []})[:6]),
        frame(REQUEST, END, 1, packed({"m": "GET", "p": "/", "h": []})[5:]),
        frame(REQUEST, 0, 3, packed({"m": "PUT", "p": "/", "h": []})[6:]),
    )
    .events(request_event(1, end=True), request_event(3, end=False, method="PUT")),
    Transcript("END on a part that is not the last says nothing", "box")
    .hello()
    .receives(
        frame(REQUEST, MORE | END, 1, packed({"m": "PUT", "p": "/", "h": []})[:5]),
        frame(REQUEST, 0, 1, packed({"m": "PUT", "p": "/", "h": []})[5:]),
        frame(DATA, END, 1, b"x"),
    )
    .events(request_event(1, end=False, method="PUT"), data_event(1, "78", end=True)),
    Transcript("a large head goes in parts, and nothing else of its stream between them", "box")
    .hello()
    .receives(request(1, m="POST"), frame(DATA, 0, 1, b"u" * 16_000))
    .receives(frame(DATA, 0, 1, b"u" * 16_000))
    .receives(frame(DATA, 0, 1, b"u" * 16_000))
    .receives(frame(DATA, 0, 1, b"u" * 16_000))
    .receives(frame(DATA, 0, 1, b"u" * 1_536))
    .events(
        request_event(1, end=False, method="POST"),
        *[data_event(1, [["75", 16_000]])] * 4,
        data_event(1, [["75", 1_536]]),
    )
    .responds(1, end=True, fields=[["x", "v" * 20_000]])
    .does(
        "send_once",
        message=[
            sent(
                RESPONSE,
                MORE,
                1,
                packed({"s": 200, "h": [["x", "v" * 20_000]]})[:FULL],
            )
        ],
        now=0,
    )
    .does("consumed", stream=1, n=65_536)
    .sends(
        [
            sent(RESPONSE, END, 1, packed({"s": 200, "h": [["x", "v" * 20_000]]})[FULL:]),
            sent(WINDOW, 0, 1, credit(65_536)),
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
        response_event(1, end=False),
        data_event(1, "64"),
        {"kind": "trailers", "stream": 1, "fields": [["etag", "2"]]},
        closed(1),
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
        response_event(1, end=False),
        {"kind": "trailers", "stream": 1, "fields": [["etag", "2"]]},
        closed(1),
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
        response_event(1, end=False),
        {"kind": "trailers", "stream": 1, "fields": [["etag", "2"]]},
        closed(1),
    ),
    Transcript("the response to HEAD may end with an empty DATA", "visitor")
    .hello()
    .opens(1, end=True, method="HEAD")
    .sends([sent_request(1, END, m="HEAD")])
    .receives(response(1), frame(DATA, END, 1))
    .events(response_event(1, end=False), data_event(1, "", end=True), closed(1)),
]
