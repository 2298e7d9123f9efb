"""How many requests wait for an upstream at once, and whose goes next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest

from p2claw.agent.request_faults import BoxBusyFault
from p2claw.agent.upstream import gate as gate_module
from p2claw.agent.upstream.gate import FIRST, LEAST, Gate, Ticket
from p2claw.config import UpstreamLimits
from tests.support.upstreams import until

MANY = int(FIRST)


def gate(**limits: float) -> Gate:
    return Gate("app", UpstreamLimits(**limits))  # type: ignore[arg-type]


async def fill(full: Gate, owner: object = "a") -> list[Ticket]:
    return [await full.enter(owner, "town", 3) for _ in range(MANY)]


async def soon(awaitable: Awaitable[Ticket]) -> Ticket:
    return await asyncio.wait_for(awaitable, 5)


async def waiting(
    full: Gate, owner: object, urgency: int = 3, network: str = "town"
) -> asyncio.Task[Ticket]:
    task = asyncio.create_task(full.enter(owner, network, urgency))
    await asyncio.sleep(0)
    return task


async def test_as_many_as_a_browser_opens_go_at_once_and_the_next_waits() -> None:
    full = gate()
    tickets = await fill(full)
    late = await waiting(full, "a")
    assert not late.done()
    full.leave(tickets[0])
    await soon(late)


async def test_a_responses_head_makes_room_before_its_body_has_come() -> None:
    full = gate()
    tickets = await fill(full)
    late = await waiting(full, "a")
    full.responded(tickets[0])
    await soon(late)


async def test_more_are_let_in_as_responses_come() -> None:
    full = gate()
    tickets = await fill(full)
    late = [await waiting(full, "a") for _ in range(3 * MANY)]
    for ticket in tickets:
        full.responded(ticket)
    await asyncio.sleep(0)
    assert sum(task.done() for task in late) > MANY
    assert full.limit > FIRST
    for task in late:
        task.cancel()


async def test_fewer_are_let_in_after_a_slow_dial_and_nothing_grows_for_a_while() -> None:
    full = gate()
    tickets = await fill(full)
    full.slow_dial()
    full.slow_dial()
    limit = full.limit
    assert limit == FIRST / 2
    late = await waiting(full, "a")
    full.responded(tickets[0])
    assert full.limit == limit
    for ticket in tickets[1:]:
        full.leave(ticket)
    await soon(late)


async def test_a_slow_dial_never_closes_the_gate() -> None:
    empty = gate()
    empty.slow_dial()
    assert empty.limit == LEAST


async def test_who_waits_for_a_response_for_long_is_no_hindrance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate_module, "YOUNG_S", 0.02)
    full = gate()
    await fill(full)  # long polls
    await soon(full.enter("b", "town", 3))
    assert full.counted <= MANY


async def test_the_turn_is_the_visitors_who_has_the_fewest_under_way() -> None:
    full = gate()
    tickets = await fill(full, "crowd")
    of_crowd = [await waiting(full, "crowd") for _ in range(20)]
    of_other = await waiting(full, "other", 7)
    full.leave(tickets[0])
    await soon(of_other)
    assert not any(task.done() for task in of_crowd)
    for task in of_crowd:
        task.cancel()


async def test_of_one_visitors_requests_the_most_urgent_is_next() -> None:
    full = gate()
    tickets = await fill(full)
    image, page = await waiting(full, "a", 4), await waiting(full, "a", 0)
    full.leave(tickets[0])
    await soon(page)
    assert not image.done()
    image.cancel()


async def test_who_gives_up_waiting_leaves_nothing_behind() -> None:
    full = gate(waiting=2)
    tickets = await fill(full)
    for _ in range(10):
        gone = await waiting(full, "a")
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    late = await waiting(full, "a")
    full.leave(tickets[0])
    await soon(late)
    assert full.counted == MANY


async def test_a_turn_that_comes_as_its_task_is_cancelled_is_passed_on() -> None:
    full = gate()
    tickets = await fill(full)
    first, second = await waiting(full, "a"), await waiting(full, "a")
    full.leave(tickets[0])  # the turn is first's
    first.cancel()
    await soon(second)


async def test_no_more_wait_than_the_limit() -> None:
    full = gate(waiting=1)
    await fill(full)
    late = await waiting(full, "a")
    with pytest.raises(BoxBusyFault):
        await full.enter("a", "town", 3)
    late.cancel()


async def let_in_all(full: Gate, network: str, requests: int) -> list[asyncio.Task[Ticket]]:
    """Requests whose responses begin at once and never end, of an owner each; those let in."""
    tasks = []
    for number in range(requests):
        task = await waiting(full, (network, number), network=network)
        tasks.append(task)
        if task.done():
            full.responded(task.result())
            await asyncio.sleep(0)
    return [task for task in tasks if task.done()]


async def test_one_network_leaves_a_third_to_the_others() -> None:
    full = gate(connections=60)
    assert len(await let_in_all(full, "town", 100)) == 40
    full.responded(await soon(full.enter("b", "village", 3)))
    assert len(await let_in_all(full, "village", 100)) > 10
    await soon(full.enter("c", "hamlet", 3))


async def let_in_of(full: Gate, visitor: object, requests: int) -> list[asyncio.Task[Ticket]]:
    """The same of one visitor."""
    tasks = []
    for _ in range(requests):
        task = await waiting(full, visitor)
        tasks.append(task)
        if task.done():
            full.responded(task.result())
            await asyncio.sleep(0)
    return [task for task in tasks if task.done()]


async def test_who_holds_many_connections_leaves_some_to_a_neighbour() -> None:
    full = gate(connections=60)
    assert len(await let_in_of(full, "hog", 100)) == 30
    for neighbour in range(8):
        full.responded(await soon(full.enter(neighbour, "town", 3)))


async def test_a_neighbour_who_comes_later_gets_as_much_once_it_is_given_back() -> None:
    full = gate(connections=60)
    of_hog = await let_in_of(full, "hog", 40)
    of_other = [await waiting(full, "other") for _ in range(40)]
    for task in of_hog:
        full.leave(task.result())
        await asyncio.sleep(0)
        for other in of_other:
            if other.done():
                full.responded(other.result())
    assert sum(task.done() for task in of_other) > 20


async def test_responses_that_last_keep_no_connection_from_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate_module, "LASTING_S", 0.02)
    full = gate(connections=6, lasting=30)
    lasting = []
    for number in range(20):
        lasting.append(await soon(full.enter(number, "town", 3)))
        full.responded(lasting[-1])
    await soon(full.enter("late", "town", 3))
    assert full.lasting >= 15
    for ticket in lasting:
        full.leave(ticket)
    assert full.lasting == 0


async def test_one_visitors_responses_that_last_leave_room_for_anothers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate_module, "LASTING_S", 0.02)
    monkeypatch.setattr(gate_module, "LOOK_S", 0.02)
    full = gate(connections=30, lasting=10)
    await let_in_of(full, "hog", 60)
    await until(lambda: full.lasting == 5)
    for _ in range(3):
        full.responded(await soon(full.enter("other", "town", 3)))


class Compared(int):
    """An urgency that counts how often it is looked at."""

    looks = 0

    def __eq__(self, other: object) -> bool:
        Compared.looks += 1
        return int(self) == other

    def __lt__(self, other: int) -> bool:
        Compared.looks += 1
        return int(self) < int(other)

    __hash__ = int.__hash__


async def looks_for(requests: int) -> int:
    full = gate()
    await fill(full)
    tasks = [await waiting(full, "a", Compared(3)) for _ in range(requests)]
    Compared.looks = 0
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Compared.looks


async def test_twice_as_many_that_give_up_cost_about_twice_as_much() -> None:
    assert await looks_for(1000) <= 2.4 * max(await looks_for(500), 500)


async def test_requests_that_gave_up_are_not_kept() -> None:
    full = gate()
    await fill(full)
    first = await waiting(full, "a")
    for _ in range(1000):
        gone = await waiting(full, "a")
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    (visitor,) = full._turns._visitors.values()
    assert len(visitor.waiters) < 100
    assert full.waiting == 1
    first.cancel()


async def test_a_network_gets_back_what_it_gives_back() -> None:
    full = gate(connections=60)
    inside = await let_in_all(full, "town", 45)
    late = await waiting(full, "last", network="town")
    for task in inside[:2]:
        full.leave(task.result())
    await asyncio.sleep(0)
    assert not late.done()  # five came before it
    for task in inside[2:]:
        full.leave(task.result())
    await soon(late)


async def test_who_waits_in_masses_does_not_keep_others_from_waiting() -> None:
    full = gate(connections=3, waiting=30)
    await let_in_all(full, "town", 2)
    waiters = [await waiting(full, number, network="town") for number in range(40)]
    refused = [task for task in waiters if task.done()]
    assert len(waiters) - len(refused) == 20
    for task in refused:
        with pytest.raises(BoxBusyFault):
            task.result()
    await soon(full.enter("b", "village", 3))
    assert not (await waiting(full, "b", network="village")).done()
