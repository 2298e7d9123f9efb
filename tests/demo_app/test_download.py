"""The download: its bytes are known, and so is every range of them."""

from __future__ import annotations

import hashlib

import pytest
from aiohttp.test_utils import TestClient

from p2claw.demo_app.download import MIB, Span, UnsatisfiableError, noise, parse_range

SIZE = 2 * MIB


def whole() -> bytes:
    return b"".join(noise(Span(0, SIZE - 1)))


def test_no_two_mib_are_alike() -> None:
    assert whole()[:MIB] != whole()[MIB:]


@pytest.mark.parametrize("first, last", [(0, 0), (MIB - 3, MIB + 9), (300_000, SIZE - 1)])
def test_a_span_is_that_part_of_the_whole(first: int, last: int) -> None:
    assert b"".join(noise(Span(first, last))) == whole()[first : last + 1]


@pytest.mark.parametrize(
    "text, span",
    [
        ("bytes=0-99", Span(0, 99)),
        ("bytes=900-", Span(900, 999)),
        ("bytes=900-5000", Span(900, 999)),
        ("bytes=-10", Span(990, 999)),
        ("bytes=-5000", Span(0, 999)),
        ("bytes=9-3", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=1-2", None),
        (None, None),
    ],
)
def test_ranges_are_read_as_rfc_9110_defines(text: str | None, span: Span | None) -> None:
    assert parse_range(text, 1000) == span


@pytest.mark.parametrize("text", ["bytes=1000-", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_satisfied(text: str) -> None:
    with pytest.raises(UnsatisfiableError):
        parse_range(text, 1000)


async def test_the_hash_is_that_of_the_bytes(client: TestClient) -> None:
    facts = await (await client.get("/api/download?mb=3")).json()
    body = await (await client.get("/download?mb=3")).read()
    assert (len(body), hashlib.sha256(body).hexdigest()) == (facts["bytes"], facts["sha256"])


async def test_a_range_gets_206_and_its_place(client: TestClient) -> None:
    response = await client.get("/download?mb=2", headers={"range": "bytes=1048570-1048579"})
    assert response.status == 206
    assert response.headers["content-range"] == f"bytes 1048570-1048579/{SIZE}"
    assert await response.read() == whole()[1_048_570:1_048_580]


async def test_a_range_of_something_else_gives_the_whole(client: TestClient) -> None:
    headers = {"range": "bytes=0-9", "if-range": '"older"'}
    response = await client.get("/download?mb=1", headers=headers)
    assert (response.status, len(await response.read())) == (200, MIB)


async def test_a_range_behind_the_end_is_416(client: TestClient) -> None:
    response = await client.get("/download?mb=1", headers={"range": f"bytes={MIB}-"})
    assert (response.status, response.headers["content-range"]) == (416, f"bytes */{MIB}")


async def test_head_gets_the_length_and_nothing_else(client: TestClient) -> None:
    response = await client.head("/download?mb=7")
    assert (response.headers["content-length"], await response.read()) == (str(7 * MIB), b"")


@pytest.mark.parametrize("size", ["0", "-1", "many", "100001"])
async def test_a_size_out_of_bounds_is_400(client: TestClient, size: str) -> None:
    assert (await client.get(f"/download?mb={size}")).status == 400
