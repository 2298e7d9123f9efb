"""`p2claw service`: agent or server as a service of this machine, by systemd or launchd."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from p2claw.cli.exit_codes import FAILED
from p2claw.cli.output import duration_text, json_option, print_facts, print_json, print_note
from p2claw.cli.service.definition import (
    AGENT,
    SERVER,
    SERVER_USER,
    SERVICES,
    Definition,
    agent_definition,
    server_definition,
)
from p2claw.cli.service.handover import hand_over
from p2claw.cli.service.launchd import Launchd
from p2claw.cli.service.readiness import check_agent, check_root, check_server, data_folder
from p2claw.cli.service.service_manager import Manager, check_installed
from p2claw.cli.service.systemd import Systemd
from p2claw.cli.verb_group import VerbGroup
from p2claw.config import SYSTEM_CONFIG

_EXAMPLE = """
\b
Examples:
  p2claw service install
  sudo p2claw service install server
  p2claw service status --json

\b
Exit codes: 0 done; 1 the service does not run or start, 2 wrong usage, or not
root, 3 no such service is installed.
"""

_INSTALL = """
\b
Examples:
  p2claw service install
  sudo p2claw service install server --config /etc/p2claw/p2claw.toml
  p2claw service install --print

\b
Exit codes: 0 it runs; 1 it does not start, or no service manager is here, 2 nothing
is joined, the file of options is not there, or root is needed.
"""

_UNINSTALL = """
\b
Example:
  p2claw service uninstall

\b
Exit codes: 0 gone, 1 the service manager failed, 2 root is needed, 3 not installed.
"""

_STATUS = """
\b
Example:
  p2claw service status server --json

\b
Exit codes: 0 it runs, 1 it does not, 3 not installed.
"""

_LOGS = """
\b
Examples:
  p2claw service logs --follow
  p2claw service logs server --lines 200

\b
Exit codes: 0 shown, 1 the log cannot be read, 3 not installed, 130 Ctrl-C.
"""

_RESTART = """
\b
Example:
  p2claw service restart

\b
Exit codes: 0 it runs again, 1 it does not start, 2 root is needed, 3 not installed.
"""

Command = Callable[..., Any]


def _which(command: Command) -> Command:
    """The argument that all the verbs have."""
    kind = click.Choice(SERVICES)
    return click.argument("service", type=kind, default=AGENT, metavar="[agent|server]")(command)


@click.group(cls=VerbGroup, epilog=_EXAMPLE)
@json_option
def service(as_json: bool) -> None:
    """Keep the agent, or a server, running: also after a restart of the machine.

    The agent is a service of this user, a server one of the whole machine. systemd keeps them, on
    macOS launchd.
    """


@service.command(epilog=_INSTALL)
@_which
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Of a server: its file of options.  [default: {SYSTEM_CONFIG}]",
)
@click.option(
    "--user", help=f"Of a server: who runs it.  [default: {SERVER_USER}, made if missing]"
)
@click.option("--no-start", is_flag=True, help="Write it, and start it with the machine only.")
@click.option("--print", "only_print", is_flag=True, help="Print the definition, write nothing.")
@json_option
def install(
    service: str,
    config: Path | None,
    user: str | None,
    no_start: bool,
    only_print: bool,
    as_json: bool,
) -> None:
    """Make the agent of this user, or a server, a service, and start it.

    What is installed already is written and started anew, which is also the way to go on after an
    upgrade. An agent hands over to the new process, as by restart.
    """
    if service == AGENT and (config or user):
        raise click.UsageError("--config and --user are for a server")
    config = (config or SYSTEM_CONFIG).absolute()
    if only_print:
        text = manager_of(_definition(service, config, user)).text()
        return print_json({"text": text}) if as_json else click.echo(text, nl=False)
    if service == SERVER:
        check_root("install server")
    manager = manager_of(_definition(service, config, user))
    manager.check()
    if service == SERVER:
        check_server(config)
        manager = manager_of(_definition(service, config, user, data_folder(config)))
    else:
        check_agent(running_is_ours=manager.file.exists() and manager.state().active)
    handed_over = None
    if service == AGENT and not no_start and _runs_as_written(manager):
        handed_over = hand_over()
    done = manager.install(start=not no_start and handed_over is None)
    facts = {
        "service": service,
        "manager": manager.name,
        "unit": manager.unit,
        "file": str(manager.file),
        "started": not no_start,
        "handed_over": handed_over is not None,
        "sandbox": done.sandbox,
        "lingers": done.lingers,
    }
    if as_json:
        return print_json(facts)
    for step in done.steps:
        click.echo(step)
    if done.lingers is False:
        print_note("it ends when you log out; `sudo loginctl enable-linger $USER` lets it stay")
    return None


@service.command(epilog=_UNINSTALL)
@_which
@json_option
def uninstall(service: str, as_json: bool) -> None:
    """Stop a service and remove it. Key, apps, options and data stay."""
    if service == SERVER:
        check_root("uninstall server")
    manager = _installed(service)
    manager.uninstall()
    if as_json:
        print_json({"service": service, "unit": manager.unit, "file": str(manager.file)})
    else:
        click.echo(f"stopped {manager.unit}, and removed {manager.file}")


@service.command(epilog=_STATUS)
@_which
@json_option
def status(service: str, as_json: bool) -> int:
    """Show whether a service runs. `p2claw status` shows what the agent does."""
    manager = _installed(service)
    state = manager.state()
    facts = {
        "service": service,
        "manager": manager.name,
        "unit": manager.unit,
        "file": str(manager.file),
        "active": state.active,
        "state": state.state,
        "pid": state.pid,
        "since_s": state.since_s,
        "restarts": state.restarts,
        "starts_at_boot": state.starts_at_boot,
    }
    if as_json:
        print_json(facts)
    else:
        print_facts(
            [
                ("unit", manager.unit),
                ("file", manager.file),
                ("state", state.state),
                ("pid", state.pid),
                ("up", None if state.since_s is None else duration_text(state.since_s)),
                ("restarts", state.restarts),
                ("starts by itself", "yes" if state.starts_at_boot else "no"),
            ]
        )
    return 0 if state.active else FAILED


@service.command(epilog=_LOGS)
@_which
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="How many of the last lines.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with those to come, until Ctrl-C.")
@json_option
def logs(service: str, lines: int, follow: bool, as_json: bool) -> None:
    """Show what a service wrote. With --follow and --json, a line of JSON for each of its lines."""
    found = _installed(service).log_lines(lines, follow=follow)
    if as_json and not follow:
        print_json({"lines": [{"time": line.time, "text": line.text} for line in found]})
        return
    for line in found:
        if as_json:
            print_json({"time": line.time, "text": line.text})
        else:
            click.echo(line.text)


@service.command(epilog=_RESTART)
@_which
@click.option("--now", is_flag=True, help="Stop the agent first, also if it could hand over.")
@json_option
def restart(service: str, now: bool, as_json: bool) -> None:
    """Start a service anew, as after an upgrade; returns when it is ready.

    An agent hands over: the new process registers while the old one goes on with what visitors
    are downloading, for an hour at most. Where it cannot, and a server, is stopped and started.
    """
    if service == SERVER:
        check_root("restart server")
    manager = _installed(service)
    handed_over = None
    if service == AGENT and not now and manager.state().active:
        handed_over = hand_over()
    if handed_over is None:
        manager.restart()
    facts = {
        "service": service,
        "unit": manager.unit,
        "pid": manager.state().pid,
        "handed_over": handed_over is not None,
    }
    if as_json:
        print_json(facts)
        return
    click.echo(f"{manager.unit} runs, pid {facts['pid']}")
    if handed_over is not None and handed_over["links"]:
        click.echo(f"the process before it goes on with its links: {handed_over['links']}")


def _runs_as_written(manager: Manager) -> bool:
    """Whether it runs already, by the same definition."""
    file = manager.file
    return file.exists() and file.read_text() == manager.text() and manager.state().active


def manager_of(definition: Definition) -> Manager:
    """The manager of this system; whether it runs is what its `check` finds out."""
    return Launchd(definition) if sys.platform == "darwin" else Systemd(definition)


def _definition(
    service: str, config: Path, user: str | None, data: Path | None = None
) -> Definition:
    if service == SERVER:
        return server_definition(config, user or SERVER_USER, data)
    return agent_definition()


def _installed(service: str) -> Manager:
    """Raises P2clawError `service-not-installed`, `service-manager-missing`."""
    manager = manager_of(_definition(service, SYSTEM_CONFIG, None))
    check_installed(manager)
    manager.check()
    return manager
