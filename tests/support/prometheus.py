"""Figures as Prometheus reads them: samples by name, promtool's opinion, and a real Prometheus."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

_PATH = "/usr/bin:/usr/local/bin:/opt/homebrew/bin"
PROMTOOL = shutil.which("promtool", path=_PATH)
PROMETHEUS = shutil.which("prometheus", path=_PATH)

needs_prometheus = pytest.mark.skipif(
    PROMTOOL is None or PROMETHEUS is None, reason="needs prometheus and promtool"
)

START_S = 30.0

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples_of(text: str) -> Samples:
    """Every sample, by its name and its labels in order."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    """One sample; 0 if there is none."""
    return samples.get((name, tuple(sorted(labels.items()))), 0.0)


async def read_figures(socket_path: Path) -> str:
    """`/metrics` of a program, by its own socket."""
    connector = aiohttp.UnixConnector(str(socket_path))
    async with (
        aiohttp.ClientSession(connector=connector) as client,
        client.get("http://program/metrics") as response,
    ):
        assert response.status == 200, await response.text()
        return await response.text()


def complaints(text: str) -> str:
    """What promtool says of figures that break the rules; "" if nothing does."""
    return promtool("check", "metrics", stdin=text)


def rule_complaints(expressions: list[str], folder: Path) -> str:
    """What promtool says of expressions of PromQL; "" if all of them can be read."""
    rules = [{"record": f"r{number}", "expr": one} for number, one in enumerate(expressions)]
    file = folder / "rules.json"  # YAML, too
    file.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    return promtool("check", "rules", str(file))


def promtool(*arguments: str, stdin: str = "") -> str:
    """What it says if it is not content; "" if it is."""
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, *arguments], input=stdin, capture_output=True, text=True, timeout=30, check=False
    )
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}"


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs. url: of itself."""

    url: str

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of an expression now. It must be a good one."""
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{self.url}/api/v1/query", params={"query": expression}) as response,
        ):
            document = await response.json()
            assert document["status"] == "success", (expression, document)
            return list(document["data"]["result"])

    async def until(self, expression: str) -> list[dict[str, Any]]:
        """The result, once there is any."""
        async with asyncio.timeout(START_S):
            while True:
                if found := await self.query(expression):
                    return found
                await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def prometheus(folder: Path, targets: dict[str, str]) -> AsyncIterator[Prometheus]:
    """A Prometheus that reads each target, `host:port` by its job, every second."""
    assert PROMETHEUS is not None
    jobs = [
        {"job_name": job, "static_configs": [{"targets": [target]}]}
        for job, target in targets.items()
    ]
    often = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    config = folder / "prometheus.json"  # YAML, too
    config.write_text(json.dumps({"global": often, "scrape_configs": jobs}))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            PROMETHEUS,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=log,
            stderr=log,
        )
    try:
        if not await _ready(port, process):
            raise AssertionError(f"it did not start:\n{Path(log.name).read_text()[-2000:]}")
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _ready(port: int, process: asyncio.subprocess.Process) -> bool:
    async with asyncio.timeout(START_S), aiohttp.ClientSession() as client:
        while process.returncode is None:
            with contextlib.suppress(aiohttp.ClientError):
                async with client.get(f"http://127.0.0.1:{port}/-/ready") as response:
                    if response.status == 200:
                        return True
            await asyncio.sleep(0.1)
    return False
