"""join and leave: which coordinator a box belongs to, and where `run` goes because of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import stat
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Ran, argv_of, env_of, p2claw
from tests.support.server import RunningServer, running_server

START_S = 30.0


async def ran(home: Path, *arguments: str, **env: str) -> Ran:
    """`p2claw`, while servers of this process respond."""
    return await asyncio.to_thread(p2claw, home, *arguments, **env)


def checks_of(doctor: Ran) -> dict[str, dict[str, str]]:
    return {check["check"]: check for check in doctor.json["checks"]}


@contextlib.asynccontextmanager
async def two_servers(folder: Path) -> AsyncIterator[tuple[RunningServer, RunningServer]]:
    async with (
        running_server(folder / "one", data_dir=folder / "one") as one,
        running_server(folder / "two", data_dir=folder / "two") as two,
    ):
        yield one, two


@contextlib.asynccontextmanager
async def box(home: Path, *arguments: str, **env: str) -> AsyncIterator[dict[str, Any]]:
    """`p2claw run`, killed with SIGKILL at the end; what it printed."""
    with subprocess.Popen(
        argv_of("run", "--json", *arguments),
        env=env_of(home, **env),
        stdout=subprocess.PIPE,
        stderr=(home / "agent.log").open("ab"),
    ) as process:
        assert process.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), START_S)
        try:
            yield json.loads(line)
        finally:
            process.send_signal(signal.SIGKILL)


async def online(home: Path) -> dict[str, Any]:
    """The status of the box, once it is registered."""
    async with asyncio.timeout(START_S):
        while True:
            status: dict[str, Any] = (await ran(home, "status", "--json")).json
            if status["coordinator"]["state"] == "online":
                return status
            await asyncio.sleep(0.05)


async def test_join_names_who_responds_and_keeps_it_for_the_owner_alone(
    home: Path, server: RunningServer
) -> None:
    joined = await ran(home, "join", server.url + "/", "--json")
    assert joined.json == {
        "coordinator": server.url,
        "version": "0.1.0",
        "base": f"http://{{label}}.localhost:{server.port}",
        "already": False,
        "joins": "open",
        "joined": [server.url],
        "default": None,
        "used": server.url,
    }
    assert stat.S_IMODE((home / "coordinators.json").stat().st_mode) == 0o600


async def test_join_as_text_prints_what_comes_next(home: Path, server: RunningServer) -> None:
    first = await ran(home, "join", server.url)
    assert first.out == (
        f"joined: {server.url}\napps appear at http://<app>-<alias>.localhost:{server.port}/\n"
    )
    assert "p2claw run" in first.err
    assert (await ran(home, "join", server.url)).out.startswith("joined already")


async def test_what_was_joined_is_listed(home: Path, server: RunningServer) -> None:
    assert (await ran(home, "join")).err.startswith("note: this box has joined no coordinator")
    await ran(home, "join", server.url)
    assert (await ran(home, "join", "--json")).json["joined"] == [server.url]
    assert server.url in (await ran(home, "join")).out


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"),
    [
        (["apps.example.org"], 2, "coordinator-invalid"),
        (["http://localhost:1"], 4, "coordinator-silent"),
        (["--default"], 2, "usage"),
    ],
)
def test_what_cannot_be_joined_is_not_kept(
    home: Path, arguments: list[str], exit_code: int, code: str
) -> None:
    refused = p2claw(home, "join", "--json", *arguments)
    assert (refused.code, refused.error["code"]) == (exit_code, code)
    assert list(home.iterdir()) == []


def test_a_box_that_joined_nothing_does_not_run(home: Path) -> None:
    refused = p2claw(home, "run", "--json")
    assert (refused.code, refused.error["code"]) == (2, "coordinator-unknown")
    assert not (home / "identity.key").exists()


async def test_killed_and_started_again_it_is_the_same_box_at_the_same_coordinator(
    home: Path, server: RunningServer
) -> None:
    await ran(home, "join", server.url)
    await ran(home, "expose", "dog", "3000", "--no-qr")
    found = []
    for _ in range(2):
        async with box(home) as facts:
            status = await online(home)
            found.append((facts["coordinator"], status["apps"][0]["url"], status["joined"]))
    assert found[0] == found[1]
    assert found[0][0] == server.url and found[0][2] == [server.url]


async def test_the_first_coordinator_that_accepts_a_box_is_remembered(
    home: Path, server: RunningServer
) -> None:
    async with box(home, "--coordinator", server.url):
        await online(home)
    assert (await ran(home, "join", "--json")).json["used"] == server.url
    async with box(home) as facts:
        assert facts["coordinator"] == server.url


async def test_one_that_does_not_respond_is_not_remembered(home: Path) -> None:
    async with box(home, "--at", "http://localhost:1"):
        pass
    assert (await ran(home, "join", "--json")).json["joined"] == []


async def test_a_variable_does_not_carry_a_box_away(home: Path, tmp_path: Path) -> None:
    async with two_servers(tmp_path) as (one, two):
        await ran(home, "join", one.url)
        refused = await ran(home, "run", "--json", P2CLAW_COORDINATOR=two.url)
        assert (refused.code, refused.error["code"]) == (2, "coordinator-differs")
        assert "P2CLAW_COORDINATOR" in refused.error["message"]
        async with box(home, P2CLAW_COORDINATOR=one.url + "/") as facts:
            assert facts["coordinator"] == one.url
        assert len(two.rendezvous.boxes) == 0


async def test_the_command_line_leads_elsewhere_and_prints_that_it_is_for_once(
    home: Path, tmp_path: Path
) -> None:
    async with two_servers(tmp_path) as (one, two):
        await ran(home, "join", one.url)
        async with box(home, "--at", two.url):
            status = await online(home)
            text = (await ran(home, "status")).out
            doctor = await ran(home, "doctor", "--json")
        assert (status["coordinator"]["url"], status["joined"]) == (two.url, [one.url])
        assert f"{one.url}; the agent is elsewhere" in text
        finding = checks_of(doctor)["joined"]
        assert finding["level"] == "warn" and one.url in finding["text"]
        assert f"p2claw join {two.url}" in (home / "agent.log").read_text()
        async with box(home) as facts:
            assert facts["coordinator"] == one.url


async def test_of_several_one_is_named_or_is_the_default(home: Path, tmp_path: Path) -> None:
    async with two_servers(tmp_path) as (one, two):
        await ran(home, "join", one.url)
        second = await ran(home, "join", two.url)
        assert "--at URL" in second.err and "--default" in second.err
        refused = await ran(home, "run", "--json")
        assert (refused.code, refused.error["code"]) == (2, "coordinator-ambiguous")
        async with box(home, "--at", two.url) as facts:
            assert facts["coordinator"] == two.url
        assert (await ran(home, "join", "--default", one.url, "--json")).json["used"] == one.url
        async with box(home) as facts:
            assert facts["coordinator"] == one.url


async def test_who_joins_while_an_agent_runs_reads_that_it_stays(
    home: Path, tmp_path: Path
) -> None:
    async with two_servers(tmp_path) as (one, two):
        await ran(home, "join", one.url)
        async with box(home):
            await online(home)
            joined = await ran(home, "join", "--default", two.url)
            left = await ran(home, "leave", one.url)
    assert f"stays at {one.url} until it is started again" in joined.err
    assert "stays registered there until it is stopped" in left.err


async def test_leave_forgets(home: Path, server: RunningServer) -> None:
    await ran(home, "join", server.url)
    left = await ran(home, "leave", "--json")
    assert left.json == {"left": server.url, "joined": [], "default": None, "used": None}
    again = await ran(home, "leave", server.url, "--json")
    assert (again.code, again.error["code"]) == (3, "coordinator-not-joined")


async def test_doctor_asks_the_coordinator_that_was_joined(
    home: Path, server: RunningServer
) -> None:
    await ran(home, "join", server.url)
    checks = {
        check["check"]: check for check in (await ran(home, "doctor", "--json")).json["checks"]
    }
    assert (checks["joined"]["level"], checks["joined"]["text"]) == ("ok", server.url)
    assert (checks["coordinator"]["level"], checks["coordinator"]["text"]) == ("ok", server.url)


def test_damaged_coordinators_keep_it_from_starting_and_doctor_reports_so(home: Path) -> None:
    descriptor = os.open(home / "coordinators.json", os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(descriptor, b"{")
    os.close(descriptor)
    refused = p2claw(home, "run", "--json")
    assert (refused.code, refused.error["code"]) == (1, "coordinators-damaged")
    checks = checks_of(p2claw(home, "doctor", "--json"))
    assert checks["joined"]["level"] == "fail"
