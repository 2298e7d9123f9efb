"""What verbs load while they run: whoever types one waits for it, before anything is printed.

Times depend on the machine; what is loaded does not. So these tests name modules, and no seconds.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from p2claw.cli.verbs import VERBS
from tests.cli.demos import Demo
from tests.cli.program import TIMEOUT_S, env_of, p2claw

# Each takes 20 ms of processor time or more, of which a verb that asks the agent needs nothing.
LINKS = {"aioice", "aiortc", "dns", "OpenSSL", "p2claw.dataplane", "p2claw.link", "p2claw.visitor"}
LOOPS = {"asyncio", "uvloop"}
SERVES = {"aiohttp", "prometheus_client", "p2claw.coord", "p2claw.edge"}
FEATURES = {"PIL", "argon2", "async_upnp_client", "joserfc", "mcp", "psycopg", "redis", "rich"}
HEAVY = LINKS | LOOPS | SERVES | FEATURES

# A fetch is a visit: it needs a link, and of the rest nothing.
# No names of mDNS are met on this machine, nor does anybody ask for the versions of packages.
FETCHING = HEAVY - LINKS - LOOPS | {"aiortc", "av", "dns", "importlib.metadata"}
FETCHING |= {"p2claw.agent", "p2claw.config.server"}

# Of each verb a call that is soon over, `{home}` stands for a folder. The others are below.
CALLS: dict[str, tuple[str, ...]] = {
    "join": (),
    "leave": ("http://coordinator.invalid",),
    "expose": ("door", "{upstream}"),
    "unexpose": ("door",),
    "invitations": ("list",),
    "access": ("list",),
    "routes": (),
    "alias": ("claim", "x"),
    "team": ("list",),
    "identity": (),
    "status": (),
    "sessions": (),
    "top": ("--once",),
    "service": ("status",),
    "server": ("setup", "apps.localhost", "--dry-run"),
    "edge": (
        "export",
        "{home}/pages",
        "--parent",
        "a.example",
        "--coordinator",
        "https://b.example",
    ),
    "config": ("check",),
    "completion": ("bash",),
    "help": ("run",),
}
# What waits for something by its nature, or serves.
WAITING = {"demo", "run", "share", "bench", "doctor", "mcp", "fetch", "invite-visitor"}


def loaded(folder: Path, home: Path, *arguments: str) -> tuple[int, set[str], str]:
    """Run the program; its exit code, the modules that it has at its end, and its errors."""
    script = (
        "import sys\nfrom p2claw.cli.main import main\n"
        "try:\n    code = main(sys.argv[2:])\n"
        "finally:\n    open(sys.argv[1], 'w').write(' '.join(sys.modules))\n"
        "sys.exit(code)"
    )
    file = folder / "modules"
    done = subprocess.run(
        [sys.executable, "-c", script, str(file), *arguments],
        env=env_of(home),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.returncode, set(file.read_text().split()), done.stderr


def test_every_verb_is_looked_at() -> None:
    assert CALLS.keys() | WAITING == set(VERBS)


def test_a_verb_of_an_operator_loads_nothing_that_setup_alone_needs(
    home: Path, tmp_path: Path
) -> None:
    code, modules, errors = loaded(tmp_path, home, "server", "boxes")
    assert code == 4, errors  # no server runs
    assert "ifaddr" not in modules


@pytest.mark.parametrize("verb", CALLS)
def test_a_verb_that_needs_no_link_loads_none(verb: str, running: Demo, tmp_path: Path) -> None:
    given = {"home": str(tmp_path), "upstream": "65535"}
    arguments = [one.format(**given) for one in CALLS[verb]]
    _, modules, errors = loaded(tmp_path, running.box_home, verb, *arguments)
    if verb == "expose":
        p2claw(running.box_home, "unexpose", "door")
    # Only `edge` has to do with the browser side.
    assert modules & HEAVY - ({"p2claw.edge"} if verb == "edge" else set()) == set(), errors


def test_a_fetch_loads_what_a_link_needs_and_no_more(running: Demo, tmp_path: Path) -> None:
    url = ["--edge", running.facts["edge"], f"{running.url}api/hello"]
    code, modules, errors = loaded(tmp_path, running.box_home, "fetch", "--fail", *url)
    assert code == 0, errors
    assert modules & FETCHING == set()
    assert "p2claw.link.peer" in modules
