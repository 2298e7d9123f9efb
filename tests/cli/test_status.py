"""status and sessions: how the agent is, and who visits."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.cli.demos import Demo
from tests.cli.program import argv_of, env_of, p2claw


@pytest.mark.parametrize("verb", ["status", "sessions"])
def test_without_an_agent_it_is_unreachable(home: Path, verb: str) -> None:
    ran = p2claw(home, verb, "--json")
    assert (ran.code, ran.error["code"]) == (4, "agent-not-running")


def test_status_has_the_documented_keys(running: Demo) -> None:
    facts = p2claw(running.box_home, "status", "--json").json
    assert facts.keys() == {
        *("version", "pid", "peer_id", "alias", "key_alias", "coordinator", "apps", "links"),
        *(
            "refused",
            "port_mappings",
            "relay_limits",
            "relay_budget",
            "access_key",
            "uptime_s",
            "codec",
            "data_plane",
            "workers",
            "joined",
            "default",
        ),
    }
    assert facts["coordinator"].keys() == {"url", "state", "since_s", "last_error"}
    assert facts["pid"] == running.facts["pids"]["agent"]


def test_status_as_text_shows_that_it_is_online(running: Demo) -> None:
    out = p2claw(running.box_home, "status").out
    assert "online for" in out and running.url in out


def test_nobody_visiting_is_an_empty_list(running: Demo) -> None:
    assert p2claw(running.box_home, "sessions", "--json").json == {"sessions": []}


def test_a_visit_is_listed_while_it_lasts(running: Demo, home: Path) -> None:
    argv = argv_of("fetch", f"{running.url}events")
    with subprocess.Popen(argv, env=env_of(home), stdout=subprocess.PIPE) as visit:
        try:
            assert visit.stdout is not None
            visit.stdout.readline()
            (link,) = p2claw(running.box_home, "sessions", "--json").json["sessions"]
            text = p2claw(running.box_home, "sessions").out
        finally:
            visit.kill()
    assert link.keys() == {
        *("id", "app", "path", "age_s", "streams", "bytes_in", "bytes_out", "rtt_ms", "software"),
        *("worker", "plane", "udp", "relayed_in", "relayed_out"),
    }
    assert link["plane"]["mtu_bytes"] >= 1159
    assert link["udp"]["datagrams_in"] > 0
    assert (link["app"], link["path"], link["streams"]) == ("tidepool", "direct", 1)
    assert "tidepool" in text and "direct" in text
