"""That the compiled codec is the one that runs, and that nothing replaces it in silence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import p2claw
from p2claw import _fastframe, _pyframe

PACKAGE = Path(p2claw.__file__).parent
SOURCES = [PACKAGE / "_fastframe.pyx", *PACKAGE.glob("*.pxi")]

_WITHOUT_EXTENSION = """
import sys
sys.modules["p2claw._fastframe"] = None
from p2claw.errors import P2clawError
try:
    import p2claw.wire.frames.codec as codec
except P2clawError as error:
    print(error.code, "|", error.hint)
else:
    print(codec.CODEC.name)
"""


def _python(code: str, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name != "P2CLAW_PURE"}
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, **environment},
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return run.stdout.strip()


def test_the_extension_is_machine_code() -> None:
    assert _fastframe.__file__.endswith(tuple(EXTENSION_SUFFIXES))


def test_the_extension_is_newer_than_its_sources() -> None:
    newest = max(source.stat().st_mtime for source in SOURCES)
    assert Path(_fastframe.__file__).stat().st_mtime >= newest, "run `make build`"


def test_a_session_runs_on_the_extension() -> None:
    print_name = "from p2claw.wire.frames.codec import CODEC; print(CODEC.name)"
    assert _python(print_name) == "fastframe"


def test_a_missing_extension_is_an_error_with_what_to_do() -> None:
    printed = _python(_WITHOUT_EXTENSION)
    assert printed.startswith("extension-missing | Run `make build`")


def test_the_reference_runs_where_it_is_asked_for() -> None:
    assert _python(_WITHOUT_EXTENSION, P2CLAW_PURE="1") == "pyframe"


def test_both_codecs_offer_the_same() -> None:
    def offered(kind: type) -> set[str]:
        return {name for name in vars(kind) if not name.startswith("_")}

    assert offered(_fastframe.Scheduler) == offered(_pyframe.Scheduler)
    assert offered(_fastframe.Outbox) == offered(_pyframe.Outbox)
    assert offered(_fastframe.Refill) == offered(_pyframe.Refill)
    # What the scheduler alone calls is no method of an object there.
    assert offered(_fastframe.Tap) == offered(_pyframe.Tap) - {"read"}


def test_each_file_of_the_reference_has_its_twin_in_cython() -> None:
    reference = {path.stem for path in (PACKAGE / "_pyframe").glob("[!_]*.py")}
    assert reference == {path.stem.removeprefix("_") for path in PACKAGE.glob("*.pxi")}


def test_the_extension_imports_no_clock_socket_or_loop() -> None:
    # import-linter does not read Cython.
    text = "\n".join(source.read_text() for source in SOURCES)
    imported = set(re.findall(r"^\s*(?:from|c?import)\s+([\w.]+)", text, re.MULTILINE))
    assert imported <= {
        "collections",
        "cpython.buffer",
        "cpython.bytes",
        "cpython.object",
        "cpython.ref",
        "cpython.unicode",
        "cython",
        "libc.stdint",
        "libc.string",
        "p2claw.errors",
    }


def test_only_a_tap_knows_a_descriptor() -> None:
    for source in SOURCES:
        headers = set(re.findall(r'cdef extern from "<?([\w./]+)>?"', source.read_text()))
        own = {"sys/socket.h", "unistd.h"} if source.name == "_tap.pxi" else {"Python.h"}
        assert headers <= own, source
