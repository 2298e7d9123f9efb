"""As many sockets as a bench needs, beyond the hard limit if root may."""

from __future__ import annotations

import resource

from p2claw.errors import P2clawError


def allow(count: int, least: int = 0) -> None:
    """least: so many do where there are no more. Raises P2clawError `bench-descriptors`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(hard, count)))
    except (OSError, ValueError):
        if least and hard >= least:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            return
        raise P2clawError(
            f"A process may have {hard} sockets, and {count} are needed",
            code="bench-descriptors",
            hint="Raise it (`ulimit -n`), run it as root, or ask for fewer --boxes",
        ) from None
