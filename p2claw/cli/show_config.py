"""`p2claw config check|show`: whether `p2claw.toml` is good, and which value counts, and why."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.cli.config.file import (
    TABLES,
    ConfigFile,
    beside,
    find,
    options_of,
    problems,
    read,
    values,
)
from p2claw.cli.config.option import file_option, origin
from p2claw.cli.exit_codes import FAILED
from p2claw.cli.output import json_option, print_json, print_note, print_table
from p2claw.cli.run import agent_config, choice_of
from p2claw.cli.server_settings import server_config
from p2claw.cli.verb_group import VerbGroup
from p2claw.cli.verbs import load_verb
from p2claw.config import AgentConfig, config_path, without_password
from p2claw.errors import P2clawError, UsageError

_EXAMPLE = """
\b
Examples:
  p2claw config check
  p2claw config show --config /etc/p2claw/p2claw.toml --json

\b
Exit codes: 0 good, or shown; 1 something in the file cannot be, 2 no such file.
"""

_CHECK = """
\b
Example:
  p2claw config check --config /etc/p2claw/p2claw.toml

\b
Exit codes: 0 good, or no file; 1 something in it cannot be, 2 no such file.
"""

_SHOW = """
\b
Example:
  p2claw config show --json

\b
Exit codes: 0 shown, 2 no such file, or something in it cannot be.
"""


@click.group(cls=VerbGroup, epilog=_EXAMPLE)
@json_option
def config(as_json: bool) -> None:
    """Look at p2claw.toml, where the options of `run` and `server` can be kept.

    The table [agent] has those of `p2claw run`, [server] those of `p2claw server`, each under the
    name that it has on the command line, which goes first, then the environment, then the file.
    """


@config.command(epilog=_CHECK)
@file_option
@json_option
def check(config_file: Path | None, as_json: bool) -> int:
    """Print everything that is wrong with the file, without starting anything."""
    path = find(config_file)
    found = [] if path is None else list(_all_problems(path))
    if as_json:
        facts = [{"code": one.code, "message": one.message, "hint": one.hint} for one in found]
        print_json({"ok": not found, "file": path and str(path), "problems": facts})
    elif path is None:
        print_note(f"there is no {config_path()}: everything is as on the command line")
    else:
        for one in found:
            click.echo(f"{one.message} ({one.code})")
            if one.hint:
                click.echo(f"  {one.hint}")
        if not found:
            click.echo(f"{path} is good")
    return FAILED if found else 0


@config.command(epilog=_SHOW)
@file_option
@json_option
def show(config_file: Path | None, as_json: bool) -> None:
    """Show every option of `run` and `server`: what it is, and where that comes from."""
    path = find(config_file)
    shown = {table: _effective(table, path) for table in TABLES}
    if as_json:
        print_json({"file": path and str(path), **shown})
        return
    if path is None:
        print_note(f"there is no {config_path()}")
    rows = [
        (f"{table}.{key}", _text(entry["value"]), _source(entry))
        for table, entries in shown.items()
        for key, entry in entries.items()
    ]
    print_table(("OPTION", "VALUE", "FROM"), rows)


def _all_problems(path: Path) -> Iterator[P2clawError]:
    """Of the form; where that is good, of what `run` and `server` would make of it."""
    try:
        file = read(path)
    except UsageError as error:
        yield error
        return
    found = list(problems(file))
    yield from found
    if not found:
        yield from _refusals(file)


def _refusals(file: ConfigFile) -> Iterator[P2clawError]:
    for table in TABLES:
        if table not in file.document:
            continue
        try:
            _try(table, _context(table, file.path))
        except P2clawError as error:
            yield UsageError(
                f"{file.path}: [{table}]: {error.message}", code=error.code, hint=error.hint
            )
        except click.UsageError as error:
            yield UsageError(f"[{table}]: {error.format_message().rstrip('.')}")


def _try(table: str, context: click.Context) -> None:
    """Put the settings together as the verb does. Raises P2clawError."""
    if table == "server":
        server_config(context.params)
    else:
        agent_config(context.params, choice_of(context))


def _context(table: str, path: Path | None) -> click.Context:
    """As of `p2claw run` or `p2claw server` without any option but the file."""
    command = [] if path is None else ["--config", str(path)]
    return load_verb(TABLES[table]).make_context(TABLES[table], command)


def _effective(table: str, path: Path | None) -> dict[str, dict[str, Any]]:
    context = _context(table, path)
    found = {}
    for key, option in options_of(context.command).items():
        source, which = origin(context, str(option.name))
        found[key] = {"value": _plain(context.params[str(option.name)]), "source": source}
        if which:
            found[key]["from"] = which
    kept = values(read(path), table) if path is not None else {}
    for key, option in beside(table).items():
        found[key] = _beside(option, kept, path)
    if table == "agent" and found["coordinator"]["value"] is None:
        usual = CoordinatorFile(AgentConfig().coordinators_path).load().usual
        if usual is not None:
            found["coordinator"] = {"value": usual, "source": "joined"}
    return found


def _beside(option: click.Option, kept: dict[str, Any], path: Path | None) -> dict[str, Any]:
    """An option of another verb, as it counts where the command line does not name it."""
    variable, name = str(option.envvar), str(option.name)
    if os.environ.get(variable):
        return {"value": os.environ[variable], "source": "environment", "from": variable}
    if name in kept:
        return {"value": kept[name], "source": "file", "from": str(path)}
    return {"value": None, "source": "default"}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str) and "://" in value:
        return without_password(value)
    return str(value) if isinstance(value, Path) else value


def _text(value: Any) -> str:
    if value in (None, "", []):
        return "–"
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _source(entry: dict[str, Any]) -> str:
    if entry["source"] == "joined":
        return "p2claw join"
    return str(entry.get("from", entry["source"]))
