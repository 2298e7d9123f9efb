"""p2claw mcp, spoken to by the official client: what a coding agent can do, and what not."""

from __future__ import annotations

import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

from p2claw.cli.mcp_server import verb
from p2claw.cli.mcp_server.verb import VerbError, run_verb
from tests.cli.demos import Demo
from tests.cli.program import argv_of, env_of, p2claw

LOOKING = {"list_apps", "list_visitors", "visit", "check"}
CHANGING = {"expose", "unexpose", "invite"}


@asynccontextmanager
async def talking(home: Path, *words: str) -> AsyncIterator[ClientSession]:
    command, *rest = argv_of("mcp", *words)
    parameters = StdioServerParameters(command=command, args=rest, env=env_of(home))
    async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        yield session


async def call(session: ClientSession, tool: str, **given: object) -> tuple[bool, Any]:
    """Whether it failed, and its JSON or text."""
    result = await session.call_tool(tool, given)
    text = "".join(part.text for part in result.content if part.type == "text")
    try:
        return bool(result.is_error), json.loads(text)
    except ValueError:
        return bool(result.is_error), text


async def test_an_app_is_exposed_visited_guarded_and_taken_away(
    running: Demo, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<title>By a coding agent</title>" + "x" * 30_000)
    given = {"name": "coded", "upstream": str(tmp_path)}
    async with talking(running.box_home) as session:
        assert {tool.name for tool in (await session.list_tools()).tools} == LOOKING | CHANGING
        try:
            failed, facts = await call(session, "expose", **given)
            assert (failed, facts["verified"]["ok"]) == (False, True), facts
            assert facts["verified"]["title"] == "By a coding agent"
            failed, seen = await call(session, "visit", url=facts["url"])
            assert (failed, seen["status"], len(seen["body"])) == (False, 200, 20_000)
            await call(session, "expose", **given, access="invited")
            _, facts = await call(session, "expose", **given)  # and stays guarded
            assert (facts["guarded"], facts["verified"]["guarded"]) == (["invitation"], True)
            failed, invitation = await call(session, "invite", app="coded", hours=1, uses=1)
            assert (failed, "#i=" in json.dumps(invitation)) == (False, True)
        finally:
            assert (await call(session, "unexpose", name="coded"))[0] is False
        _, listed = await call(session, "list_apps")
        assert "coded" not in [one["app"] for one in listed["routes"]]


async def test_what_fails_is_said_with_what_to_do(home: Path) -> None:
    async with talking(home) as session:
        failed, text = await call(session, "list_visitors")
        assert failed
        assert "agent-not-running" in text
        failed, text = await call(session, "expose", name="--help", upstream="3000")
        assert failed
        assert "app-name-invalid" in text
        failed, text = await call(session, "expose", name="dog", upstream="--spa")
        assert failed
        assert "upstream-not-loopback" in text


async def test_who_only_looks_gets_no_tool_that_changes(home: Path) -> None:
    async with talking(home, "--read-only") as session:
        listed = (await session.list_tools()).tools
        assert {tool.name for tool in listed} == LOOKING
        for tool in listed:
            assert tool.description
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint
        assert (await call(session, "unexpose", name="dog"))[0]
    described = p2claw(home, "mcp", "--read-only", "--json").json
    assert {tool["name"] for tool in described["tools"]} == LOOKING
    assert described["configuration"]["mcpServers"]["p2claw"]["args"] == ["mcp", "--read-only"]


async def test_a_verb_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verb, "VERB_S", 0.01)
    with pytest.raises(VerbError, match="did not end"):
        await run_verb("status")


def test_without_the_sdk_it_says_what_to_install(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mcp.py").write_text("raise ModuleNotFoundError(name='mcp')")
    ran = subprocess.run(
        argv_of("mcp", "--json"),
        env={**env_of(home), "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, json.loads(ran.stderr)["error"]["code"]) == (2, "mcp-missing")
