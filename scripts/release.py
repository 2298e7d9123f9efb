"""`python -m scripts.release AGAIN`: puts into dist/ what a release has beside wheel and archive.

    p2claw-VERSION-browser-side.json   what an edge of it sends to browsers, by SHA-256
    p2claw-VERSION-python.cdx.json     what is installed with it (CycloneDX)
    p2claw-VERSION-browser.cdx.json    what of others is in the browser side (CycloneDX)
    p2claw-docs-VERSION.tar.gz         all documents as pages, and the man page

Fails if browser side, archive or wheel are not the same bytes when they are built again, if a list
is no CycloneDX, or if a server of the wheel sends browsers anything else than is listed. AGAIN: the
folder with archive and wheel of a second build.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from p2claw import __version__
from p2claw.edge.bootstrap import STATIC, load_bootstrap
from p2claw.edge.browser_side import BrowserSide
from scripts.packing import pack

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
WORK = ROOT / "build" / "release"
NAME, DOCS = f"p2claw-{__version__}", f"p2claw-docs-{__version__}"
# The wheel as scripts/check_wheel.py unpacked it, and installed it with what it asks for.
UNPACKED = ROOT / "build" / "wheel" / "unpacked" / "p2claw"
INSTALLED = ROOT / "build" / "wheel" / "venv" / "bin"
# As bootstrap/build/licences.mjs lists them.
_CRATE = re.compile(r"^  ([\w-]+)(?: ([\d.]+))?, in (\S+)$", re.MULTILINE)


def main(again: Path) -> int:
    """Everything in turn. Returns the exit code."""
    listed = BrowserSide.of(load_bootstrap(UNPACKED / "edge" / "static"))
    side = DIST / f"{NAME}-browser-side.json"
    side.write_bytes(listed.content())
    wrong = [*_browser_side_differs(), *_built_differs(again)]
    if wrong:
        print("not the same when built again:", *wrong, sep="\n  ", file=sys.stderr)
        return 1
    print(f"built twice, the same bytes: {len(listed.digests)} files of the browser side,", end=" ")
    print(*(path.name for path in sorted(again.iterdir())), sep=", ")
    film = UNPACKED / "demo_app" / "media" / "film.webm"
    program = str(INSTALLED / "p2claw")
    print(_run(sys.executable, "scripts/try_program.py", program, str(film), str(side)).strip())
    _write(f"{NAME}-python.cdx.json", _python_parts())
    _write(f"{NAME}-browser.cdx.json", _browser_parts())
    pages = ROOT / "build" / "docs"
    found = [file for part in ("html", "man") for file in (pages / part).rglob("*")]
    docs = {f"{DOCS}/{file.relative_to(pages)}": file for file in found if _is_page(file)}
    pack(DIST / f"{DOCS}.tar.gz", docs)
    return 0


def _browser_side_differs() -> list[str]:
    """Built into another folder, with the same tools: every file, also the compressed ones."""
    other = WORK / "browser"
    shutil.rmtree(other, ignore_errors=True)
    _run("node", "build/build.mjs", "--out", str(other), cwd=ROOT / "bootstrap")
    names = {file.name for folder in (STATIC, other) for file in folder.iterdir()}
    return [name for name in sorted(names) if not _same(STATIC / name, other / name)]


def _built_differs(again: Path) -> list[str]:
    return [file.name for file in sorted(again.iterdir()) if not _same(file, DIST / file.name)]


def _same(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def _python_parts() -> dict[str, Any]:
    words = ("--output-reproducible", "--mc-type", "application", "--pyproject", "pyproject.toml")
    text = _run(
        sys.executable, "-m", "cyclonedx_py", "environment", *words, str(INSTALLED / "python")
    )
    found: dict[str, Any] = json.loads(text)
    return found


def _browser_parts() -> dict[str, Any]:
    """Without what changes from run to run, and with the crates that npm does not know of."""
    words = ("--sbom-format", "cyclonedx", "--omit", "dev", "--package-lock-only")
    found: dict[str, Any] = json.loads(_run("npm", "sbom", *words, cwd=ROOT / "bootstrap"))
    del found["serialNumber"], found["metadata"]["timestamp"]
    found["components"] += _crates()
    return found


def _crates() -> list[dict[str, str]]:
    """What is compiled into a package, as the build of the browser side found it."""
    text = (UNPACKED / "edge" / "static" / "licences.txt").read_text()
    crates = []
    for name, version, package in _CRATE.findall(text):
        purl = {"purl": f"pkg:cargo/{name}@{version}", "version": version} if version else {}
        about = {"type": "library", "name": name, "description": f"compiled into {package}"}
        crates.append({**about, "bom-ref": f"{package}/{name}", "scope": "required", **purl})
    return crates


def _write(name: str, parts: dict[str, Any]) -> None:
    if not parts.get("components"):
        raise SystemExit(f"{name}: nothing is named in it")
    text = json.dumps(parts, indent=1, sort_keys=True) + "\n"
    validator = JsonStrictValidator(SchemaVersion.from_version(parts["specVersion"]))
    if (wrong := validator.validate_str(text)) is not None:
        raise SystemExit(f"{name} is not as CycloneDX has it: {wrong}")
    (DIST / name).write_text(text)
    print(f"{name}: {len(parts['components'])} parts")


def _is_page(file: Path) -> bool:
    return file.is_file() and ".doctrees" not in file.parts and file.name != ".buildinfo"


def _run(*words: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        words, cwd=cwd, capture_output=True, text=True, check=False, env=os.environ, timeout=600
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
