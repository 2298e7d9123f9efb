"""An agent that is killed while files come in: nothing half-written is seen, and uploads go on."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

import aiohttp

# Each starts a process: more of them by hand, P2CLAW_KILLS=40.
ROUNDS = int(os.environ.get("P2CLAW_KILLS", "2"))
PIECE_BYTES = 64 * 1024
CONTENT = os.urandom(24 * PIECE_BYTES)
DEADLINE_S = 30 + 10 * ROUNDS


async def test_a_kill_at_any_moment_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    """Each round sends a file piece by piece, and the process is killed at a random piece, in its
    middle or at its end. The next round goes on with what is there."""
    site, socket = tmp_path / "site", tmp_path / "s"
    site.mkdir()
    chance = random.Random(7)
    finished = 0
    async with asyncio.timeout(DEADLINE_S):
        for number in range(ROUNDS):
            pid = await _start(site, tmp_path / "home", socket)
            kill_at = chance.randrange(2 * len(CONTENT) // PIECE_BYTES)
            try:
                finished += await _send(socket, finished, pid, kill_at, chance)
            except (aiohttp.ClientError, OSError, json.JSONDecodeError):
                pass  # it was killed
            finally:
                await _kill(pid)
            for file in site.iterdir():
                is_part = file.name.startswith(".")
                assert is_part or file.read_bytes() == CONTENT, (number, file.name)
                assert not is_part or CONTENT.startswith(file.read_bytes())
        pid = await _start(site, tmp_path / "home", socket)
        try:
            while finished < 2:
                finished += await _send(socket, finished, pid, -1, chance)
        finally:
            await _kill(pid)
    assert sorted(file.name for file in site.iterdir()) == [f"{n}.bin" for n in range(finished)]


_running: dict[int, asyncio.subprocess.Process] = {}


async def _start(site: Path, home: Path, socket: Path) -> int:
    socket.unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.agent.folders.serve_folder"),
        *(str(site), str(home), str(socket)),
    )
    _running[process.pid] = process
    while not socket.exists():
        assert process.returncode is None
        await asyncio.sleep(0.01)
    return process.pid


async def _kill(pid: int) -> None:
    process = _running.pop(pid)
    if process.returncode is None:
        process.kill()
    await process.wait()


async def _send(socket: Path, number: int, pid: int, kill_at: int, chance: random.Random) -> bool:
    """Send one file, or what is missing of it. Returns whether it is there."""
    connector = aiohttp.UnixConnector(str(socket))
    async with aiohttp.ClientSession("http://localhost", connector=connector) as session:

        async def ask(method: str, body: bytes | None = None, **more: int) -> dict[str, Any]:
            query = {"id": f"{number:032x}", "size": len(CONTENT), **more}
            async with session.request(
                method,
                f"/.p2claw/upload/{number}.bin",
                params=query,
                data=body,
                headers={"Origin": "http://localhost"},
            ) as response:
                told = json.loads(await response.read())
            if told.get("error") == "upload-taken":  # before its response could come
                return {"done": True}
            assert "error" not in told, told
            return dict(told)

        told = await ask("GET")
        while not told["done"]:
            at = told["received"]
            end = min(at + PIECE_BYTES, len(CONTENT))
            asking = asyncio.create_task(ask("PUT", CONTENT[at:end], at=at))
            if at // PIECE_BYTES == kill_at or (kill_at >= 24 and end == len(CONTENT)):
                await asyncio.sleep(chance.random() * 0.004)
                os.kill(pid, signal.SIGKILL)
            told = await asking
        return True
