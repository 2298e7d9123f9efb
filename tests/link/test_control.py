"""The control connection against real WebSocket servers: reconnecting, waiting, noticing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from aiohttp import WSMsgType, web

from p2claw.link.backoff import SOON_CAP_S, Backoff
from p2claw.link.control import (
    CLOCK_SKEW,
    CLOCK_SKEW_SPREAD_S,
    ControlConnection,
    ControlLostError,
    ControlSocket,
    ControlState,
)
from p2claw.link.set_clock import clock_was_set
from tests.support.sockets import until

DEADLINE_S = 10

OnSocket = Callable[[web.WebSocketResponse], Awaitable[None]]


@contextlib.asynccontextmanager
async def coordinator(on_socket: OnSocket) -> AsyncIterator[str]:
    """A WebSocket server that treats each connection so; its URL."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(heartbeat=None)
        await socket.prepare(request)
        await on_socket(socket)
        return socket

    app = web.Application()
    app.router.add_get("/agent", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"ws://agent.localhost:{port}/agent"
    finally:
        await runner.cleanup()


@dataclass
class Agent:
    """Serves as configured, and notes what became of it. delays_s: every wait between two tries."""

    url: str
    serve: Callable[[ControlSocket], Awaitable[None]]
    delays_s: list[float] = field(default_factory=list)
    waits: int = 3
    clock_set: Callable[[], Awaitable[None]] = clock_was_set

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[ControlConnection]:
        enough = asyncio.Event()

        async def sleep(delay_s: float) -> None:
            self.delays_s.append(delay_s)
            if len(self.delays_s) >= self.waits:
                enough.set()
                await asyncio.Event().wait()

        control = ControlConnection(
            self.url,
            self.serve,
            backoff=Backoff(draw=lambda: 1.0),
            sleep=sleep,
            clock_set=self.clock_set,
        )
        task = asyncio.create_task(control.run())
        try:
            yield control
            await asyncio.wait_for(enough.wait(), DEADLINE_S)
        finally:
            task.cancel()
            await asyncio.wait([task])


async def _receive(socket: ControlSocket) -> None:
    while True:
        await socket.receive(timeout_s=DEADLINE_S)


async def test_a_coordinator_that_is_gone_is_tried_again_ever_more_slowly() -> None:
    agent = Agent("ws://127.0.0.1:1/agent", _receive, waits=4)
    async with agent.running():
        pass
    assert agent.delays_s == [0.5, 1, 2, 4]


async def test_messages_pass_both_ways() -> None:
    received: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def echo(socket: web.WebSocketResponse) -> None:
        async for message in socket:
            await socket.send_bytes(message.data)

    async def serve(socket: ControlSocket) -> None:
        await socket.send(b"hello")
        received.set_result(await socket.receive(timeout_s=DEADLINE_S))

    async with coordinator(echo) as url:
        agent = Agent(url, serve, waits=1)
        async with agent.running():
            assert await asyncio.wait_for(received, DEADLINE_S) == b"hello"


async def test_the_wait_begins_anew_once_the_coordinator_accepted() -> None:
    async def close(socket: web.WebSocketResponse) -> None:
        await socket.close(code=1001)

    async def serve(socket: ControlSocket) -> None:
        socket.settled()
        await _receive(socket)

    async with coordinator(close) as url:
        agent = Agent(url, serve)
        async with agent.running():
            pass
    assert agent.delays_s == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("code", "least_s"), [(4001, 60), (4003, 60), (4009, 60), (4010, 60), (4011, 60)]
)
async def test_a_refusal_that_will_not_change_is_not_tried_soon(code: int, least_s: int) -> None:
    async def refuse(socket: web.WebSocketResponse) -> None:
        await socket.close(code=code)

    async with coordinator(refuse) as url:
        agent = Agent(url, _receive, waits=1)
        async with agent.running():
            pass
    assert agent.delays_s == [least_s + 0.5]


async def refuse_for_the_clock(socket: web.WebSocketResponse) -> None:
    await socket.close(code=CLOCK_SKEW)


async def test_a_box_is_back_soon_after_the_clock_of_its_coordinator_was_set() -> None:
    """However often it was refused, and however long the coordinator was away before."""
    failures = 9

    async def away(socket: ControlSocket) -> None:
        if len(agent.delays_s) < failures:
            raise ControlLostError("away")
        await _receive(socket)

    async with coordinator(refuse_for_the_clock) as url:
        agent = Agent(url, away, waits=failures + 6)
        async with agent.running():
            pass
    assert agent.delays_s[failures - 1] == SOON_CAP_S
    assert agent.delays_s[failures:] == [8.0 + CLOCK_SKEW_SPREAD_S] * 6


async def test_a_box_whose_own_clock_is_set_tries_again_at_once() -> None:
    waits: asyncio.Queue[float] = asyncio.Queue()
    clock_set = asyncio.Event()

    async def wait_for_ever(delay_s: float) -> None:
        waits.put_nowait(delay_s)
        await asyncio.Event().wait()

    async with coordinator(refuse_for_the_clock) as url:
        control = ControlConnection(url, _receive, sleep=wait_for_ever, clock_set=clock_set.wait)
        async with _running(control):
            await asyncio.wait_for(waits.get(), DEADLINE_S)
            await asyncio.sleep(0.05)
            assert waits.empty()
            clock_set.set()
            await asyncio.wait_for(waits.get(), DEADLINE_S)


async def test_a_box_that_was_not_refused_for_its_clock_does_not_look_at_it() -> None:
    async def fail() -> None:
        raise AssertionError("it looks")

    agent = Agent("ws://127.0.0.1:1/agent", _receive, waits=2, clock_set=fail)
    async with agent.running():
        pass
    assert agent.delays_s == [0.5, 1]


async def test_a_coordinator_that_sends_nothing_is_given_up() -> None:
    async def be_silent(socket: web.WebSocketResponse) -> None:
        await socket.receive()

    async def serve(socket: ControlSocket) -> None:
        await socket.receive(timeout_s=0.01)

    async with coordinator(be_silent) as url:
        agent = Agent(url, serve, waits=1)
        async with agent.running() as control:
            pass
    assert "sent nothing" in control.last_error


async def test_a_connection_that_is_dead_is_noticed_by_pings() -> None:
    async def play_dead(socket: web.WebSocketResponse) -> None:
        await asyncio.Event().wait()

    lost = asyncio.Event()

    async def serve(socket: ControlSocket) -> None:
        try:
            await socket.receive()
        except ControlLostError:
            lost.set()
            raise

    async with coordinator(play_dead) as url:
        control = ControlConnection(url, serve, keepalive_s=0.05)
        task = asyncio.create_task(control.run())
        await asyncio.wait_for(lost.wait(), DEADLINE_S)
        task.cancel()
        await asyncio.wait([task])


async def test_a_connection_that_breaks_while_it_is_doubted_is_renewed_without_a_wait() -> None:
    """Once: after that the coordinator is the one that fails, and tries are spread."""
    doubted = asyncio.Event()

    async def break_off(socket: web.WebSocketResponse) -> None:
        await doubted.wait()
        await socket.close(code=1001)

    serves = 0

    async def serve(socket: ControlSocket) -> None:
        nonlocal serves
        serves += 1
        if serves == 1:
            control.doubt()
            await asyncio.sleep(0)
            doubted.set()
        await _receive(socket)

    async with coordinator(break_off) as url:
        agent = Agent(url, serve, waits=2)
        async with agent.running() as control:
            pass
    assert (serves, agent.delays_s) == (3, [0.5, 1])


async def test_text_is_not_what_a_coordinator_sends() -> None:
    async def send_text(socket: web.WebSocketResponse) -> None:
        await socket.send_str("hello")
        await socket.receive()

    async with coordinator(send_text) as url:
        agent = Agent(url, _receive, waits=1)
        async with agent.running() as control:
            pass
    assert "text where binary belongs" in control.last_error


async def test_the_state_shows_where_it_stands() -> None:
    states: list[ControlState] = []

    async def wait(socket: web.WebSocketResponse) -> None:
        await socket.close(code=1001)

    async def serve(socket: ControlSocket) -> None:
        states.append(control.state)
        socket.settled()
        states.append(control.state)
        await _receive(socket)

    async with coordinator(wait) as url:
        agent = Agent(url, serve, waits=1)
        async with agent.running() as control:
            pass
    states.append(control.state)
    assert states == [ControlState.CONNECTING, ControlState.ONLINE, ControlState.OFFLINE]


async def test_how_long_it_is_offline_is_counted_from_the_first_try_that_failed() -> None:
    agent = Agent("ws://127.0.0.1:1/agent", _receive, waits=4)
    async with agent.running() as control:
        began_s = control.state_since_s
    assert len(agent.delays_s) == 4
    assert (control.state, control.state_since_s) == (ControlState.OFFLINE, began_s)


async def test_stopping_sends_goodbye() -> None:
    codes: asyncio.Queue[int | None] = asyncio.Queue()

    async def listen(socket: web.WebSocketResponse) -> None:
        message = await socket.receive()
        assert message.type is WSMsgType.CLOSE
        codes.put_nowait(socket.close_code)

    serving = asyncio.Event()

    async def serve(socket: ControlSocket) -> None:
        serving.set()
        await _receive(socket)

    async with coordinator(listen) as url:
        task = asyncio.create_task(ControlConnection(url, serve).run())
        await asyncio.wait_for(serving.wait(), DEADLINE_S)
        task.cancel()
        assert await asyncio.wait_for(codes.get(), DEADLINE_S) == 1001
        await asyncio.wait([task])


@contextlib.asynccontextmanager
async def _running(control: ControlConnection) -> AsyncIterator[None]:
    task = asyncio.create_task(control.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_connection_whose_address_is_gone_is_left_for_another_at_once(
    goes_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that is left is dead: the coordinator gets no goodbye and sends none."""
    came: asyncio.Queue[None] = asyncio.Queue()

    async def play_dead(socket: web.WebSocketResponse) -> None:
        came.put_nowait(None)
        await asyncio.Event().wait()

    async def no_wait(delay_s: float) -> None:
        raise AssertionError(f"it waits {delay_s} s")

    monkeypatch.setattr(ControlSocket, "still_leads_there", lambda self: goes_on)
    async with coordinator(play_dead) as url:
        control = ControlConnection(url, _receive, sleep=no_wait)
        async with _running(control):
            await asyncio.wait_for(came.get(), DEADLINE_S)
            await until(lambda: control._socket is not None)
            control.addresses_changed()
            if goes_on:
                await asyncio.sleep(0.1)
                assert came.empty()
            else:
                await asyncio.wait_for(came.get(), DEADLINE_S)


async def test_a_way_to_the_coordinator_that_is_as_before_is_recognised() -> None:
    leads: list[bool] = []

    async def wait(socket: web.WebSocketResponse) -> None:
        await socket.receive()

    async def serve(socket: ControlSocket) -> None:
        leads.append(socket.still_leads_there())
        await _receive(socket)

    async with coordinator(wait) as url, _running(ControlConnection(url, serve)):
        await until(lambda: leads == [True])


async def test_changed_addresses_end_the_wait_between_two_tries() -> None:
    waits: asyncio.Queue[float] = asyncio.Queue()

    async def wait_for_ever(delay_s: float) -> None:
        waits.put_nowait(delay_s)
        await asyncio.Event().wait()

    control = ControlConnection(
        "ws://127.0.0.1:1/agent", _receive, sleep=wait_for_ever, backoff=Backoff(draw=lambda: 1.0)
    )
    async with _running(control):
        for _ in range(3):
            await asyncio.wait_for(waits.get(), DEADLINE_S)
            control.addresses_changed()
        await asyncio.wait_for(waits.get(), DEADLINE_S)


@contextlib.asynccontextmanager
async def refusing(retry_after: str) -> AsyncIterator[str]:
    """A server that has no room, and says when to come again; its URL."""

    async def handle(request: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": retry_after})

    app = web.Application()
    app.router.add_get("/agent", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"ws://127.0.0.1:{runner.addresses[0][1]}/agent"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("said", "least_s"), [("7", 7), ("3600", 60), ("soon", 0)])
async def test_a_box_comes_when_the_coordinator_has_told_it_to(said: str, least_s: int) -> None:
    async with refusing(said) as url:
        agent = Agent(url, _receive, waits=2)
        async with agent.running():
            pass
    assert agent.delays_s == [least_s + 0.5, least_s + 1]


async def test_changed_addresses_do_not_bring_a_box_before_its_time() -> None:
    async with refusing("7") as url:
        agent = Agent(url, _receive, waits=1)
        async with agent.running() as control:
            await until(lambda: bool(agent.delays_s))
            control.addresses_changed()
            await asyncio.sleep(0.1)
            assert control.state is ControlState.OFFLINE
    assert agent.delays_s == [7.5]
