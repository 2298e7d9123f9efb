"""The live feed."""

from __future__ import annotations

import json

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient


async def first_event(response: ClientResponse) -> tuple[str, dict[str, float]]:
    fields = {}
    async for line in response.content:
        name, _, value = line.decode().strip().partition(": ")
        fields[name] = value
        if name == "data":
            return fields["id"], json.loads(value)
    raise AssertionError("the feed ended")


async def test_an_event_has_a_number_and_a_level(client: TestClient) -> None:
    async with client.get("/events") as response:
        number, event = await first_event(response)
    assert response.headers["content-type"] == "text/event-stream"
    assert (number, event["n"]) == ("1", 1)
    assert 0 <= event["level"] <= 1


async def test_a_reader_that_returns_goes_on_where_it_was(client: TestClient) -> None:
    async with client.get("/events", headers={"last-event-id": "41"}) as response:
        number, _ = await first_event(response)
    assert number == "42"


async def test_a_last_id_of_another_feed_begins_anew(client: TestClient) -> None:
    async with client.get("/events", headers={"last-event-id": "abc"}) as response:
        number, _ = await first_event(response)
    assert number == "1"
