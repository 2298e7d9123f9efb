"""The manifests for Kubernetes: by its own schemas, by our options, and among each other.

No cluster runs them. The schemas, of every version that is still kept up, come from PyPI.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from p2claw.cli.server import server

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "contrib" / "kubernetes"
VALIDATOR = ROOT / "build" / "kubernetes"
# The oldest and the newest that the validator knows, of those that are kept up.
VERSIONS = ("1.34", "1.37")
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "kustomization.yaml")

_AS_JSON = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))"


def read(path: Path) -> list[dict[str, Any]]:
    environ = {**os.environ, "PYTHONPATH": str(VALIDATOR)}
    done = subprocess.run(
        (sys.executable, "-c", _AS_JSON),
        input=path.read_text(),
        capture_output=True,
        text=True,
        check=True,
        env=environ,
    )
    documents: list[dict[str, Any]] = json.loads(done.stdout)
    return documents


pytestmark = pytest.mark.skipif(
    not (VALIDATOR / "kubernetes_validate").exists(), reason="needs the validator of `make test`"
)


@pytest.fixture(scope="module")
def objects() -> dict[tuple[str, str], dict[str, Any]]:
    found = [one for path in FILES for one in read(path)]
    return {(one["kind"], one["metadata"]["name"]): one for one in found}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_of_its_schema_and_has_no_field_beside(version: str) -> None:
    done = subprocess.run(
        (sys.executable, "-m", "kubernetes_validate", "--strict", "-k", version, *map(str, FILES)),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(VALIDATOR)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_field_that_there_is_not_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((FOLDER / "redis.yaml").read_text().replace("replicas: 1", "replica: 1"))
    done = subprocess.run(
        (sys.executable, "-m", "kubernetes_validate", "--strict", str(wrong)),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(VALIDATOR)},
    )
    assert done.returncode != 0 and "replica" in done.stdout + done.stderr


def test_the_kustomization_names_every_file() -> None:
    (kustomization,) = read(FOLDER / "kustomization.yaml")
    assert sorted(kustomization["resources"]) == [path.name for path in FILES]


def test_the_options_of_a_node_are_options_of_the_server(
    objects: dict[tuple[str, str], dict[str, Any]],
) -> None:
    (container,) = pod_of(objects["StatefulSet", "node"])["containers"]
    verb, *options = container["args"]
    assert verb == "server"
    given = [option.replace("$(POD_IP)", "10.0.0.9") for option in options]
    with server.make_context("server", given, resilient_parsing=False) as context:
        assert isinstance(context, click.Context)
        assert (context.params["parent"], context.params["scheme"]) == ("apps.example.org", "https")
    known = {option.envvar for option in server.params}
    named = [one["name"] for one in container["env"] if one["name"].startswith("P2CLAW_")]
    assert named and known.issuperset(named)


def test_what_is_named_is_there(objects: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Secrets and their keys, Services and their ports, and what they and policies select."""
    pods = [pod for one in objects.values() if (pod := template_of(one)) is not None]
    for pod in pods:
        for name, key in secrets_in(pod):
            assert key in {None, *objects["Secret", name]["stringData"]}, (name, key)
    for (kind, name), one in objects.items():
        if kind == "Service":
            labels, ports = one["spec"]["selector"], one["spec"]["ports"]
            (chosen,) = [pod for pod in pods if labels.items() <= pod["metadata"]["labels"].items()]
            theirs = {
                port["name"]
                for container in chosen["spec"]["containers"]
                for port in container["ports"]
            }
            assert {port["targetPort"] for port in ports} <= theirs, name
        if kind == "NetworkPolicy":
            labels = one["spec"]["podSelector"]["matchLabels"]
            assert any(labels.items() <= pod["metadata"]["labels"].items() for pod in pods), name
    (rule, wildcard) = objects["Ingress", "p2claw"]["spec"]["rules"]
    service = rule["http"]["paths"][0]["backend"]["service"]["name"]
    assert ("Service", service) in objects and wildcard["host"] == "*." + rule["host"]
    # The hosts of the URLs of store and bus.
    (container,) = pod_of(objects["StatefulSet", "node"])["containers"]
    urls = [one["value"] for one in container["env"] if "://" in one.get("value", "")]
    hosts = [found[1] for url in urls if (found := re.search(r"@([a-z]+)", url))]
    assert len(hosts) == 2 and all(("Service", host) in objects for host in hosts)


def template_of(one: dict[str, Any]) -> dict[str, Any] | None:
    template: dict[str, Any] | None = one.get("spec", {}).get("template")
    return template


def pod_of(one: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = one["spec"]["template"]["spec"]
    return spec


def secrets_in(pod: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Secret and key, None for all keys."""
    found: list[tuple[str, str | None]] = []
    for container in pod["spec"]["containers"]:
        for variable in container.get("env", ()):
            reference = variable.get("valueFrom", {}).get("secretKeyRef")
            if reference:
                found.append((reference["name"], reference["key"]))
    for volume in pod["spec"].get("volumes", ()):
        if "secret" in volume:
            keys = [item["key"] for item in volume["secret"].get("items", ())] or [None]
            found += [(volume["secret"]["secretName"], key) for key in keys]
    return found
