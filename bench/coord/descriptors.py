"""As many sockets as a bench needs, beyond the hard limit if root may."""

from __future__ import annotations

import resource

from p2claw.errors import P2clawError


def allow(count: int) -> None:
    """Raises P2clawError `bench-descriptors`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(hard, count)))
    except (OSError, ValueError):
        raise P2clawError(
            f"A process may have {hard} sockets, and {count} are needed",
            code="bench-descriptors",
            hint="Raise it (`ulimit -n`), run it as root, or ask for fewer --boxes",
        ) from None
