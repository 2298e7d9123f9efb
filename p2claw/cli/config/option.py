"""The option `--config` of long-running programs: their other options may stand in that file.

The order is click's own: the command line, then the environment, then the file, then the default.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from p2claw.cli.config.file import find, read, values

_HERE = "p2claw.cli.config.file"


def file_option(function: Callable[..., Any], **more: Any) -> Callable[..., Any]:
    """The option by itself, as the parameter `config_file`."""
    return click.option(
        "--config",
        "config_file",
        envvar="P2CLAW_CONFIG",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Options in TOML.  [default: ~/.config/p2claw/p2claw.toml, if it is there]",
        **more,
    )(function)


def config_option(table: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the option, with the effect that `table` of the file sets its others."""

    def use_file(context: click.Context, _: click.Parameter, named: Path | None) -> None:
        path = find(named, table)
        context.meta[_HERE] = path
        if path is not None:
            context.default_map = values(read(path), table)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        return file_option(function, is_eager=True, expose_value=False, callback=use_file)

    return decorate


def origin(context: click.Context, parameter: str) -> tuple[str, str]:
    """Where a value comes from: `option`, `environment`, `file` or `default`, and which one."""
    source = context.get_parameter_source(parameter)
    if source is ParameterSource.ENVIRONMENT:
        found = next(one for one in context.command.params if one.name == parameter)
        return "environment", str(found.envvar)
    if source is ParameterSource.DEFAULT_MAP:
        return "file", str(context.meta[_HERE])
    return ("option" if source is ParameterSource.COMMANDLINE else "default"), ""
