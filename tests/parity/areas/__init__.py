"""The cases, an area in a file or two. Each is written from a standard, not from what p2claw does."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.parity.cases import Case


def all_cases() -> list[Case]:
    """Every case, in the order of the files' names."""
    found: list[Case] = []
    for file in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        found += import_module(f"{__name__}.{file.stem}").cases()
    ids = [each.id for each in found]
    if len(ids) != len(set(ids)):
        twice = sorted({each for each in ids if ids.count(each) > 1})
        raise ValueError(f"ids that stand for more than one case: {twice[:5]}")
    return found
