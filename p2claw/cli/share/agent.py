"""The agent that a share needs: the one that runs, or one that is started for it."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from subprocess import DEVNULL, PIPE
from typing import Any

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.demo.child import Child, ChildError
from p2claw.config import AgentConfig
from p2claw.errors import P2clawError, UsageError
from p2claw.private_file import make_private_directory

# Where an agent that this started writes its log; of one that stays, and of one that does not.
KEPT_LOG = "agent.log"
SHARE_LOG = "share.log"

STARTED_S = 30.0


def running_agent(at: str | None) -> bool:
    """Whether an agent runs. Raises UsageError `agent-elsewhere` if not at `at`."""
    client = AgentClient()
    if not client.running():
        return False
    if at is not None:
        there = client.ask("GET", "/v1/status")["coordinator"]["url"]
        if there.rstrip("/").lower() != at.rstrip("/").lower():
            raise UsageError(
                f"The agent that runs here is registered at {there}, not at {at}",
                code="agent-elsewhere",
                hint="Leave --at away, or end that agent first; "
                "another P2CLAW_HOME is another box and has an agent of its own",
            )
    return True


async def start_agent(at: str | None) -> Child:
    """An agent whose life is tied to this process. Raises P2clawError, also the agent's own."""
    log = _home().home / SHARE_LOG
    child = await Child.start("agent", "p2claw.cli.main", *_argv(at), log=log)
    try:
        await child.first_line()
    except ChildError as error:
        await child.end()
        raise _printed_error(error.log) or error from None
    return child


async def start_agent_for_good(at: str | None) -> int:
    """An agent that stays when this process ends; its pid. Raises P2clawError."""
    log = _home().home / KEPT_LOG
    with log.open("ab") as errors:
        before = errors.tell()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "p2claw.cli.main", *_argv(at)),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=errors,
            start_new_session=True,
        )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(STARTED_S):
            line = await process.stdout.readline()
    except TimeoutError:
        line = b""
    if line:
        return process.pid
    with suppress(ProcessLookupError):
        process.terminate()
    written = log.read_bytes()[before:].decode(errors="replace")
    raise _printed_error(written) or P2clawError(
        "The agent did not start", code="agent-not-running", hint=f"See {log}"
    )


def _argv(at: str | None) -> list[str]:
    return ["run", "--json", *(["--at", at] if at else [])]


def _home() -> AgentConfig:
    """Raises UsageError."""
    config = AgentConfig()
    try:
        make_private_directory(config.home)
        for name in (SHARE_LOG, KEPT_LOG):
            (config.home / name).touch(mode=0o600)
    except OSError as error:
        raise UsageError(
            f"{config.home} cannot be used: {error.strerror}",
            code="home-unwritable",
            hint="Name another home with P2CLAW_HOME",
        ) from None
    return config


def _printed_error(log: str) -> P2clawError | None:
    """The error that an agent wrote last, as this program's own."""
    for line in reversed(log.splitlines()):
        with suppress(ValueError, KeyError, TypeError):
            error: dict[str, Any] = json.loads(line)["error"]
            hint = str(error["hint"])
            if error["code"] == "coordinator-unknown":
                hint = (
                    "Give the address of one: `p2claw join https://…` to keep it, "
                    "`--at https://…` for this time; `p2claw demo` tries everything on this machine"
                )
            return UsageError(str(error["message"]), code=str(error["code"]), hint=hint)
    return None
