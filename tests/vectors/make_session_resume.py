"""Transcripts of docs/WIRE.md §15: what is acknowledged, kept, and sent again on another link."""

from __future__ import annotations

from typing import Any

from tests.vectors.by_hand import END, HELLO, WINDOW, frame, packed
from tests.vectors.transcript import Transcript, request, sent, sent_request

RECEIVED, RESUMED = 0x40, 0x41
_TOKEN = b"crab"
_BOX_HELLO = frame(
    HELLO, 0, 0, packed({"v": 1, "role": "box", "ext": ["resume"], "token": _TOKEN, "place": 2})
)
_VISITOR_HELLO = frame(
    HELLO, 0, 0, packed({"v": 1, "role": "visitor", "app": "dog", "ext": ["resume"]})
)


def _means(role: str, **more: Any) -> dict[str, Any]:
    hello = {
        "role": role,
        "app": "dog" if role == "visitor" else "",
        "version": 1,
        "oldest": 1,
        "software": "",
        "window_bytes": 65_536,
        "streams": 16,
        "extensions": ["resume"],
        "token": "",
        "received": 0,
        "place": None,
        **more,
    }
    return {"kind": "hello", "hello": hello}


def _count(count: int) -> bytes:
    return count.to_bytes(8, "big")


def _visitor(name: str) -> Transcript:
    """One that has asked: two messages sent, one come."""
    means = _means("box", token=_TOKEN.hex(), place=2)
    begun = Transcript(name, "visitor").receives(_BOX_HELLO).events(means)
    begun.sends([begun.own_hello()])
    return begun.opens(1, end=True).sends([sent_request(1, END)])


def _box(name: str) -> Transcript:
    """One that is asked: one message sent, two come."""
    begun = Transcript(name, "box", token=_TOKEN).receives(_VISITOR_HELLO)
    begun.events(_means("visitor")).sends([begun.own_hello()])
    return begun.receives(request(1, END), now=0.1).does("drain_events")


RESUME = [
    _visitor("what has come is acknowledged 200 ms after the first of it")
    .timeout_at(0.2)
    .does("timeout", now=0.2)
    .sends([sent(RECEIVED, 0, 0, _count(1))], now=0.2)
    .timeout_at(20),
    _box("one acknowledgement is for all that has come")
    .receives(frame(WINDOW, 0, 1, b"\0\0\0\1"), now=0.15)
    .does("timeout", now=0.2)
    .sends([sent(RECEIVED, 0, 0, _count(3))], now=0.2),
    _visitor("what is due goes though the channel is full, and nothing else does")
    .opens(3, end=True)
    .sends_without_room(now=0.1)
    .does("timeout", now=0.2)
    .sends_without_room([sent(RECEIVED, 0, 0, _count(1))], now=0.2)
    .timeout_at(20)
    .sends([sent_request(3, END)], now=0.2),
    _visitor("what is not acknowledged is sent again, and in order")
    .receives(frame(RECEIVED, 0, 0, _count(1)))
    .opens(3, end=True)
    .sends([sent_request(3, END)])
    .does("resume", received=1, now=1)
    .opens(5, end=True)
    .sends([sent_request(1, END)], [sent_request(3, END)], [sent_request(5, END)], now=1),
    _visitor("what the other side has is not sent again")
    .does("resume", received=2, now=1)
    .sends(now=1),
    _visitor("nothing is acknowledged again on the other link")
    .does("resume", received=0, now=1)
    .timeout_at(21),
    _visitor("a count of more than was sent ends the session")
    .receives(frame(RECEIVED, 0, 0, _count(3)))
    .fails("PROTOCOL", 1),
    _visitor("so does one that goes back")
    .receives(frame(RECEIVED, 0, 0, _count(2)))
    .receives(frame(RECEIVED, 0, 0, _count(1)))
    .fails("PROTOCOL", 1),
    _visitor("and one that cannot be on another link")
    .does("resume", received=3, now=0)
    .fails("PROTOCOL", 1),
    _visitor("a count of seven bytes")
    .receives(frame(RECEIVED, 0, 0, bytes(7)))
    .fails("PROTOCOL", 1),
    _visitor("an acknowledgement that is not alone")
    .receives(frame(RECEIVED, 0, 0, _count(1)), frame(RECEIVED, 0, 0, _count(1)))
    .fails("PROTOCOL", 1),
    Transcript("an acknowledgement that was not agreed on is ignored", "visitor")
    .hello()
    .receives(frame(RECEIVED, 0, 0, _count(9)))
    .events(),
]
