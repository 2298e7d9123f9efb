"""A number of workers on the command line: `4`, or `auto` for one per core."""

from __future__ import annotations

import click

from p2claw.cli.cores import usable_cores

AUTO = "auto"


class WorkerCount(click.ParamType[int]):
    """A whole number; whether an agent can have so many is for `AgentConfig` to decide."""

    name = "number|auto"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if value == AUTO:
            return usable_cores()
        try:
            return int(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a number; give one, or {AUTO}", param, ctx)
