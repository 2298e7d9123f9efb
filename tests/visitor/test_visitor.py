"""A visitor opens an app's URL at a real coordinator and talks to a box."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from p2claw.errors import LinkError, RefusedError, StreamResetError, UsageError
from p2claw.link.stream import BoxStream
from p2claw.visitor import PinStore, Visitor, list_apps
from p2claw.visitor.pins import Pin
from p2claw.wire.frames.codes import Code
from p2claw.wire.frames.heads import ResponseHead
from tests.support.server import RunningServer, running_server
from tests.visitor.minimal_box import MinimalBox, minimal_box

TEXT = (("content-type", "text/plain"),)


async def app(stream: BoxStream) -> None:
    """What the box's one app does, by path."""
    match stream.request.target:
        case "/echo":
            await stream.respond(ResponseHead(200, stream.request.fields))
            while piece := await stream.read():
                await stream.write(piece)
            await stream.write(b"", end=True)
        case "/broken":
            await stream.respond(ResponseHead(200, TEXT))
            await stream.write(b"half")
            await asyncio.sleep(0.05)
            stream.reset(Code.UPSTREAM, "the app broke off")
        case "/down":
            await stream.respond(ResponseHead(502, TEXT, "app-down"))
            await stream.write(b"nothing listens", end=True)
        case "/silent":
            await asyncio.Event().wait()
        case _:
            await stream.respond(ResponseHead(200, TEXT))
            await stream.write(b"woof", end=True)


@pytest.fixture
async def box(server: RunningServer) -> AsyncIterator[MinimalBox]:
    async with minimal_box(app, port=server.port) as running:
        yield running


def url_of(server: RunningServer, box: MinimalBox, label: str = "dog-{alias}") -> str:
    assert box.registered is not None
    return f"http://{server.host(label.format(alias=box.registered.alias))}/"


async def test_a_url_is_fetched(server: RunningServer, box: MinimalBox) -> None:
    async with await Visitor.open(url_of(server, box)) as visitor:
        response = await visitor.request("GET", "/")
        assert (response.status, response.field("Content-Type")) == (200, "text/plain")
        assert await response.body() == b"woof"


async def test_an_edge_can_be_named(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path, parent="boxes.example") as server,
        minimal_box(app, port=server.port) as box,
        await Visitor.open(url_of(server, box), edge=server.url) as visitor,
    ):
        assert await (await visitor.request("GET", "/")).body() == b"woof"


async def test_bodies_stream_both_ways(server: RunningServer, box: MinimalBox) -> None:
    body = random.Random(11).randbytes(2_000_000)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    async with await Visitor.open(url_of(server, box)) as visitor:
        response = await visitor.request("POST", "/echo", body=pieces())
        digest = hashlib.sha256()
        async for piece in response:
            digest.update(piece)
        assert digest.digest() == hashlib.sha256(body).digest()


async def test_a_whole_body_declares_its_length(server: RunningServer, box: MinimalBox) -> None:
    async with await Visitor.open(url_of(server, box)) as visitor:
        response = await visitor.request("POST", "/echo", body=b"12345")
        assert response.field("content-length") == "5"
        assert await response.body() == b"12345"


async def test_a_body_above_the_limit_is_not_read(server: RunningServer, box: MinimalBox) -> None:
    async with await Visitor.open(url_of(server, box)) as visitor:
        response = await visitor.request("POST", "/echo", body=bytes(100_000))
        with pytest.raises(UsageError) as caught:
            await response.body(limit_bytes=50_000)
        assert caught.value.code == "body-too-large"


async def test_a_fault_of_the_callers_body_is_the_callers(
    server: RunningServer, box: MinimalBox
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise ZeroDivisionError

    async with await Visitor.open(url_of(server, box)) as visitor:
        with pytest.raises(ZeroDivisionError):
            await (await visitor.request("POST", "/echo", body=pieces())).body()


async def test_an_app_that_breaks_off_differs_from_an_end(
    server: RunningServer, box: MinimalBox
) -> None:
    async with await Visitor.open(url_of(server, box)) as visitor:
        response = await visitor.request("GET", "/broken")
        with pytest.raises(StreamResetError):
            await response.body()


async def test_a_response_of_the_box_itself_is_marked(
    server: RunningServer, box: MinimalBox
) -> None:
    async with await Visitor.open(url_of(server, box)) as visitor:
        response = await visitor.request("GET", "/down")
        assert (response.status, response.error) == (502, "app-down")


async def test_an_app_that_never_responds_meets_a_deadline(
    server: RunningServer, box: MinimalBox
) -> None:
    async with await Visitor.open(url_of(server, box)) as visitor:
        with pytest.raises(LinkError) as caught:
            await visitor.request("GET", "/silent", timeout_s=0.05)
        assert caught.value.code == "response-timeout"


async def test_a_box_that_drains_is_visited_again(server: RunningServer, box: MinimalBox) -> None:
    async with await Visitor.open(url_of(server, box)) as visitor:
        await (await visitor.request("GET", "/")).body()
        await box.pumps[0].drain(timeout_s=5)
        assert await (await visitor.request("GET", "/")).body() == b"woof"
        assert len(box.pumps) == 2


async def test_a_request_that_was_refused_is_sent_again(
    server: RunningServer, box: MinimalBox
) -> None:
    async with await Visitor.open(url_of(server, box)) as visitor:
        await (await visitor.request("GET", "/")).body()
        draining = asyncio.create_task(box.pumps[0].drain(timeout_s=5))
        response = await visitor.request("GET", "/")
        assert await response.body() == b"woof"
        await draining


async def test_links_outlive_the_coordinator(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as coordinator:
        server = await coordinator.enter_async_context(running_server(tmp_path))
        async with (
            minimal_box(app, port=server.port) as box,
            await Visitor.open(url_of(server, box)) as visitor,
        ):
            await coordinator.aclose()
            assert await (await visitor.request("GET", "/")).body() == b"woof"


async def test_the_first_visit_is_remembered(
    server: RunningServer, box: MinimalBox, tmp_path: Path
) -> None:
    pins = PinStore(tmp_path / "known_boxes.json")
    async with await Visitor.open(url_of(server, box), pins=pins):
        pass
    assert box.registered is not None
    assert pins.get(server.host(f"dog-{box.registered.alias}")) == Pin(box.peer_id)


async def test_another_key_than_at_the_first_visit_is_refused(
    server: RunningServer, box: MinimalBox, tmp_path: Path
) -> None:
    pins = PinStore(tmp_path / "known_boxes.json")
    assert box.registered is not None
    pins.add(server.host(f"dog-{box.registered.alias}"), "a" * 52)
    with pytest.raises(LinkError) as caught:
        await Visitor.open(url_of(server, box), pins=pins)
    assert caught.value.code == "wrong-key"


async def test_the_key_that_the_url_names_must_be_the_boxs(
    server: RunningServer, box: MinimalBox
) -> None:
    async with await Visitor.open(f"{url_of(server, box)}#k={box.peer_id}"):
        pass
    with pytest.raises(LinkError) as caught:
        await Visitor.open(f"{url_of(server, box)}#k={'a' * 52}")
    assert caught.value.code == "wrong-key"


async def test_a_key_alias_proves_itself(server: RunningServer, box: MinimalBox) -> None:
    assert box.registered is not None
    url = f"http://{server.host(f'dog-{box.registered.key_alias}')}/"
    async with await Visitor.open(url) as visitor:
        assert visitor.peer_id == box.peer_id


async def test_an_answer_that_the_box_did_not_sign_is_refused(
    server: RunningServer, box: MinimalBox
) -> None:
    box.sign = lambda purpose, payload: bytes(64)  # type: ignore[method-assign]
    with pytest.raises(LinkError) as caught:
        await Visitor.open(url_of(server, box))
    assert caught.value.code == "wrong-key"


@pytest.mark.parametrize(
    ("label", "code"), [("dog-nobody", "alias-unknown"), ("cat-{alias}", "app-unknown")]
)
async def test_a_refusal_names_which(
    server: RunningServer, box: MinimalBox, label: str, code: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        await Visitor.open(url_of(server, box, label))
    assert caught.value.code == code


async def test_a_url_without_an_app_lists_the_apps(server: RunningServer, box: MinimalBox) -> None:
    url = url_of(server, box, "{alias}")
    with pytest.raises(UsageError) as caught:
        await Visitor.open(url)
    assert caught.value.code == "app-missing"
    assert (await list_apps(url)).apps == ("dog",)


async def test_no_edge_at_all_is_named_as_such() -> None:
    with pytest.raises(LinkError) as caught:
        await Visitor.open("http://dog-crab.localhost:1/")
    assert caught.value.code == "edge-unreachable"
