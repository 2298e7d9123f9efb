"""What import-linter does not see: it does not read Cython or C. Circles are in `test_circles`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import p2claw.dataplane

PLANE = Path(p2claw.dataplane.__file__).parent
CORE, CARRIER = PLANE / "core", PLANE / "carrier"

# The C library without IO, and the instructions that a checksum may use.
PURE_HEADERS = {
    "math.h",
    "nmmintrin.h",
    "stdbool.h",
    "stddef.h",
    "stdint.h",
    "stdlib.h",
    "string.h",
    "sys/auxv.h",
    "wmmintrin.h",
}
PURE_MODULES = {
    "cpython.bytes",
    "cpython.ref",
    "cython",
    "libc.math",
    "libc.stddef",
    "libc.stdint",
    "libc.string",
    "p2claw.errors",
}
# Declared by stdlib.h all the same.
IMPURE_CALLS = re.compile(r"\b(?:rand|srand|random|getenv|system|exit|abort|atexit|mkstemp)\(")
LONGEST_LINES = 400


def c_files(*rooms: Path) -> list[Path]:
    """Those that people wrote; what Cython wrote begins with an underscore."""
    found = [path for room in rooms for path in sorted(room.rglob("*.[ch]"))]
    return [path for path in found if not path.name.startswith("_")]


def impurities(name: str, text: str) -> set[str]:
    """What in this text of a C source is no business of the core's."""
    foreign = set(re.findall(r"#\s*include\s*<([\w./]+)>", text)) - PURE_HEADERS
    return {f"{name}: {what}" for what in foreign | set(IMPURE_CALLS.findall(text))}


def includes(text: str) -> set[str]:
    return set(re.findall(r'#\s*include\s*"([^"]+)"', text))


@pytest.mark.parametrize("name", ["_sctp", "_stun"])
def test_the_extension_imports_no_clock_socket_or_loop(name: str) -> None:
    source = (CORE / f"{name}.pyx").read_text() + (CORE / f"{name}.pxd").read_text()
    imported = set(re.findall(r"^\s*(?:from|c?import)\s+([\w.]+)", source, re.MULTILINE))
    assert imported <= PURE_MODULES
    assert set(re.findall(r'extern from "([^"]+)"', source)) <= {
        str(path.relative_to(CORE)) for path in c_files(CORE)
    }


def test_the_core_includes_no_clock_socket_or_random_numbers() -> None:
    found = set()
    for path in c_files(CORE):
        text = path.read_text()
        found |= impurities(path.name, text)
        found |= {f"{path.name}: {name}" for name in includes(text) if not (CORE / name).exists()}
    assert found == set()


@pytest.mark.parametrize(
    "planted", ["#include <sys/socket.h>", "# include <time.h>", "int x(void) { return rand(); }"]
)
def test_a_planted_impurity_is_found(planted: str) -> None:
    text = (CORE / "sctp" / "association.c").read_text()
    assert impurities("association.c", text) == set()
    assert impurities("association.c", f"{text}\n{planted}\n") != set()


def test_sctp_and_stun_know_nothing_of_each_other() -> None:
    for room, other in (("sctp", "stun"), ("stun", "sctp"), ("bytes", "sctp"), ("bytes", "stun")):
        for path in c_files(CORE / room):
            named = {name for name in includes(path.read_text()) if name.startswith(f"{other}/")}
            assert named == set(), path


def test_no_file_of_the_c_sources_is_too_long() -> None:
    lengths = {str(p.relative_to(PLANE)): len(p.read_text().splitlines()) for p in c_files(PLANE)}
    assert {name: n for name, n in lengths.items() if n > LONGEST_LINES} == {}
