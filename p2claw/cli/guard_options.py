"""The options by which an owner decides who may enter an app, of `expose` and `share`.

A password is asked for, or read from a file: it never stands in a command line, which every user of
the machine can read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from p2claw.agent.access.ledger import Guard
from p2claw.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

_FILE_BYTES = 4_096


def guard_options(command: F) -> F:
    """Adds `--password`, `--password-file`, `--invited`, as arguments of these names."""
    for option in (
        click.option("--invited", is_flag=True, help="Only the invited enter: invite-visitor."),
        click.option(
            "--password-file",
            type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
            help="The password is the first line of this file; - is standard input.",
        ),
        click.option("--password", is_flag=True, help="Who enters must know a password: asks."),
    ):
        command = option(command)
    return command


def wanted_guard(password: bool, password_file: Path | None, invited: bool) -> Guard | None:
    """The guard that was asked for; None if none was. Raises UsageError."""
    if sum((password, password_file is not None, invited)) > 1:
        raise UsageError("Only one of --password, --password-file and --invited makes sense")
    if invited:
        return Guard()
    if not password and password_file is None:
        return None
    # Not before it is wanted: hashing is loaded for nobody else.
    from p2claw.agent.access.passwords import check_password, hash_of

    text = _asked() if password_file is None else password_in(password_file)
    return Guard(hash_of(check_password(text)))


def password_in(file: Path) -> str:
    """The first line of a file, or of standard input. Raises UsageError."""
    try:
        if file == Path("-"):
            content = sys.stdin.buffer.readline(_FILE_BYTES)
        else:
            with file.open("rb") as opened:
                content = opened.readline(_FILE_BYTES)
        text = content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"No password can be read from {file}: {getattr(error, 'strerror', None) or error}",
            code="password-unreadable",
            hint="Give a text file whose first line is the password, or - for standard input",
        ) from None
    if not text:
        raise UsageError(f"The first line of {file} is empty", code="password-unreadable")
    return text


def _asked() -> str:
    if not sys.stdin.isatty():
        raise UsageError(
            "--password asks on a terminal, and there is none",
            code="password-no-terminal",
            hint="Use --password-file FILE, or --password-file - for standard input",
        )
    text: str = click.prompt("Password of the app", hide_input=True, confirmation_prompt=True)
    return text
