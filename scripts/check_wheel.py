"""Checks a wheel as whoever installs it meets it: tag, contents, stripped, and at work.

    python scripts/check_wheel.py WHEEL

Installs it into build/wheel/venv, which is made anew by the Python that runs this, and visits the
sample app through a server and an agent of that installation, on loopback.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

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
    *("agent/folders/page/style.css", "agent/folders/page/viewer.js"),
    *("demo_app/media/film.webm", "demo_app/media/crab.svg", "cli/errors/texts.toml"),
]
UNWANTED = re.compile(
    r"\.(c|h|pyx|pxd|pxi|pyc)$|^(?!p2claw/|p2claw-[^/]*\.dist-info/|p2claw\.libs/)"
)
LEFT_OVER = re.compile(r"\s(\.z?debug_\w+|\.symtab|\.stab)\s|\((R(?:UN)?PATH)\)")
READY_S, END_S = 90, 30


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
    with tempfile.TemporaryDirectory(prefix="p2claw-") as folder:
        visited = _visit(program, Path(folder))
    print(f"{wheel.name}: {wheel.stat().st_size:,} bytes; {output}; {visited}")
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
    _run(str(venv / "bin/pip"), "--quiet", "install", "--only-binary=:all:", str(wheel))
    return str(venv / "bin/p2claw")


def _visit(program: str, home: Path) -> str:
    """Publish the sample app, let the doctor look, fetch the film and compare it."""
    with subprocess.Popen(
        [program, "demo", "--json", "--data", str(home)],
        stdout=subprocess.PIPE,
        env=_clean(),
        cwd=home,
    ) as demo:
        try:
            assert demo.stdout is not None
            facts: dict[str, Any] = json.loads(_line(demo))
            box = {"P2CLAW_HOME": str(home / "box")}
            checks = json.loads(_run(program, "doctor", "--json", cwd=home, **box))
            # The demo names no STUN server, and the doctor says so; nothing else may be amiss.
            poor = [c for c in checks["checks"] if c["level"] != "ok" and c["check"] != "stun"]
            if poor:
                raise SystemExit(f"the doctor finds: {poor}")
            film = home / "film.webm"
            url, edge = f"{facts['url'].rstrip('/')}/media/film.webm", facts["edge"]
            _run(program, "fetch", "-f", "-o", str(film), "--edge", edge, url, cwd=home, **box)
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait(END_S)
    [built] = (FOLDER / "unpacked").glob("p2claw/demo_app/media/film.webm")
    if _digest(film) != _digest(built):
        raise SystemExit("the film that was fetched is not the one of the wheel")
    return f"{len(checks['checks'])} checks of the doctor, {film.stat().st_size:,} bytes fetched"


def _line(demo: subprocess.Popen[bytes]) -> bytes:
    """Its first line; nothing when it ended, or took so long that it is ended here."""
    signal.signal(signal.SIGALRM, lambda *_: demo.terminate())
    signal.alarm(READY_S)
    try:
        assert demo.stdout is not None
        line = demo.stdout.readline()
    finally:
        signal.alarm(0)
    if not line:
        raise SystemExit("`p2claw demo` did not come up")
    return line


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


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
