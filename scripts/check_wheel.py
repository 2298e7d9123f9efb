"""Checks a wheel as whoever installs it meets it: tag, contents, stripped, and at work.

    python scripts/check_wheel.py WHEEL

Installs it into build/wheel/venv, which is made anew by the Python that runs this, and tries it
there (`try_program.py`): with no compiler, no Node.js and no other program on the PATH.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "build" / "wheel"
OLDEST_GLIBC = (2, 17)  # what the dependencies ask for, or less
EXTENSIONS = [
    "_fastframe",
    *(f"dataplane/carrier/_{name}" for name in ("engine", "records")),
    *(f"dataplane/core/_{name}" for name in ("sctp", "stun")),
]
NEEDED = [
    *("py.typed", "_fastframe.pyi", "dataplane/carrier/_engine.pyi", "edge/static/manifest.json"),
    *("edge/static/shell.html.br", "edge/static/sw.js", "demo_app/page/index.html"),
    "edge/static/licences.txt",
    *("agent/folders/page/style.css", "agent/folders/page/viewer.js"),
    *("demo_app/media/film.webm", "demo_app/media/crab.svg", "cli/errors/texts.toml"),
]
UNWANTED = re.compile(
    r"\.(c|h|pyx|pxd|pxi|pyc)$|^(?!p2claw/|p2claw-[^/]*\.dist-info/|p2claw\.libs/)"
)
LEFT_OVER = re.compile(r"\s(\.z?debug_\w+|\.symtab|\.stab)\s|\((R(?:UN)?PATH)\)")


def main(wheel: Path) -> int:
    name, version, *_ = wheel.name.split("-")
    wrong = [*_tag(wheel), *_contents(wheel)]
    print(*wrong, sep="\n", end="\n" if wrong else "", file=sys.stderr)
    if wrong:
        return 1
    program = _install(wheel)
    output = _run(program, "--version")
    if output.split()[-1] != version:
        raise SystemExit(f"{wheel.name}: `{name} --version` says {output!r}")
    film = FOLDER / "unpacked" / "p2claw/demo_app/media/film.webm"
    script = Path(__file__).with_name("try_program.py")
    tried = _run(sys.executable, str(script), program, str(film))
    print(f"{wheel.name}: {wheel.stat().st_size:,} bytes; {tried}")
    return 0


def _tag(wheel: Path) -> list[str]:
    found = re.search(r"manylinux_(\d+)_(\d+)_", wheel.name)
    if found and (int(found[1]), int(found[2])) <= OLDEST_GLIBC:
        return []
    return [f"{wheel.name}: asks for a glibc above {OLDEST_GLIBC}; `auditwheel show` says why"]


def _contents(wheel: Path) -> list[str]:
    """What is missing, what should not be there, and what is not stripped."""
    unpacked = FOLDER / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
        names = archive.namelist()
    wrong = [f"missing: p2claw/{name}" for name in NEEDED if f"p2claw/{name}" not in names]
    wrong += [f"not to be shipped: {name}" for name in names if UNWANTED.search(name)]
    libraries = [name for name in names if name.endswith(".so")]
    for extension in EXTENSIONS:
        if not any(name.startswith(f"p2claw/{extension}.") for name in libraries):
            wrong.append(f"missing: the extension p2claw/{extension}")
    for name in libraries:
        output = _run("readelf", "-SdW", str(unpacked / name))
        wrong += [f"{name} has {found[0].strip()}" for found in LEFT_OVER.finditer(output)]
    return wrong


def _install(wheel: Path) -> str:
    """A venv with the wheel and what it asks for. The p2claw in it."""
    venv = FOLDER / "venv"
    _run(sys.executable, "-m", "venv", "--clear", str(venv))
    words = ("--quiet", "install", "--only-binary=:all:", str(wheel))
    _run(str(venv / "bin/pip"), *words, PATH=str(venv / "bin"))
    return str(venv / "bin/p2claw")


def _run(*words: str, cwd: Path | None = None, **env: str) -> str:
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=cwd or FOLDER, env=_clean() | env, timeout=600
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def _clean() -> dict[str, str]:
    """Our environment without what would lead to another p2claw, or configure it."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "P2CLAW_"))}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
