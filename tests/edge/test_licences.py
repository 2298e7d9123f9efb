"""The licences of what others wrote and the browser side has in it: all of them, in one text."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from p2claw.edge.bootstrap import STATIC, load_bootstrap

BOOTSTRAP = Path(__file__).parents[2] / "bootstrap"
PACKAGE = "node_modules/zip"
RUN = (
    "import { licences } from '%s/build/licences.mjs';"
    "console.log(await licences('.', ['src/a.ts', '%s/zip.wasm']));"
)


def words(text: str) -> str:
    """Without the ends of lines, which are nobody's."""
    return " ".join(text.split())


def test_each_package_is_named_with_its_version_and_its_whole_licence() -> None:
    text = words(load_bootstrap(STATIC).licences.bodies[""].decode())
    for name in json.loads((BOOTSTRAP / "package.json").read_text())["dependencies"]:
        package = BOOTSTRAP / "node_modules" / name
        facts = json.loads((package / "package.json").read_text())
        assert f"{name} {facts['version']} ({facts['license']})" in text
        for licence in package.glob("LICENSE*"):
            assert words(licence.read_text()) in text


def test_what_a_package_was_compiled_of_is_there_too() -> None:
    text = words(load_bootstrap(STATIC).licences.bodies[""].decode())
    for file in (BOOTSTRAP / "licences").glob("*/*.txt"):
        assert words(file.read_text()) in text


def package_of(folder: Path, module: bytes, *, licence: str = "Do as you like.") -> Path:
    """A tree with one package, which is a module of WebAssembly."""
    root = folder / "bootstrap"
    (root / PACKAGE).mkdir(parents=True)
    (folder / "LICENSE").write_text("Ours.")
    (root / PACKAGE / "package.json").write_text('{"name": "zip", "version": "1.0.0"}')
    (root / PACKAGE / "zip.wasm").write_bytes(b"\0asm\1\0\0\0" + module)
    if licence:
        (root / PACKAGE / "LICENSE").write_text(licence)
    (root / "licences/zip").mkdir(parents=True)
    (root / "licences/zip/known.txt").write_text("Known to all.")
    return root


def gathered(root: Path) -> subprocess.CompletedProcess[str]:
    script = RUN % (BOOTSTRAP, PACKAGE)
    command = ["node", "--input-type=module", "-e", script]
    return subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("where", ["/home/x/.cargo/registry/src/index.example-1", "/rust/deps"])
def test_a_crate_that_has_no_text_ends_the_build(tmp_path: Path, where: str) -> None:
    known, new = f"{where}/known-1.2.3/src/lib.rs", f"{where}/new-one-0.4.5/src/lib.rs"
    root = package_of(tmp_path, known.encode())
    done = gathered(root)
    assert done.returncode == 0 and "known 1.2.3, in zip" in done.stdout
    assert "Ours." in done.stdout and "Known to all." in done.stdout
    (root / PACKAGE / "zip.wasm").write_bytes(f"{known}\0{new}".encode())
    done = gathered(root)
    assert done.returncode != 0 and "no licence" in done.stderr and "new-one" in done.stderr


def test_a_package_without_a_licence_ends_the_build(tmp_path: Path) -> None:
    done = gathered(package_of(tmp_path, b"", licence=""))
    assert done.returncode != 0 and "zip has no text of its licence" in done.stderr
