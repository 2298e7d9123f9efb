"""A duration on the command line: `30m`, `24h`, `7d`."""

from __future__ import annotations

import re

import click

_LASTS = re.compile(r"(\d{1,6})([mhd])")
_UNIT_S = {"m": 60, "h": 3_600, "d": 86_400}


class Lasting(click.ParamType[int]):
    """Whole minutes, hours or days, as seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        if isinstance(value, int):
            return value
        found = _LASTS.fullmatch(str(value).strip().lower())
        if found is None or int(found[1]) == 0:
            self.fail(f"{value!r} is not a duration; give 30m, 24h or 7d", param, ctx)
        return int(found[1]) * _UNIT_S[found[2]]
