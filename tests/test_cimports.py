"""The check of `make check` that no Cython module imports itself in a circle."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "scripts" / "check_cimports.py"


def checked(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(root)], capture_output=True, text=True, check=False
    )


def test_a_circle_by_way_of_declarations_is_found(tmp_path: Path) -> None:
    package = tmp_path / "p2claw" / "plane"
    package.mkdir(parents=True)
    (package / "a.pyx").write_text("from p2claw.plane cimport b\n")
    (package / "b.pyx").write_text("from p2claw.plane.b cimport thing\n")
    declarations = package / "b.pxd"
    declarations.write_text("from libc.stdint cimport uint8_t\n")
    assert checked(tmp_path).returncode == 0
    declarations.write_text("from p2claw.plane.a cimport (\n    other,\n)\n")
    found = checked(tmp_path)
    assert found.returncode == 1
    assert "p2claw.plane.a -> p2claw.plane.b -> p2claw.plane.a" in found.stderr or (
        "p2claw.plane.b -> p2claw.plane.a -> p2claw.plane.b" in found.stderr
    )
