"""Checks the TURN key of a server whose options are on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import click

from p2claw.cli.config.file import find, options_of, read, values
from p2claw.cli.doctor.finding import Finding, failed, ok, warn
from p2claw.cli.operator.relays import tried
from p2claw.cli.server_settings import turn_key
from p2claw.cli.verbs import load_verb
from p2claw.errors import P2clawError, UsageError


async def check_turn_key(named: Path | None) -> list[Finding]:
    """Whether the relay service lends credentials; nothing where no server has a key.

    named: the file of options, if one was named. Its mistakes are those of the check `config`.
    """
    try:
        path = find(named, "server")
        file = None if path is None else read(path)
    except UsageError:
        return []
    if file is None or "turn-key" not in file.table("server"):
        return []
    token = file.path.parent / str(file.table("server").get("turn-key-token-file", ""))
    if token.is_file() and not os.access(token, os.R_OK):
        return [warn("relays", f"{token} is not for this user to read", "Ask as root")]
    try:
        key = turn_key({**_defaults(), **_of_relays(values(file, "server"))})
    except P2clawError as error:
        return [failed("relays", error)]
    if key is None:
        return []
    trial = await tried(key)
    if trial.error is not None:
        return [failed("relays", trial.error)]
    return [ok("relays", f"the TURN key is good: {', '.join(trial.urls)}")]


_NAMES = ("turn_key", "turn_key_token_file", "turn_key_api")


def _defaults() -> dict[str, object]:
    options = options_of(load_verb("server")).values()
    context = click.Context(load_verb("server"))
    return {str(o.name): o.get_default(context) for o in options if o.name in _NAMES}


def _of_relays(given: dict[str, object]) -> dict[str, object]:
    """With the path of the token as a path."""
    found = {name: value for name, value in given.items() if name in _NAMES}
    path = found.get("turn_key_token_file")
    return {**found, **({"turn_key_token_file": Path(str(path))} if path else {})}
