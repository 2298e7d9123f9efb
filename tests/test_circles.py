"""`make check` finds circles of imports: each of its checks is shown one that was planted."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLANE = Path("p2claw", "dataplane")


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def of_cython_or_c(root: Path) -> subprocess.CompletedProcess[str]:
    return run(root, sys.executable, str(ROOT / "scripts" / "check_circles.py"), str(root))


def test_cython_by_way_of_declarations(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "p2claw/plane/a.pyx": "from p2claw.plane cimport b\n",
            "p2claw/plane/b.pyx": "from p2claw.plane.b cimport thing\n",
            "p2claw/plane/b.pxd": "from libc.stdint cimport uint8_t\n",
        },
    )
    assert of_cython_or_c(tmp_path).returncode == 0
    write(tmp_path, {"p2claw/plane/b.pxd": "from p2claw.plane.a cimport (\n    other,\n)\n"})
    found = of_cython_or_c(tmp_path)
    assert found.returncode == 1
    assert "p2claw.plane.a -> p2claw.plane.b -> p2claw.plane.a" in found.stderr or (
        "p2claw.plane.b -> p2claw.plane.a -> p2claw.plane.b" in found.stderr
    )


@pytest.mark.parametrize(
    ("file", "kind"), [("core/sctp/loss.c", "sources"), ("core/sctp/loss.h", "headers")]
)
def test_c_by_way_of_headers(tmp_path: Path, file: str, kind: str) -> None:
    """Two rooms: what the carrier includes is found from its own folder and from the core's."""
    plane = tmp_path / PLANE
    write(
        plane,
        {
            "core/sctp/path.h": '#include "sctp/loss.h"\n',
            "core/sctp/path.c": '#include "sctp/path.h"\n#include "sctp/loss.h"\n',
            "core/sctp/loss.h": "",
            "core/sctp/loss.c": '#include "sctp/loss.h"\n',
            "carrier/udp/port.c": '#include "sctp/path.h"\n',
        },
    )
    assert of_cython_or_c(tmp_path).returncode == 0
    write(plane, {file: '#include "sctp/path.h"\n'})
    found = of_cython_or_c(tmp_path)
    assert found.returncode == 1
    assert f"{kind} of C in a circle" in found.stderr


@pytest.mark.parametrize("condition", ["", "if TYPE_CHECKING:\n    "])
def test_python_within_a_room_also_for_types_alone(tmp_path: Path, condition: str) -> None:
    """By the contract of pyproject.toml, on a package of the same name."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (acyclic,) = [one for one in contracts["contracts"] if one["type"] == "acyclic_siblings"]
    ancestors = ", ".join(acyclic["ancestors"])
    assert ancestors == contracts["root_package"]
    write(
        tmp_path,
        {
            ".importlinter": "[importlinter]\nroot_package = p2claw\n"
            "[importlinter:contract:1]\nname = no circle\n"
            f"type = {acyclic['type']}\nancestors = {ancestors}\n",
            "p2claw/__init__.py": "",
            "p2claw/room/__init__.py": "",
            "p2claw/room/one.py": "from p2claw.room import two\n",
            "p2claw/room/two.py": "",
        },
    )
    command = (str(Path(sys.executable).with_name("lint-imports")), "--no-cache")
    assert run(tmp_path, *command).returncode == 0
    planted = f"from typing import TYPE_CHECKING\n{condition}from p2claw.room import one\n"
    write(tmp_path, {"p2claw/room/two.py": planted})
    found = run(tmp_path, *command)
    assert found.returncode == 1
    assert "No cycles are allowed in p2claw.room" in found.stdout


@pytest.mark.parametrize("word", ["import", "import type"])
def test_typescript_within_a_realm_also_for_types_alone(tmp_path: Path, word: str) -> None:
    bootstrap = ROOT / "bootstrap"
    write(
        tmp_path,
        {
            "src/wire/one.ts": 'import type { Two } from "./two";\nexport type One = Two;\n',
            "src/wire/two.ts": "export type Two = number;\n",
            "tsconfig.base.json": (bootstrap / "tsconfig.base.json").read_text(),
        },
    )
    # It looks for the compiler, which knows types, from its own folder.
    command = (
        str(bootstrap / "node_modules/.bin/depcruise"),
        *("--config", str(bootstrap / "build" / "imports.cjs"), "--output-type", "err", "src"),
    )
    clean = run(tmp_path, *command)
    assert clean.returncode == 0, clean.stdout
    write(tmp_path, {"src/wire/two.ts": f'{word} {{ One }} from "./one";\nexport type Two = One;'})
    found = run(tmp_path, *command)
    assert found.returncode != 0
    assert "no-circle: src/wire/one.ts" in found.stdout
