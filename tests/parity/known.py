"""Differences that were seen and are not mended yet: one id a line, a file for each browser.

They are faults, not intentions (those are in `expected`). The list may only get shorter, but for
observations that are new.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent / "known"


def known_differences(browser: str) -> frozenset[str]:
    file = HERE / f"{browser}.txt"
    return frozenset(file.read_text().split()) if file.exists() else frozenset()


def record(browser: str, differing: set[str], run: Callable[[str], bool]) -> None:
    """Replace what is known of the observations that were run, and keep the rest."""
    kept = {id for id in known_differences(browser) if not run(id)}
    HERE.mkdir(exist_ok=True)
    (HERE / f"{browser}.txt").write_text("".join(f"{id}\n" for id in sorted(kept | differing)))
