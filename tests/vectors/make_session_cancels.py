"""Transcripts of requests that are cancelled, by a visitor or by the box."""

from __future__ import annotations

from tests.vectors.by_hand import (
    DATA,
    END,
    RESET,
    frame,
    reset,
    window,
)
from tests.vectors.session_events import (
    closed,
    data_event,
    request_event,
    response_event,
)
from tests.vectors.transcript import (
    Transcript,
    request,
    response,
    sent,
    sent_request,
    sent_response,
    trailers,
)

CANCELS = [
    Transcript("a visitor cancels, and what still comes is dropped", "visitor")
    .hello()
    .opens(1, end=True)
    .sends([sent_request(1, END)])
    .receives(response(1), frame(DATA, 0, 1, b"d"))
    .events(response_event(1, end=False), data_event(1, "64"))
    .does("reset", stream=1, code="CANCEL", reason="gone")
    .events(closed(1))
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
    .events(closed(1))
    .opens(3, end=True)
    .sends([sent_request(3, END)]),
    Transcript("the box's reset drops what was queued, and says why to who still writes", "visitor")
    .hello()
    .opens(1, end=False)
    .sends([sent_request(1, 0)])
    .pushes(1, b"b" * 300_000)
    .receives(reset(1, 6, "app died"))
    .events({"kind": "reset", "stream": 1, "code": "UPSTREAM", "reason": "app died"}, closed(1))
    .sends()
    .does("send_data", stream=1, data="00", end=True, raises="stream-reset", reset_code="UPSTREAM"),
    Transcript("a box that has responded wants no more of the request", "box")
    .hello()
    .receives(request(1, m="POST"), frame(DATA, 0, 1, b"u"))
    .events(request_event(1, end=False, method="POST"), data_event(1, "75"))
    .responds(1, end=False, status=413)
    .pushes(1, b"too much", end=True)
    .does("reset", stream=1, code="NO_ERROR", reason="")
    .receives(frame(DATA, 0, 1, b"u" * 100))
    .events()
    .sends(
        [sent_response(1, 0, s=413), sent(DATA, END, 1, b"too much")], [sent(RESET, 0, 1, b"\0\0")]
    )
    .events(closed(1))
    .receives(frame(DATA, END, 1, b"u"))
    .events()
    .open_streams(0),
    Transcript("a visitor's NO_ERROR is a reset like any other", "visitor")
    .hello()
    .opens(1, end=False, method="POST")
    .sends([sent_request(1, 0, m="POST")])
    .pushes(1, b"u" * 300_000, end=True)
    .does("reset", stream=1, code="NO_ERROR", reason="")
    .events(closed(1))
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
        response_event(1, end=True, status=413),
        {"kind": "reset", "stream": 1, "code": "NO_ERROR", "reason": ""},
        closed(1),
    )
    .open_streams(0),
]
