"""Whether an agent or a server could run as a service at all: found out before one is written."""

from __future__ import annotations

import os
from pathlib import Path

import click

from p2claw.cli.agent_client import AgentClient
from p2claw.cli.config.file import find
from p2claw.cli.run import choice_of
from p2claw.cli.server_settings import server_config
from p2claw.cli.service.definition import check_program_is_for_all
from p2claw.cli.verbs import load_verb
from p2claw.config import home_dir
from p2claw.errors import UsageError
from p2claw.private_file import make_private_directory


def check_root(arguments: str, verb: str = "service") -> None:
    """Raises UsageError `service-needs-root`."""
    if os.geteuid() != 0:
        raise UsageError(
            "A service of the whole machine is root's to change",
            code="service-needs-root",
            hint=f"sudo p2claw {verb} {arguments}",
        )


def check_agent(*, running_is_ours: bool) -> None:
    """Returns if an agent could start from this home; the folder is made.

    running_is_ours: whether the agent that runs is the service itself. Raises UsageError.
    """
    choice_of(load_verb("run").make_context("run", []))
    if not running_is_ours and AgentClient().running():
        raise UsageError(
            "An agent runs from this home already, and not as a service",
            code="agent-running",
            hint="End it, then install the service again",
        )
    make_private_directory(home_dir())


def check_server(config: Path) -> None:
    """Returns if a server could start with this file. Raises UsageError."""
    check_program_is_for_all()
    find(config)
    _settings(config)


def data_folder(config: Path) -> Path | None:
    """The folder of the database that the file names; None: it names none."""
    context = _context(config)
    return context.params["data_dir"] and Path(context.params["data_dir"])


def _settings(config: Path) -> None:
    try:
        server_config(_context(config).params)
    except click.UsageError as error:
        raise UsageError(f"{config}: {error.format_message()}") from None


def _context(config: Path) -> click.Context:
    return load_verb("server").make_context("server", ["--config", str(config)])
