"""The compose file of a cluster: its services as processes in one network; two nodes are killed.

Nodes, Redis, Caddy and both coturn run by the commands and files of the file. PostgreSQL's image
makes a database when it starts; here initdb does.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.setup.deployment import ADDRESS, FOLDER, NAME, Deployment, until
from tests.support import postgresql
from tests.support.containers import Container, containers, has_containers, read_compose
from tests.support.namespaces import has

PASSWORD = "secret1"
NODES = ("node-one", "node-two", "node-three")
RELAYS = ("coturn-one", "coturn-two")

pytestmark = pytest.mark.skipif(not has_containers(), reason="needs root and docker-compose")


@pytest.fixture
def compose() -> dict[str, Any]:
    names = {"P2CLAW_DB_PASSWORD": PASSWORD, "P2CLAW_BUS_PASSWORD": PASSWORD}
    file = FOLDER / "compose.cluster.yaml"
    services: dict[str, Any] = read_compose(file, P2CLAW_NAME=NAME, **names)["services"]
    return services


def test_the_compose_file_of_a_cluster_is_good_and_gives_no_more_than_is_needed(
    compose: dict[str, Any],
) -> None:
    assert set(compose) == {"setup", *NODES, *RELAYS, "postgresql", "redis", "caddy"}
    for name in (*NODES, *RELAYS, "redis", "caddy"):
        service = compose[name]
        assert (service["cap_drop"], service["restart"]) == (["ALL"], "unless-stopped"), name
    # Nodes are alike, but for where they listen and what is theirs alone.
    for name in NODES:
        assert compose[name]["user"] == "8787:8787"
        assert compose[name]["environment"] == compose[NODES[0]]["environment"]


@pytest.fixture
def deployment(home: Path, compose: dict[str, Any]) -> Iterator[Deployment]:
    (home / "etc").mkdir()
    with containers(home, address=ADDRESS, names=(f"turn.{NAME}",)) as machine:
        yield Deployment(home, compose, machine, server=NODES[0])


def start_postgresql(deployment: Deployment, home: Path, service: dict[str, Any]) -> None:
    bin_dir = postgresql.programs()
    assert bin_dir is not None
    user = pwd.getpwnam("postgres")
    folder = home / "volumes" / "postgresql"
    folder.mkdir(parents=True)
    os.chown(folder, user.pw_uid, user.pw_gid)
    data, name = "/var/lib/postgresql/data", service["environment"]["POSTGRES_USER"]
    begin = (
        f"cd /tmp && printf %s $POSTGRES_PASSWORD >/tmp/password && {bin_dir}/initdb -D {data} "
        f"-U {name} -A scram-sha-256 --pwfile=/tmp/password --no-sync >/tmp/log && "
        f"echo 'CREATE DATABASE {service['environment']['POSTGRES_DB']}' "
        f"| {bin_dir}/postgres --single -D {data} postgres >>/tmp/log && "
    )
    run = " ".join((f"{bin_dir}/{service['command'][0]}", *service["command"][1:]))
    command = ("sh", "-c", f"{begin} exec {run} -D {data} -k /tmp -F")
    deployment.machine.start(
        "postgresql",
        Container(
            command,
            volumes=(f"postgresql:{data}",),
            tmpfs=("/tmp",),
            environment=service["environment"],
            user=f"{user.pw_uid}:{user.pw_gid}",
        ),
    )
    ready = (*deployment.machine.inside, str(bin_dir / "pg_isready"), "-q", "-h", "127.0.0.1")

    def is_ready() -> bool:
        return subprocess.run((*ready, "-d", "p2claw"), check=False).returncode == 0

    until(is_ready, deployment)


@pytest.mark.skipif(
    "CLUSTER" not in os.environ
    or not has("turnserver", "redis-server", "caddy")
    or postgresql.programs() is None,
    reason="`make cluster` runs it: three nodes, an agent and all else take long to start",
)
@pytest.mark.timeout(300)
def test_a_box_is_visited_and_still_after_two_nodes_were_killed(
    deployment: Deployment, home: Path, compose: dict[str, Any]
) -> None:
    # Caddy is its own authority, and asks the nodes for which names it may be.
    deployment.setup("--internal-ca")
    start_postgresql(deployment, home, compose["postgresql"])
    deployment.start("redis", "caddy", *RELAYS)
    trusted = home / "volumes" / "caddy-data" / "caddy" / "pki/authorities/local/root.crt"
    until(trusted.exists, deployment)
    nodes = [deployment.machine.start(name, deployment.container(name)) for name in NODES]
    url = deployment.joins(trusted)
    assert deployment.visited(url, trusted) == (200, "198.51.100.0")

    (box,) = deployment.boxes()
    turn = f"turn.{NAME}"
    ways = [(way, port) for port in (3478, 3479) for way in ("udp", "tcp")]
    urls = [f"turn:{turn}:{port}?transport={way}" for way, port in ways]
    assert compose[NODES[0]]["environment"]["P2CLAW_TURN"].split() == urls
    allocating = ("/opt/p2claw/bin/python", "-m", "tests.cli.setup.allocating")
    given = ("/etc/p2claw/p2claw.toml", box["key_alias"], *urls)
    relays = deployment.must(*allocating, *given, trusted=trusted)
    assert relays == {f"{way}:{turn}:{port}": ADDRESS for way, port in ways}

    # One is enough, and the box comes there.
    for node in nodes[1:]:
        node.kill()
    until(lambda: deployment.is_visited(url, trusted), deployment)
