"""Transcripts of what is about the session as a whole: PING, silence, GOAWAY, extensions."""

from __future__ import annotations

from tests.vectors.by_hand import ACK, END, GOAWAY, PING, RESET, frame, goaway, notation
from tests.vectors.transcript import Transcript, request, response, sent, sent_request

_EIGHT = b"\xf0\x9f\x90\x95four"

UPKEEP = [
    Transcript("a ping is acknowledged ahead of everything else", "box")
    .hello()
    .receives(request(1, END))
    .does("drain_events")
    .does("reset", stream=1, code="INTERNAL", reason="")
    .does("drain_events")
    .receives(frame(PING, 0, 0, _EIGHT))
    .events()
    .sends([sent(PING, ACK, 0, _EIGHT), sent(RESET, 0, 1, b"\0\x02")]),
    Transcript("but HELLO stays the first frame", "visitor")
    .receives(
        frame(0, 0, 0, bytes.fromhex("82a17601a4726f6c65a3626f78")),
        frame(PING, 0, 0, _EIGHT),
    )
    .sends([Transcript("", "visitor").own_hello(), sent(PING, ACK, 0, _EIGHT)]),
    Transcript("of eleven pings in ten seconds ten are acknowledged", "box")
    .hello()
    .receives(*[frame(PING, 0, 0, _EIGHT)] * 11, now=1)
    .sends([sent(PING, ACK, 0, _EIGHT)] * 10, now=1)
    .receives(frame(PING, 0, 0, _EIGHT), now=11)
    .sends([sent(PING, ACK, 0, _EIGHT)], now=11),
    Transcript("silence brings a ping, and its acknowledgement ends the silence", "visitor")
    .hello()
    .timeout_at(20)
    .does("timeout", now=19.5)
    .sends(now=19.5)
    .does("timeout", now=20)
    .sends([{"type": PING, "flags": 0, "stream": 0, "save": "ping"}], now=20)
    .timeout_at(45)
    .does("receive", message={"type": PING, "flags": ACK, "stream": 0, "saved": "ping"}, now=20.5)
    .events({"kind": "pong", "rtt_s": 0.5})
    .timeout_at(40.5),
    Transcript("an acknowledgement of no ping means nothing", "visitor")
    .hello()
    .receives(frame(PING, ACK, 0, _EIGHT))
    .events()
    .sends(),
    Transcript("after 45 s without a frame the link is lost", "visitor")
    .hello()
    .opens(1, end=True)
    .sends([sent_request(1, END)])
    .does("timeout", now=20)
    .sends([{"type": PING, "flags": 0, "stream": 0, "save": "ping"}], now=20)
    .does("timeout", now=44.9)
    .events()
    .does("timeout", now=45)
    .fails("TIMEOUT", 7, now=45),
    Transcript("who wakes a minute late asks before it gives the link up", "visitor")
    .hello()
    .does("timeout", now=80)
    .sends([{"type": PING, "flags": 0, "stream": 0, "save": "ping"}], now=80)
    .timeout_at(105)
    .does("timeout", now=105)
    .fails("TIMEOUT", 7, now=105),
    Transcript("who stood still while it waited for the reply asks again", "visitor")
    .hello()
    .does("timeout", now=20)
    .sends([{"type": PING, "flags": 0, "stream": 0, "save": "ping"}], now=20)
    .does("timeout", now=90)
    .sends([{"type": PING, "flags": 0, "stream": 0, "save": "another"}], now=90)
    .does("receive", message={"type": PING, "flags": ACK, "stream": 0, "saved": "another"}, now=91)
    .events({"kind": "pong", "rtt_s": 1.0})
    .timeout_at(111),
    Transcript("a box that goes away finishes what it has and refuses the rest", "box")
    .hello()
    .receives(request(1, END))
    .does("drain_events")
    .does("goaway", code="SHUTDOWN", reason="restarting")
    .sends([sent(GOAWAY, 0, 0, b"\0\0\0\x01\0\x0crestarting")])
    .receives(request(3, END))
    .events()
    .sends([{"type": RESET, "flags": 0, "stream": 3, "begins": "0004"}])
    .responds(1, end=True)
    .sends([sent(2, END, 1, packed={"s": 200, "h": []})])
    .events({"kind": "closed", "stream": 1})
    .open_streams(0),
    Transcript("a second GOAWAY covers no more than the first", "box")
    .hello()
    .receives(request(1, END))
    .does("drain_events")
    .does("goaway", code="NO_ERROR", reason="")
    .receives(request(3, END))
    .does("goaway", code="SHUTDOWN", reason="")
    .sends(
        [
            sent(GOAWAY, 0, 0, b"\0\0\0\x01\0\0"),
            {"type": RESET, "flags": 0, "stream": 3, "begins": "0004"},
            sent(GOAWAY, 0, 0, b"\0\0\0\x01\0\x0c"),
        ]
    ),
    Transcript("a visitor keeps the streams that GOAWAY covers, and loses the others", "visitor")
    .hello()
    .opens(1, end=True)
    .opens(3, end=True)
    .opens(5, end=True)
    .sends([sent_request(1, END), sent_request(3, END), sent_request(5, END)])
    .receives(goaway(3, 12, "restarting"))
    .events(
        {"kind": "goaway", "last_stream": 3, "code": "SHUTDOWN", "reason": "restarting"},
        {"kind": "reset", "stream": 5, "code": "REFUSED"},
        {"kind": "closed", "stream": 5},
    )
    .open_streams(2)
    .does(
        "open_request",
        head={"method": "GET", "target": "/", "fields": [], "urgency": 3},
        end=True,
        raises="goaway",
    )
    .receives(response(1, END))
    .does("drain_events")
    .receives(goaway(1, 12))
    .events(
        {"kind": "goaway", "last_stream": 1, "code": "SHUTDOWN", "reason": ""},
        {"kind": "reset", "stream": 3, "code": "REFUSED"},
        {"kind": "closed", "stream": 3},
    )
    .sends(),
    Transcript("frames of unknown extensions are ignored", "visitor")
    .hello()
    .receives(frame(0x40, 0, 0, b"a"), frame(0xFF, 0xFF, 77, b"b"), frame(0x80, 0, 2))
    .events()
    .sends(),
    Transcript("a visitor opens no more than the box allows", "visitor")
    .sends([Transcript("", "visitor").own_hello()])
    .receives(frame(0, 0, 0, bytes.fromhex("82a17601a4726f6c65a3626f78")))
    .does("open_many", count=16)
    .does(
        "open_request",
        head={"method": "GET", "target": "/", "fields": [], "urgency": 3},
        end=True,
        raises="streams-exhausted",
    )
    .does("reset", stream=1, code="CANCEL", reason="")
    .opens(33, end=True),
    Transcript("a box refuses more streams than it allows", "box", streams=16)
    .hello()
    .receives(*[request(id, END) for id in range(1, 33, 2)])
    .does("drain_events")
    .open_streams(16)
    .receives(request(33, 0), frame(3, END, 33, b"late"))
    .events()
    .sends([{"type": RESET, "flags": 0, "stream": 33, "begins": "0004"}])
    .open_streams(16),
    Transcript("the reason of a goaway is cut at 256 bytes", "box")
    .hello()
    .does("goaway", code="SHUTDOWN", reason="r" * 300)
    .sends(
        [
            {
                "type": GOAWAY,
                "flags": 0,
                "stream": 0,
                "payload": notation(b"\0\0\0\0\0\x0c" + b"r" * 256),
            }
        ]
    ),
]
