"""Asks the agent of a service to hand its box over to a new process."""

from __future__ import annotations

from typing import Any

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.output import print_note
from p2claw.errors import P2clawError

# The new process has 60 s to load, 60 to listen and 20 to register.
TIMEOUT_S = 150.0


def hand_over() -> dict[str, Any] | None:
    """What the agent reports; None: it has to be stopped and started, and a note says why.

    Raises P2clawError `handover-failed`: the new process does not start, and would not otherwise.
    """
    try:
        done: dict[str, Any] = AgentClient().ask("POST", "/v1/handover", timeout_s=TIMEOUT_S)
    except P2clawError as error:
        if error.code == "handover-failed":
            raise
        print_note(f"stopping it first: {error.message}")
        return None
    return done
