"""From nothing to the first visit, by a wheel alone: prints each command and its seconds.

    python scripts/time_first_visit.py WHEEL [--json]

PATH holds this Python and nothing else, so there is no compiler and no Node.js. pip may use what it
has cached: a second run shows a warm cache. The visit is one by `p2claw fetch`, to a server and a
box on this machine. On a busy machine look at the seconds of processor, which are those of all
processes together.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# Not needed, and not there.
ABSENT = ("gcc", "cc", "g++", "clang", "make", "node", "npm", "esbuild")
READY_S, END_S = 120, 30


def main(wheel: Path, *, as_json: bool) -> int:
    """Time every step; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="p2claw-") as folder:
        steps = _steps(wheel, Path(folder))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = used.ru_utime + used.ru_stime
    total_s = sum(seconds for _, seconds in steps)
    if as_json:
        facts = [{"command": command, "seconds": round(took, 2)} for command, took in steps]
        whole = {"seconds": round(total_s, 2), "cpu_seconds": round(cpu_s, 2)}
        print(json.dumps({"wheel": wheel.name, "steps": facts, **whole}))
        return 0
    for command, seconds in steps:
        print(f"{seconds:7.2f} s  {command}")
    print(f"{total_s:7.2f} s  from nothing to the first visit, without {', '.join(ABSENT)}")
    print(f"{cpu_s:7.2f} s  of processor, all processes together, also what serves")
    return 0


def _steps(wheel: Path, folder: Path) -> list[tuple[str, float]]:
    programs = folder / "bin"
    programs.mkdir()
    (programs / "python3").symlink_to(Path(sys._base_executable).resolve())
    env = {"PATH": str(programs), "HOME": str(folder), "LANG": "C.UTF-8"}
    found = [name for name in ABSENT if shutil.which(name, path=env["PATH"])]
    if found:
        raise SystemExit(f"on the PATH of this measurement: {found}")
    venv = folder / "venv"
    steps = [
        _timed(["python3", "-m", "venv", str(venv)], folder, env),
        _timed([f"{venv}/bin/pip", "install", "--quiet", str(wheel)], folder, env | _pip()),
    ]
    program, home = f"{venv}/bin/p2claw", {"P2CLAW_HOME": f"{folder}/demo/box"}
    command = [program, "demo", "--json", "--data", f"{folder}/demo"]
    began = time.monotonic()
    with subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE) as demo:
        try:
            facts = _first_line(demo)
            steps.append(("p2claw demo", time.monotonic() - began))
            url = f"{facts['url']}api/hello"
            visit = [program, "fetch", "--fail", "--edge", facts["edge"], url]
            command_line, seconds = _timed(visit, folder, env | home)
            steps.append((command_line.partition(" --edge")[0] + " URL", seconds))
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait(END_S)
    return steps


def _pip() -> Mapping[str, str]:
    """What leads pip to its registry and to its cache, and nothing else of our environment."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    kept.pop("PIP_CONSTRAINT", None)
    return kept | {"HOME": str(Path.home())}


def _timed(words: list[str], folder: Path, env: Mapping[str, str]) -> tuple[str, float]:
    began = time.monotonic()
    done = subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, check=False)
    took_s = time.monotonic() - began
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return " ".join([Path(words[0]).name, *words[1:]]).replace(f"{folder}/", ""), took_s


def _first_line(demo: subprocess.Popen[bytes]) -> dict[str, Any]:
    signal.signal(signal.SIGALRM, lambda *_: demo.terminate())
    signal.alarm(READY_S)
    assert demo.stdout is not None
    line = demo.stdout.readline()
    signal.alarm(0)
    if not line:
        raise SystemExit("`p2claw demo` did not come up")
    facts: dict[str, Any] = json.loads(line)
    return facts


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), as_json="--json" in sys.argv[2:]))
