"""p2claw.coord.ask: for which names a proxy may get a certificate."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from tests.coord.peers import key_of, registered_agent
from tests.support.server import RunningServer, running_server


async def asked(server: RunningServer, domain: str, **fields: str) -> int:
    url = f"{server.url}/__p2claw/v1/ask"
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    async with (
        aiohttp.ClientSession() as web,
        web.get(url, params={"domain": domain}, headers=headers) as reply,
    ):
        return reply.status


async def test_names_that_lead_to_somebody_are_good_and_no_others(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path, parent="apps.example.org") as server,
        registered_agent(server.url, key_of(1), ("dog",)) as (_, box),
    ):
        for label in (f"dog-{box.alias}", box.alias, box.key_alias, f"dog-{box.key_alias}"):
            assert await asked(server, f"{label}.apps.example.org") == 200, label
            assert await asked(server, f"{label.upper()}.Apps.Example.org.") == 200, label
        assert await asked(server, "apps.example.org") == 200
        for domain in (
            f"cat-{box.alias}.apps.example.org",
            f"a.{box.alias}.apps.example.org",
            f"{box.alias}.example.org",
            f"{box.alias}.apps.example.org.evil.example",
            "nobody.apps.example.org",
            "www.apps.example.org",
            "*.apps.example.org",
            ".apps.example.org",
            "example.org",
            "",
            "x" * 300,
        ):
            assert await asked(server, domain) == 404, domain


async def test_a_banned_box_gets_no_certificate(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path, parent="apps.example.org") as server,
        registered_agent(server.url, key_of(1)) as (_, box),
    ):
        await server.serving.coordinator.operator.ban(box.alias, "")
        assert await asked(server, f"{box.alias}.apps.example.org") == 404


@pytest.mark.parametrize("field", ["198.51.100.7", "127.0.0.1"])
async def test_whoever_comes_through_the_proxy_learns_nothing(tmp_path: Path, field: str) -> None:
    async with running_server(tmp_path, parent="apps.example.org") as server:
        assert await asked(server, "apps.example.org", X_Forwarded_For=field) == 404
