"""The passphrase of a sealed recovery code, for the commands that need one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from p2claw.errors import UsageError

PASSPHRASE_CHARS = 1_024


def passphrase_option(text: str) -> Callable[[Any], Any]:
    """Give a command the parameter `passphrase_file`."""
    return click.option("--passphrase-file", metavar="FILE", help=text)


def read_passphrase(file: str | None) -> str | None:
    """The first line of a file; None: none is named.

    Raises UsageError `passphrase-unreadable`, `passphrase-empty`.
    """
    if file is None:
        return None
    try:
        if file == "-":
            line = sys.stdin.readline(PASSPHRASE_CHARS)
        else:
            with Path(file).open(encoding="utf-8") as opened:
                line = opened.readline(PASSPHRASE_CHARS)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} cannot be read: {error}", code="passphrase-unreadable", hint="Name a text file"
        ) from None
    passphrase = line.rstrip("\r\n")
    if not passphrase:
        raise UsageError(
            "The passphrase is empty",
            code="passphrase-empty",
            hint="Write it into the first line of the file",
        )
    return passphrase
