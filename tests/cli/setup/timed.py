"""How long it takes from nothing to a visited app with everything on one machine: a program.

    python -m tests.cli.setup.timed

Runs the commands of the README under a systemd of its own, as root, and prints each with its
seconds. Packages are installed already, and Caddy signs by itself; with an authority of the
Internet each new name takes some seconds more.
"""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
import time
from pathlib import Path

from tests.cli.setup.test_real_services import NAME, TURN, UNITS
from tests.support.own_systemd import PROGRAM, OwnSystemd, own_systemd

MOST_S = 300.0
WAIT_S = 60.0
ROOT = "/var/lib/caddy/.local/share/caddy/pki/authorities/local/root.crt"
TRUSTED = "/etc/ssl/certs"


def main() -> int:
    """Returns 1 if it took more than MOST_S, or the app was not visited."""
    with tempfile.TemporaryDirectory() as folder, own_systemd(Path(folder), *UNITS) as systemd:
        took_s, page = _run(systemd)
    print(f"{took_s:6.1f} s  in all; the page: {page!r}")
    return 0 if took_s <= MOST_S and page == "the page" else 1


def _run(systemd: OwnSystemd) -> tuple[float, str]:
    begun_s = time.monotonic()
    setup = ("server", "setup", NAME, "--internal-ca", "--turn", TURN)
    _timed(systemd, *setup)
    # Whoever visits has to trust Caddy's own authority: with one of the Internet all do.
    systemd.must("sh", "-c", f"mkdir /tmp/site && echo the page > /tmp/site/index.html; {_ROOT}")
    _timed(systemd, "join", f"https://{NAME}", user=True)
    _timed(systemd, "service", "install", user=True)
    _timed(systemd, "expose", "dog", "/tmp/site", user=True)
    url = ""
    deadline_s = time.monotonic() + WAIT_S
    while not url and time.monotonic() < deadline_s:
        shown = json.loads(systemd.must(PROGRAM, "routes", "--json", user=True))
        url = shown["routes"][0]["url"] or ""
        time.sleep(0 if url else 0.2)
    page = _timed(systemd, "fetch", url, user=True)
    return time.monotonic() - begun_s, page.strip()


_ROOT = (
    f"for try in $(seq 300); do [ -e {ROOT} ] && break; sleep 0.1; done; "
    f"install -m 644 {ROOT} {TRUSTED}/caddy.pem; "
    f"ln -s caddy.pem {TRUSTED}/$(openssl x509 -hash -noout -in {ROOT}).0; "
    f"cat {ROOT} >> {TRUSTED}/ca-certificates.crt"
)


def _timed(systemd: OwnSystemd, *arguments: str, user: bool = False) -> str:
    begun_s = time.monotonic()
    done = systemd.must(PROGRAM, *arguments, user=user)
    took_s = time.monotonic() - begun_s
    print(f"{took_s:6.1f} s  {'' if user else 'sudo '}p2claw {shlex.join(arguments)}", flush=True)
    return done


if __name__ == "__main__":
    sys.exit(main())
