"""Objects that refer to each other are found late, but they are found."""

from __future__ import annotations

import subprocess
import sys

_MANY_CYCLES = """
import gc
from p2claw.garbage import YOUNG, look_rarely

class Cycle:
    alive = 0
    def __init__(self):
        Cycle.alive += 1
        self.itself = self
    def __del__(self):
        Cycle.alive -= 1

look_rarely()
assert gc.get_freeze_count() > 1000
most = 0
for _ in range(10 * YOUNG):
    Cycle()
    most = max(most, Cycle.alive)
assert YOUNG // 4 < most <= YOUNG + 1, most

old = [Cycle() for _ in range(5 * YOUNG)]  # outlive many looks
old.clear()
for _ in range(20 * YOUNG):
    Cycle()
assert Cycle.alive <= YOUNG + 1, Cycle.alive
"""


def test_cycles_are_freed_before_there_are_too_many() -> None:
    subprocess.run([sys.executable, "-c", _MANY_CYCLES], check=True, timeout=60)
