"""A number of bytes as people write it: `50GB`, `1.5 TB`, `512MiB`, `1000000`."""

from __future__ import annotations

import re
from typing import Any

import click

from p2claw.units import GIB, KIB, MB, MIB

_KB, _GB = 1_000, 1_000_000_000
_UNITS = {
    "": 1,
    "b": 1,
    "kb": _KB,
    "mb": MB,
    "gb": _GB,
    "tb": 1_000 * _GB,
    "kib": KIB,
    "mib": MIB,
    "gib": GIB,
    "tib": 1_024 * GIB,
}
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([a-z]*)", re.IGNORECASE)

MOST_BYTES = 10**18


class ByteSize(click.ParamType[int]):
    """The type of an option that is a number of bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        match = _SIZE.fullmatch(str(value).strip())
        unit = None if match is None else _UNITS.get(match[2].lower())
        if match is None or unit is None:
            self.fail(f"{value!r} is not a number of bytes, as 50GB or 512MiB are", param, ctx)
        count = int(float(match[1]) * unit) if "." in match[1] else int(match[1]) * unit
        if count > MOST_BYTES:
            self.fail(f"{value!r} is more than can be counted", param, ctx)
        return count
