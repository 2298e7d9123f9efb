"""The table's judge of what may reach the edge lets a visit through, and nothing of an app."""

from __future__ import annotations

import json

import pytest

from tests.e2e.table.edge_requests import may
from tests.support.edge_log import Asked

OFFER = {"t": "offer", "sdp": "v=0\r\n"}
CANDIDATE = {"t": "candidate", "candidate": "", "mid": "0"}
VISIT = "/__p2claw/v1/visit?v=1&alias=purplecrab&app=dog"
NEXT = "/__p2claw/v1/visit/next"
START = "/page?first"


def _post(target: str, *messages: object, **more: object) -> Asked:
    return Asked("POST", target, "", json.dumps({"messages": messages, **more}).encode())


RIGHT = {
    "the document of the visit": Asked("GET", START, "", b""),
    "a file of ours": Asked("GET", "/__p2claw/app-1.js", "", b""),
    "the tab's icon": Asked("GET", "/favicon.ico", "", b""),
    "an offer": _post(VISIT, OFFER),
    "an offer that carries a session on": _post(VISIT, {**OFFER, "place": 4_711}),
    "candidates and the end": _post(NEXT, CANDIDATE, {"t": "end"}, session="s", wait=True),
}
WRONG = {
    "another document": Asked("GET", "/page?second", "", b""),
    "a cookie": Asked("GET", "/__p2claw/app-1.js", "Cookie: a=1\r\n", b""),
    "a body for a file of ours": Asked("POST", "/__p2claw/app-1.js", "", b"a"),
    "a body of no known length": Asked("POST", VISIT, "Transfer-Encoding: chunked\r\n", b""),
    "a body of the app": Asked("POST", VISIT, "", b'{"name": "crab"}'),
    "a message of no visit": _post(VISIT, {"t": "note", "text": "crab"}),
    "a message with more in it": _post(VISIT, {**OFFER, "note": "crab"}),
    "a post with more in it": _post(NEXT, CANDIDATE, session="s", note="crab"),
    "a cookie beside an offer": Asked("POST", VISIT, "Cookie: a=1\r\n", b'{"messages": []}'),
    "another way to ask": Asked("PUT", VISIT, "", b'{"messages": []}'),
}


@pytest.mark.parametrize("what", RIGHT)
def test_what_a_visit_needs_may_reach_the_edge(what: str) -> None:
    assert may(RIGHT[what], START)


@pytest.mark.parametrize("what", WRONG)
def test_anything_else_may_not(what: str) -> None:
    assert not may(WRONG[what], START)
