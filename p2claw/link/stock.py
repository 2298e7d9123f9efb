"""Checks once that the installed aioice has the private names which links rely on.

A new version that renamed something fails here, at the start and with the name, instead of in the
middle of a link.
"""

from __future__ import annotations

import functools
from typing import Any

import aioice.ice
from aioice import Connection

from p2claw.errors import LinkError

# Why each cannot be avoided: docs/decisions/0012.
_CONNECTION = (
    *("_check_list", "_check_list_state", "_early_checks", "_early_checks_done"),
    *("_nominated", "_protocols", "_queue", "_tie_breaker", "local_candidates"),
    *("_add_remote_candidate", "_check_periodic", "_find_pair", "_pair_remote_candidate"),
    *("_remote_candidates_expected", "_unfreeze_initial", "check_incoming", "check_start"),
    *("check_start_task", "check_state", "remote_candidates", "sort_check_list"),
)


@functools.cache
def check_stock() -> None:
    """Raises LinkError `aioice-incompatible`, naming what is missing. Needs a running loop."""
    missing = [
        *_missing(Connection(ice_controlling=False), *_CONNECTION),
        *_missing(
            aioice.ice, "ICE_COMPLETED", "CandidatePair", "StunProtocol", "relayed_candidate"
        ),
    ]
    if missing:
        from importlib.metadata import version

        raise LinkError(
            f"aioice {version('aioice')} cannot carry links: it lacks {', '.join(missing)}",
            code="aioice-incompatible",
            hint="Install the version that p2claw asks for: pip install 'aioice>=0.13,<0.14'",
        )


def _missing(owner: Any, *names: str) -> list[str]:
    where = owner.__name__ if hasattr(owner, "__name__") else type(owner).__name__
    return [f"{where}.{name}" for name in names if not hasattr(owner, name)]
