"""Events of a session as the transcripts have them."""

from __future__ import annotations

from typing import Any

from tests.vectors.by_hand import DATA
from tests.vectors.transcript import sent

FULL = 16_376


def request_event(stream: int, *, end: bool, **head: Any) -> dict[str, Any]:
    value = {"method": "GET", "target": "/", "fields": [], "urgency": 3, **head}
    return {"kind": "request", "stream": stream, "head": value, "end": end}


def response_event(stream: int, *, end: bool, **head: Any) -> dict[str, Any]:
    value = {"status": 200, "fields": [], "error": "", **head}
    return {"kind": "response", "stream": stream, "head": value, "end": end}


def data_event(stream: int, data: str | list[list[Any]], *, end: bool = False) -> dict[str, Any]:
    return {"kind": "data", "stream": stream, "data": data, "end": end}


def closed(stream: int) -> dict[str, Any]:
    return {"kind": "closed", "stream": stream}


def credit(n: int) -> bytes:
    return n.to_bytes(4, "big")


def full(stream: int, times: int) -> list[list[dict[str, Any]]]:
    return [[sent(DATA, 0, stream, b"b" * FULL)]] * times
