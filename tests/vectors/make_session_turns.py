"""Transcripts of whose turn it is to send."""

from __future__ import annotations

from tests.vectors.by_hand import (
    DATA,
    END,
    RESET,
    frame,
)
from tests.vectors.session_events import (
    FULL,
    closed,
)
from tests.vectors.transcript import (
    Transcript,
    request,
    sent,
    sent_response,
)

TURNS = [
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
    .does("send_once", message=[sent(DATA, 0, 1, b"b" * FULL)], now=0)
    .does("send_once", message=[sent(DATA, 0, 1, b"b" * FULL)], now=0)
    .does("send_once", message=[sent(DATA, 0, 1, b"b" * FULL)], now=0)
    .does("send_once", message=[sent(DATA, 0, 1, b"b" * FULL)], now=0)
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
    .events(closed(3)),
]
