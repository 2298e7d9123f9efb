"""Checks that no source of Cython or C reaches itself by what it imports or includes.

import-linter reads Python alone, and dependency-cruiser TypeScript; `make check` runs all three.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The folders that the compiler is told to find headers in.
C_ROOMS = ("core", "carrier")
IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+)?c?import\s+(.*)", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def main(root: Path = ROOT) -> int:
    headers, sources = c_graphs(root / "p2claw" / "dataplane")
    graphs = {
        "Cython modules": cython_graph(root),
        "headers of C": headers,
        "sources of C": sources,
    }
    circles = {kind: circle_of(uses) for kind, uses in graphs.items()}
    for kind, circle in circles.items():
        print(f"{len(graphs[kind])} {kind}, {'a' if circle else 'no'} circle")
        if circle:
            print(f"{kind} in a circle:", " -> ".join(circle), file=sys.stderr)
    return 1 if any(circles.values()) else 0


def cython_graph(root: Path) -> dict[str, set[str]]:
    """What each Cython module imports of the others, its declarations (.pxd) and itself in one."""
    texts: dict[str, str] = {}
    for end in ("pyx", "pxd", "pxi"):
        for path in (root / "p2claw").rglob(f"*.{end}"):
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            texts[name] = texts.get(name, "") + path.read_text(encoding="utf-8") + "\n"
    return {name: imports_of(text) & texts.keys() for name, text in texts.items()}


def imports_of(text: str) -> set[str]:
    """The modules that a source names in `import` and `cimport`, as dotted names."""
    found: set[str] = set()
    for package, names in IMPORT.findall(text):
        parts = [one.split()[0] for one in names.strip("( \\").split(",") if one.strip("() ")]
        found |= {package, *(f"{package}.{one}" for one in parts)} if package else set(parts)
    return found


def c_graphs(plane: Path) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """What headers include of headers, and what sources use of sources.

    A source uses another if it includes the header of that one. Generated files, whose names begin
    with an underscore, are left out.
    """
    headers: dict[str, set[str]] = {}
    sources: dict[str, set[str]] = {}
    for room in (plane / name for name in C_ROOMS):
        for path in room.rglob("*.[ch]"):
            if path.name.startswith("_"):
                continue
            name = path.relative_to(room).with_suffix("").as_posix()
            named = INCLUDE.findall(path.read_text(encoding="utf-8"))
            used = {one.removesuffix(".h") for one in named}
            (headers if path.suffix == ".h" else sources)[name] = used
    return headers, {name: used & sources.keys() for name, used in sources.items()}


def circle_of(uses: Mapping[str, Iterable[str]]) -> list[str]:
    """The members of a circle, if there is one, the first of them again at its end.

    Each may name itself: a module its own declarations, a source its own header.
    """
    try:
        TopologicalSorter({name: set(used) - {name} for name, used in uses.items()}).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
