"""Checks that no Cython module reaches itself by what it imports; import-linter reads no Cython."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+)?c?import\s+(.*)", re.MULTILINE)


def main(root: Path = ROOT) -> int:
    sources = [
        path for end in ("pyx", "pxd", "pxi") for path in (root / "p2claw").rglob(f"*.{end}")
    ]
    texts: dict[str, str] = {}
    for path in sources:
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        texts[name] = texts.get(name, "") + path.read_text(encoding="utf-8") + "\n"
    circle = circle_of({name: imports_of(text) & texts.keys() for name, text in texts.items()})
    if circle:
        print("Cython modules in a circle:", " -> ".join(circle), file=sys.stderr)
    print(f"{len(texts)} Cython modules, {'a' if circle else 'no'} circle")
    return 1 if circle else 0


def imports_of(text: str) -> set[str]:
    """The modules that a source names in `import` and `cimport`, as dotted names."""
    found: set[str] = set()
    for package, names in IMPORT.findall(text):
        parts = [one.split()[0] for one in names.strip("( \\").split(",") if one.strip("() ")]
        found |= {package, *(f"{package}.{one}" for one in parts)} if package else set(parts)
    return found


def circle_of(uses: Mapping[str, Iterable[str]]) -> list[str]:
    """The modules of a circle, if there is one, the first of them again at its end.

    A module may cimport its own declarations.
    """
    try:
        TopologicalSorter({name: set(used) - {name} for name, used in uses.items()}).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
