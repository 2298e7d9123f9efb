"""The options of verbs that visit an app: whom to reach, and how to enter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def visit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the parameters `edge`, `key` and `password_file`."""
    edge = click.option(
        "--edge",
        envvar="P2CLAW_EDGE",
        help="Connect there instead of to the URL's host, as http://127.0.0.1:8787.",
    )
    key = click.option("--key", help="The peer id that the box must have, as #k= in a URL.")
    password = click.option(
        "--password-file",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        help="Enter a guarded app by the password in this file's first line; - is standard input.",
    )
    return edge(key(password(command)))
