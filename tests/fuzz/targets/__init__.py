"""The decoders that are fuzzed: each module here is one target, found by its name.

A target has `SEEDS`, well-formed inputs to start from, and `run(data)`, which feeds one input and
returns, or raises RemoteProtocolError. Anything else that it raises is a find.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module


@dataclass(frozen=True)
class Target:
    """One decoder to fuzz."""

    name: str
    seeds: Sequence[bytes]
    run: Callable[[bytes], None]


def load() -> dict[str, Target]:
    """All targets, by name."""
    targets = {}
    for found in pkgutil.iter_modules(__path__):
        module = import_module(f"{__name__}.{found.name}")
        targets[found.name] = Target(found.name, module.SEEDS, module.run)
    return targets
