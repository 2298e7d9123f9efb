"""Builds one transcript: what a session is given, and what it must emit and send, step by step."""

from __future__ import annotations

from typing import Any

from tests.vectors.by_hand import (
    DATA,
    HELLO,
    REQUEST,
    RESPONSE,
    TRAILERS,
    frame,
    notation,
    packed,
)

BOX_HELLO = frame(
    HELLO, 0, 0, packed({"v": 1, "role": "box", "sw": "b/1", "window": 262_144, "streams": 128})
)
VISITOR_HELLO = frame(
    HELLO, 0, 0, packed({"v": 1, "role": "visitor", "app": "dog", "window": 1_048_576})
)
_BOX_MEANS = {
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
}
_VISITOR_MEANS = {
    "role": "visitor",
    "app": "dog",
    "version": 1,
    "oldest": 1,
    "software": "",
    "window_bytes": 1_048_576,
    "streams": 16,
    "extensions": [],
    "token": "",
    "received": 0,
    "place": None,
}


def sent(
    type: int, flags: int, stream: int, payload: bytes = b"", **meaning: Any
) -> dict[str, Any]:
    """A frame that must be sent: its payload, or `packed`, the msgpack value that it must hold."""
    head = {"type": type, "flags": flags, "stream": stream}
    return {**head, **meaning} if meaning else {**head, "payload": notation(payload)}


def sent_request(stream: int, flags: int, **head: Any) -> dict[str, Any]:
    return sent(REQUEST, flags, stream, packed={"m": "GET", "p": "/", "h": [], **head})


def sent_response(stream: int, flags: int, **head: Any) -> dict[str, Any]:
    return sent(RESPONSE, flags, stream, packed={"s": 200, "h": [], **head})


def request(stream: int, flags: int = 0, **head: Any) -> bytes:
    return frame(REQUEST, flags, stream, packed({"m": "GET", "p": "/", "h": [], **head}))


def response(stream: int, flags: int = 0, **head: Any) -> bytes:
    return frame(RESPONSE, flags, stream, packed({"s": 200, "h": [], **head}))


def trailers(stream: int, *fields: tuple[str, str]) -> bytes:
    return frame(TRAILERS, 0, stream, packed([list(field) for field in fields]))


class Transcript:
    """One session, from its making to the last thing that is expected of it."""

    def __init__(self, name: str, role: str, *, token: bytes = b"", **limits: int) -> None:
        self.name = name
        self.role = role
        self._token = token
        self._limits = limits
        self._steps: list[dict[str, Any]] = []

    def json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "role": self.role,
            "app": "dog" if self.role == "visitor" else None,
            "software": "t/1",
            "token": self._token.hex(),
            "limits": self._limits,
            "steps": self._steps,
        }

    def hello(self) -> Transcript:
        """Both sides send HELLO."""
        self.sends([self.own_hello()])
        self.receives(BOX_HELLO if self.role == "visitor" else VISITOR_HELLO)
        means = _BOX_MEANS if self.role == "visitor" else _VISITOR_MEANS
        return self.events({"kind": "hello", "hello": means})

    def own_hello(self) -> dict[str, Any]:
        visitor = self.role == "visitor"
        value: dict[str, Any] = {"v": 1, "min": 1, "role": self.role}
        if visitor:
            value["app"] = "dog"
        value["sw"] = "t/1"
        limit = "visitor_window_bytes" if visitor else "box_window_bytes"
        value["window"] = self._limits.get(limit, 1_048_576 if visitor else 262_144)
        value["streams"] = 16 if visitor else self._limits.get("streams", 128)
        # A box resumes `resume` in sessions that have a token.
        resumes = self.role == "visitor" or self._token
        value["ext"] = ["websocket", "resume", "wide"] if resumes else ["websocket", "wide"]
        if self._token:
            # As bytes: JSON has none, and the players compare it so.
            value["token"] = {"hex": self._token.hex()}
        return sent(HELLO, 0, 0, packed=value)

    def receives(self, *frames: bytes, now: float = 0) -> Transcript:
        """One message comes."""
        return self.does("receive", message=notation(b"".join(frames)), now=now)

    def body(self, stream: int, size: int) -> Transcript:
        """So many body bytes come, in as few messages as hold them."""
        for at in range(0, size, 16_376):
            self.receives(frame(DATA, 0, stream, b"d" * min(16_376, size - at)))
        return self

    def does(self, what: str, **arguments: Any) -> Transcript:
        """A method is called; `returns` or `raises` give its result."""
        self._steps.append({"do": what, **arguments})
        return self

    def opens(self, stream: int, *, end: bool, **head: Any) -> Transcript:
        """A visitor opens a request."""
        value = {"method": "GET", "target": "/", "fields": [], "urgency": 3, **head}
        return self.does("open_request", head=value, end=end, returns=stream)

    def responds(self, stream: int, *, end: bool, **head: Any) -> Transcript:
        """A box responds."""
        value = {"status": 200, "fields": [], "error": "", **head}
        return self.does("send_response", stream=stream, head=value, end=end)

    def pushes(self, stream: int, data: bytes, *, end: bool = False) -> Transcript:
        """Body bytes are queued."""
        return self.does("send_data", stream=stream, data=notation(data), end=end)

    def events(self, *events: dict[str, Any]) -> Transcript:
        """These events come, in this order, and no other."""
        self._steps.append({"expect": "events", "events": list(events)})
        return self

    def sends(self, *messages: list[dict[str, Any]], now: float = 0) -> Transcript:
        """These messages go, and then none."""
        self._steps.append({"expect": "sends", "now": now, "messages": list(messages)})
        return self

    def sends_without_room(self, *messages: list[dict[str, Any]], now: float) -> Transcript:
        """These go though the channel is full, and then none."""
        step = {"expect": "sends", "now": now, "room": False, "messages": list(messages)}
        self._steps.append(step)
        return self

    def timeout_at(self, at: float | None) -> Transcript:
        """next_timeout says so."""
        self._steps.append({"expect": "timeout", "at": at})
        return self

    def open_streams(self, count: int) -> Transcript:
        """So many streams are open."""
        self._steps.append({"expect": "open_streams", "count": count})
        return self

    def fails(self, code: str, number: int, last_stream: int = 0, *, now: float = 0) -> Transcript:
        """The session fails: one event, a GOAWAY, and silence."""
        self.events({"kind": "failed", "code": code})
        payload = last_stream.to_bytes(4, "big") + number.to_bytes(2, "big")
        goaway = {"type": 8, "flags": 0, "stream": 0, "begins": payload.hex()}
        return self.sends([goaway], now=now).timeout_at(None).open_streams(0)
