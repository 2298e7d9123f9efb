"""What a command line names in short: the file that a URL ends in (`-O`), a person (`-u`)."""

from __future__ import annotations

import base64
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from p2claw.errors import UsageError

NAME_BYTES = 255


def name_in(url: str) -> Path:
    """The file that a URL ends in, in the folder of now. Raises UsageError `name-missing`."""
    try:
        name = unquote(urlsplit(url).path.rpartition("/")[2], errors="strict")
    except ValueError:
        name = ""
    fits = 0 < len(name.encode(errors="replace")) <= NAME_BYTES and name.isprintable()
    if not fits or name in (".", "..") or "/" in name or "\\" in name:
        raise UsageError(
            "The URL ends in no name for a file",
            code="name-missing",
            hint="Give one with -o FILE",
        )
    return Path(name)


def basic_field(user: str) -> tuple[str, str]:
    """The field of RFC 7617; asks for a password that was not given. Raises UsageError."""
    name, colon, password = user.partition(":")
    if not colon:
        if not sys.stdin.isatty():
            raise UsageError(
                "-u USER asks for the password on a terminal, and there is none",
                code="password-no-terminal",
                hint="Write -u USER:PASSWORD, or send the field with -H",
            )
        password = click.prompt(f"Password of {name}", hide_input=True, err=True)
    pair = base64.b64encode(f"{name}:{password}".encode()).decode()
    return "authorization", f"Basic {pair}"
