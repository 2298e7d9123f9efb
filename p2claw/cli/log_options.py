"""The options of long-running programs for their logs: `--log-level`, `--log-format`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from p2claw import log


def log_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the parameters `log_level` and `log_format`, for `log.configure`."""
    level = click.option(
        "--log-level",
        envvar="P2CLAW_LOG_LEVEL",
        type=click.Choice(log.LEVELS),
        default="info",
        show_default=True,
        help="What is written to standard error.",
    )
    form = click.option(
        "--log-format",
        envvar="P2CLAW_LOG_FORMAT",
        type=click.Choice(log.FORMATS),
        default="text",
        show_default=True,
        help="How log lines are written.",
    )
    return level(form(command))
