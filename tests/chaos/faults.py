"""What is done to the processes, and undone. Each fault ends with everything running again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

from tests.chaos.scene import Scene

Fault = Callable[[Scene, random.Random], Awaitable[None]]

# For how long something is paused or starved: most is shorter than a link may be silent.
SHORT_S, LONG_S = 0.5, 4.0
HOUR_S = 3_600
MORE_BYTES = 4_000_000


async def kill_agent(scene: Scene, chance: random.Random) -> None:
    await scene.stack.kill("agent")
    await asyncio.sleep(chance.uniform(0, 1))
    await scene.start_agent()


async def restart_agent(scene: Scene, chance: random.Random) -> None:
    await scene.stack.end("agent", at_once=True)
    await scene.start_agent()


async def pause_agent(scene: Scene, chance: random.Random) -> None:
    await _paused(scene.stack.agent_pid, chance)


async def kill_worker(scene: Scene, chance: random.Random) -> None:
    if workers := await scene.workers():
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(workers), signal.SIGKILL)


async def pause_worker(scene: Scene, chance: random.Random) -> None:
    if workers := await scene.workers():
        await _paused(chance.choice(workers), chance)


async def kill_server(scene: Scene, chance: random.Random) -> None:
    await scene.stack.kill("server")
    await asyncio.sleep(chance.uniform(0, 1))
    await scene.start_server()


async def restart_server(scene: Scene, chance: random.Random) -> None:
    await scene.stack.end("server")
    await scene.start_server()


async def pause_server(scene: Scene, chance: random.Random) -> None:
    await _paused(scene.stack.server_pid, chance)


async def kill_relay(scene: Scene, chance: random.Random) -> None:
    await scene.kill_relay()
    await asyncio.sleep(chance.uniform(0, 2))
    await scene.start_relay()


async def pause_relay(scene: Scene, chance: random.Random) -> None:
    if scene.relay is not None:
        await _paused(scene.relay.pid, chance)


async def no_descriptors(scene: Scene, chance: random.Random) -> None:
    """Agent and workers, or the server, get no more descriptors than they have."""
    pids = chance.choice([[scene.stack.server_pid], await _box(scene)])
    with contextlib.ExitStack() as limited:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                held = sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
                limited.enter_context(_limited(pid, resource.RLIMIT_NOFILE, held + 2))
        await asyncio.sleep(chance.uniform(SHORT_S, LONG_S))


async def no_disk(scene: Scene, chance: random.Random) -> None:
    """No file of agent, workers or server can grow: EFBIG, which is as a full disk."""
    pids = [scene.stack.server_pid, *await _box(scene)]
    with contextlib.ExitStack() as limited:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                limited.enter_context(_limited(pid, resource.RLIMIT_FSIZE, 0))
        await asyncio.sleep(chance.uniform(SHORT_S, LONG_S))


FAULTS: dict[str, Fault] = {
    fault.__name__.replace("_", " "): fault
    for fault in (
        kill_agent,
        restart_agent,
        pause_agent,
        kill_worker,
        pause_worker,
        kill_server,
        restart_server,
        pause_server,
        kill_relay,
        pause_relay,
        no_descriptors,
        no_disk,
    )
}


async def step_clock(scene: Scene, chance: random.Random) -> None:
    """The clock of agent or server is an hour ahead or behind for a while."""
    async with _wrong_clock(scene, chance):
        await asyncio.sleep(chance.uniform(SHORT_S, LONG_S))


async def register_by_a_wrong_clock(scene: Scene, chance: random.Random) -> None:
    """The same, and the box has to register meanwhile."""
    async with _wrong_clock(scene, chance):
        await kill_server(scene, chance)
        await asyncio.sleep(chance.uniform(SHORT_S, LONG_S))


async def no_memory(scene: Scene, chance: random.Random) -> None:
    """Agent and workers, or the server, get hardly more memory than they have.

    By a limit of the process (RLIMIT_DATA), so that an allocation fails in the midst of whatever is
    done. A cgroup's limit fails nothing: it ends the process, as `kill_agent` and its like do. Who
    ends by this is started again, as a service manager would.
    """
    pids = chance.choice([[scene.stack.server_pid], await _box(scene)])
    with contextlib.ExitStack() as limited:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                most_bytes = _data_bytes(pid) + chance.choice((0, MORE_BYTES))
                limited.enter_context(_limited(pid, resource.RLIMIT_DATA, most_bytes))
        await asyncio.sleep(chance.uniform(SHORT_S, LONG_S))
    await scene.start_what_ended()


# Those of `FAULTS`, and this where memory is to run out.
MEMORY_FAULTS: dict[str, Fault] = {"no memory": no_memory}

# Those of `FAULTS`, and these if clocks can be set.
CLOCK_FAULTS: dict[str, Fault] = {
    fault.__name__.replace("_", " "): fault for fault in (step_clock, register_by_a_wrong_clock)
}


@contextlib.asynccontextmanager
async def _wrong_clock(scene: Scene, chance: random.Random) -> AsyncIterator[None]:
    clock = scene.clocks[chance.choice(sorted(scene.clocks))]
    clock.step(chance.choice((-HOUR_S, HOUR_S)))
    try:
        yield
    finally:
        clock.step(0)


async def _box(scene: Scene) -> list[int]:
    return [scene.stack.agent_pid, *await scene.workers()]


async def _paused(pid: int, chance: random.Random) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(chance.uniform(SHORT_S, LONG_S))
        finally:
            os.kill(pid, signal.SIGCONT)


def _data_bytes(pid: int) -> int:
    """What counts for RLIMIT_DATA. Source: proc_pid_status(5)."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = next((line for line in status.splitlines() if line.startswith("VmData:")), None)
    if found is None:
        raise ProcessLookupError  # it has just ended
    return int(found.split()[1]) * 1_024


@contextlib.contextmanager
def _limited(pid: int, kind: int, soft: int) -> Iterator[None]:
    before, hard = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (soft, hard))
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, kind, (before, hard))
