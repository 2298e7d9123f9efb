"""Differences that were seen and are not mended: ids below the reason, a file for each browser.

They are faults, not intentions (those are in `expected`). The list may only get shorter, but for
observations that are new.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent / "known"
# Whoever records a difference says why it is not mended, instead of this.
UNSAID = "?"


def known_differences(browser: str) -> dict[str, str]:
    """The reason for each id."""
    file = HERE / f"{browser}.txt"
    found: dict[str, str] = {}
    reason = UNSAID
    for line in file.read_text().splitlines() if file.exists() else ():
        if line.startswith("#"):
            reason = line[1:].strip()
        elif line:
            found[line] = reason
    return found


def unexplained() -> list[str]:
    """What is recorded without a reason, in any browser."""
    files = sorted(HERE.glob("*.txt"))
    return [
        f"{file.stem} {id}"
        for file in files
        for id, reason in known_differences(file.stem).items()
        if reason == UNSAID
    ]


def record(browser: str, differing: set[str], run: Callable[[str], bool]) -> None:
    """Replace what is known of the observations that were run, and keep the rest."""
    before = known_differences(browser)
    kept = {id for id in before if not run(id)} | differing
    ids: dict[str, list[str]] = {}
    for id in sorted(kept):
        ids.setdefault(before.get(id, UNSAID), []).append(id)
    parts = [f"# {reason}\n" + "".join(f"{id}\n" for id in ids[reason]) for reason in sorted(ids)]
    HERE.mkdir(exist_ok=True)
    (HERE / f"{browser}.txt").write_text("\n".join(parts))
