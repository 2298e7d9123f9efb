"""What import-linter does not see: it does not read Cython or C."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import p2claw.dataplane

HERE = Path(p2claw.dataplane.__file__).parent
SOURCES = [*HERE.glob("sctp/*.[ch]"), *HERE.glob("stun/*.[ch]")]


@pytest.mark.parametrize("name", ["_sctp", "_stun"])
def test_the_extension_imports_no_clock_socket_or_loop(name: str) -> None:
    source = (HERE / f"{name}.pyx").read_text() + (HERE / f"{name}.pxd").read_text()
    imported = set(re.findall(r"^\s*(?:from|c?import)\s+([\w.]+)", source, re.MULTILINE))
    assert imported <= {
        "cpython.bytes",
        "cpython.ref",
        "cython",
        "libc.math",
        "libc.stddef",
        "libc.stdint",
        "libc.string",
        "p2claw.errors",
    }


def test_the_c_sources_include_no_clock_socket_or_random_numbers() -> None:
    found = set()
    for path in SOURCES:
        found |= set(re.findall(r"#include <([\w./]+)>", path.read_text()))
    assert found <= {
        "math.h",
        "nmmintrin.h",
        "stdbool.h",
        "stddef.h",
        "stdint.h",
        "stdlib.h",
        "string.h",
        "sys/auxv.h",
    }


def test_no_file_of_the_c_sources_is_too_long() -> None:
    lengths = {str(p.relative_to(HERE)): len(p.read_text().splitlines()) for p in SOURCES}
    assert {name: n for name, n in lengths.items() if n > 400} == {}
