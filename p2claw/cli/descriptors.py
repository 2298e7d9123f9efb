"""How many sockets this process may have open at once."""

from __future__ import annotations

import resource

# A link needs some ten descriptors, a box that is online one: the usual soft limit of 1,024 would
# be the first of all limits to be reached, and no refusal of ours belongs to it.
WANTED = 65_536
# A server keeps so many back, so that one that is full still opens its database and writes its log.
RESERVE = 128


def sockets_at_most(wanted: int) -> int:
    """How many of so many sockets a server may really hold, with the reserve kept back."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - RESERVE))


def allow_many_sockets() -> None:
    """Raise the soft limit as far as the hard one lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
