"""Tries an installed p2claw as whoever installed it does: its version, a demo, a shared folder.

    python3 try_program.py PROGRAM FILM [LIST]

Server, agents and visitors are of that installation, on loopback, and PATH has no program at all:
no compiler, no Node.js. FILM: the film of the sample app, to compare what is fetched with.
LIST: the files of a browser side, that the server must send to browsers; else those of the program
itself. This needs Python's own library and no more, so it runs wherever the program is installed.
"""

from __future__ import annotations

import filecmp
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

READY_S, END_S, RUN_S = 90, 30, 120
NOTE = "carried from one machine to the other\n"


def main(program: str, film: Path, listed: Path | None = None) -> int:
    """Try everything in turn; ends with an error at the first that is wrong."""
    with tempfile.TemporaryDirectory(prefix="p2claw-") as name:
        home = Path(name)
        version = _run(home, program, "--version")
        with _started(home, "box", program, "demo", "--json", "--data", str(home)) as lines:
            demo = _event(lines)
            checks = _doctor(home, program)
            served = _served(home, program, demo["url"], listed)
            url = f"{demo['url'].rstrip('/')}/media/film.webm"
            fetched = home / "film.webm"
            _fetch(home, program, demo["edge"], url, "-o", str(fetched))
            if not filecmp.cmp(fetched, film, shallow=False):
                raise SystemExit("the film that was fetched is not the one that was built")
            _share(home, program, demo["edge"])
    print(
        f"{version}; without any program on PATH: {checks} checks of the doctor; {served}; "
        f"{film.stat().st_size:,} bytes fetched, a folder shared and visited"
    )
    return 0


def _doctor(home: Path, program: str) -> int:
    checks = json.loads(_run(home, program, "doctor", "--json"))["checks"]
    # The demo names no STUN server, and the doctor says so; nothing else may be amiss.
    poor = [check for check in checks if check["level"] != "ok" and check["check"] != "stun"]
    if poor:
        raise SystemExit(f"the doctor finds: {poor}")
    return len(checks)


def _served(home: Path, program: str, url: str, listed: Path | None) -> str:
    """What the doctor finds who compares the browser side, as an edge sends it, with a list."""
    words = ("--browser-side", str(listed)) if listed else ()
    checks = json.loads(_run(home, program, "doctor", "--json", url, *words))["checks"]
    [found] = [check for check in checks if check["check"] == "browser side"]
    if found["level"] != "ok":
        raise SystemExit(f"what the server sends to browsers: {found}")
    return str(found["text"])


def _share(home: Path, program: str, edge: str) -> None:
    """By an agent of its own, with a key of its own, which is gone afterwards."""
    folder = home / "notes"
    folder.mkdir()
    (folder / "note.txt").write_text(NOTE)
    server = f"http://localhost:{edge.rpartition(':')[2]}"
    words = ("share", "--json", "--no-qr", "--at", server, str(folder))
    with _started(home, "second", program, *words) as lines:
        while (shared := _event(lines))["event"] != "shared":
            pass
        got = _fetch(home, program, edge, f"{shared['url']}note.txt")
    if got != NOTE.strip():
        raise SystemExit(f"the note of the shared folder came as {got!r}")


def _fetch(home: Path, program: str, edge: str, url: str, *words: str) -> str:
    return _run(home, program, "fetch", "--fail", "--edge", edge, *words, url)


@contextmanager
def _started(home: Path, box: str, *words: str) -> Iterator[IO[bytes]]:
    """A command that runs until it is ended; its standard output. box: where its key is."""
    running = subprocess.Popen(words, stdout=subprocess.PIPE, env=_env(home, box), cwd=home)
    assert running.stdout is not None
    try:
        yield running.stdout
        running.terminate()
        if (code := running.wait(END_S)) != 0:
            raise SystemExit(f"{' '.join(words)}: exit {code} when it was ended")
    finally:
        if running.poll() is None:
            running.kill()
            running.wait(END_S)


def _event(lines: IO[bytes]) -> dict[str, Any]:
    """The next line, which comes within READY_S."""
    signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(READY_S)
    line = lines.readline()
    signal.alarm(0)
    if not line:
        raise SystemExit("it ended too soon; what it wrote is above")
    event: dict[str, Any] = json.loads(line)
    return event


def _too_late(*_: object) -> None:
    raise SystemExit(f"nothing came within {READY_S} s")


def _run(home: Path, *words: str) -> str:
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=home, env=_env(home, "box"), timeout=RUN_S
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def _env(home: Path, box: str) -> Mapping[str, str]:
    """Nothing of ours that would lead to another p2claw or configure it, and an empty PATH."""
    (home / "bin").mkdir(exist_ok=True)
    own = {"PATH": str(home / "bin"), "HOME": str(home), "P2CLAW_HOME": str(home / box)}
    return {**own, "LANG": os.environ.get("LANG", "C.UTF-8")}


if __name__ == "__main__":
    given = [Path(word).resolve() for word in sys.argv[2:]]
    sys.exit(main(sys.argv[1], *given))
