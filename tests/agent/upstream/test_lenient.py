"""An app's response that browsers read is read, however little it follows RFC 9112."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2claw.agent.request_faults import AppBrokenFault
from p2claw.agent.upstream.lenient import may_begin_head, read_head
from p2claw.errors import StreamResetError
from tests.agent.upstream.lax_responses import UNUSUAL, USUAL, WIRES
from tests.support.proxied import proxied
from tests.support.upstreams import Handler, Talk, upstream_of


def sending(wire: bytes, step: int) -> Handler:
    """Responds so to one request, and closes."""

    async def handler(talk: Talk) -> None:
        await talk.head()
        for start in range(0, len(wire), step):
            await talk.send(wire[start : start + step])

    return handler


@pytest.mark.parametrize("step", [1000, 7])
@pytest.mark.parametrize("name", WIRES)
async def test_it_is_shown_as_chromium_shows_it(name: str, step: int, tmp_path: Path) -> None:
    right = UNUSUAL.get(name, USUAL)
    async with (
        upstream_of(sending(WIRES[name], step)) as upstream,
        proxied(upstream.url, tmp_path) as box,
    ):
        try:
            response = await box.ask("GET")
        except StreamResetError:
            shown = None
        else:
            head = response.head
            shown = (head.status, head.reason, dict(head.fields).get("x"), response.body)
            shown = None if response.error else shown
    assert shown == right


@pytest.mark.parametrize("begun", [b"", b"\r\n", b"H", b"\nhttp", b"HTTP/1.1 200"])
def test_what_may_become_a_head_is_waited_for(begun: bytes) -> None:
    assert may_begin_head(begun)


@pytest.mark.parametrize("begun", [b"S", b"\x16\x03", b"220 ", b"HTML", b"<html>"])
def test_what_cannot_become_a_head_is_not_waited_for(begun: bytes) -> None:
    assert not may_begin_head(begun)


def test_a_length_is_passed_on_once() -> None:
    head = read_head(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\ncontent-length: 2\r\n\r\n")
    assert (head.fields, head.length) == ((("content-length", "2"),), 2)


def test_two_lengths_are_refused() -> None:
    with pytest.raises(AppBrokenFault):
        read_head(b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\n")
