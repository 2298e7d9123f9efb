"""How a case is run, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """seconds: of each run. sample_s: how often to print the stack's report; 0: never.

    real_time: whether sender and receiver come before all other work of the machine.
    """

    runs: int
    seconds: float
    sample_s: float
    real_time: bool
