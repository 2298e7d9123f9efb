"""What is tried, by name: who attacks, who is the victim, and what it was like before.

Those on a link are the attacks of `tests/hostile/attacks.py`; those of strangers, who have none,
are in `strangers.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.hostile.attacks import ATTACKS

ON_A_LINK, BY_A_STRANGER = "bench.hostile.attacker", "bench.hostile.strangers"


@dataclass(frozen=True, slots=True)
class Kind:
    """module: the process that attacks. links: so many at once. victim: `agent` or `server`.

    before: what others noticed, or what it cost, before shares and budgets.
    """

    module: str = ON_A_LINK
    links: int = 1
    victim: str = "agent"
    before: str = ""


_ALL_PLACES = "held all 256 upstream connections for 300 s: 503 for everybody else"

_LINKS = {
    "opens and cancels": Kind(before="20,000 in 5.8 s made 16,853 upstream connections"),
    "single bytes": Kind(before="a whole core; p50 661 ms"),
    "idle events": Kind(links=3, before=_ALL_PLACES),
    "hanging requests": Kind(links=3, before=_ALL_PLACES),
    "silent uploads": Kind(links=3, before=_ALL_PLACES),
}

KINDS: dict[str, Kind] = {
    **{name: _LINKS.get(name, Kind()) for name in ATTACKS},
    "end messages": Kind(
        BY_A_STRANGER, victim="server", before="682,200 were 2 s of the coordinator's core"
    ),
    "spoofed packets": Kind(BY_A_STRANGER),
    "forged tickets": Kind(BY_A_STRANGER),
    "replayed tickets": Kind(BY_A_STRANGER),
    "unfinished dials": Kind(BY_A_STRANGER),
}
