"""The operator's verbs below `p2claw server`, and what they do to a real box that joins."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Ran, p2claw
from tests.support.agent import agent_process
from tests.support.server import ServerProcess, server_process

WAIT_S = 30.0


class Site:
    """A server that runs, with the folder of its data below home."""

    def __init__(self, home: Path, server: ServerProcess) -> None:
        self.home = home
        self.url = server.url.replace("127.0.0.1", "localhost")

    async def operator(self, *arguments: str) -> Ran:
        data = str(self.home / "server")
        return await asyncio.to_thread(p2claw, self.home, "server", "--data", data, *arguments)

    async def box(self, *arguments: str) -> Ran:
        return await asyncio.to_thread(p2claw, self.home, *arguments)


async def until(what: Any) -> Any:
    async with asyncio.timeout(WAIT_S):
        while not (found := await what()):  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.2)
    return found


async def test_a_box_joins_by_invitation_chooses_a_name_and_is_put_out(home: Path) -> None:
    async with server_process(home, "--joining", "invite") as server:
        site = Site(home, server)
        made = (await site.operator("invite", "--uses", "1", "--for", "7d", "--json")).json
        assert (made["uses"], made["used"], made["expires_s"] - made["created_s"]) == (
            1,
            0,
            604_800,
        )
        without = await site.box("join", site.url)
        assert (without.code, "--invite CODE" in without.err) == (0, True)
        await site.box("leave", site.url)
        wrong = await site.box("join", site.url, "--invite", "aaaa-aaaa-aaaa-aaaa-aaaa", "--json")
        assert (wrong.code, wrong.error["code"]) == (2, "invite-invalid")
        joined = await site.box("join", site.url, "--invite", made["code"], "--json")
        assert (joined.code, joined.json["joins"]) == (0, "invite")
        async with agent_process(home, site.url):

            async def online() -> bool:
                ran = await site.box("status", "--json")
                return ran.code == 0 and ran.json["coordinator"]["state"] == "online"

            await until(online)
            (box,) = (await site.operator("boxes", "--json")).json["boxes"]
            assert (box["online"], box["invitation"]) == (True, made["id"])
            claimed = await site.box("alias", "claim", "crab", "--json")
            assert (claimed.json["alias"], claimed.json["others"]) == ("crab", [box["alias"]])
            assert (await site.box("identity", "--json")).json["alias"] == "crab"
            taken = await site.box("alias", "claim", "lobster", "--json")
            assert (taken.code, taken.error["code"]) == (2, "alias-chosen")
            done = await site.operator("ban", "crab", "--reason", "test", "--json")
            assert done.json["was_online"] is True

            async def refused() -> bool:
                error = (await site.box("status", "--json")).json["coordinator"]["last_error"]
                return "keeps this box out" in (error or "")

            await until(refused)
        used = (await site.operator("invitations", "--json")).json["invitations"]
        assert [one["used"] for one in used] == [1]
        assert "banned" in (await site.operator("boxes")).out
        assert (await site.operator("unban", "crab")).code == 0


async def test_quotas_are_shown_and_set(home: Path) -> None:
    async with server_process(home) as server:
        site = Site(home, server)
        async with agent_process(home, site.url):

            async def alias() -> Any:
                boxes = (await site.operator("boxes", "--json")).json["boxes"]
                return boxes and boxes[0]["alias"]

            name = await until(alias)
            for arguments, expected in (
                ((), (None, None, True)),
                (("--apps", "3", "--visits", "60", "--relay", "no"), (3, 60, False)),
                (("--apps", "any"), (None, 60, False)),
            ):
                shown = (await site.operator("quota", name, *arguments, "--json")).json
                found = (shown["most_apps"], shown["visits_per_minute"], shown["relay"])
                assert found == expected
            assert (await site.operator("quota", name, "--visits", "0")).code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("ban", "nobody"), 3, "box-unknown"),
        (("uninvite", "7"), 3, "invitation-unknown"),
        (("invite", "--for", "soon"), 2, "usage"),
        (("invte",), 2, "verb-unknown"),
    ],
)
async def test_what_cannot_be_is_an_error(
    home: Path, arguments: tuple[str, ...], code: int, error: str
) -> None:
    async with server_process(home) as server:
        ran = await Site(home, server).operator(*arguments, "--json")
    assert (ran.code, ran.error["code"]) == (code, error)


def test_without_a_server_nobody_can_be_asked(home: Path) -> None:
    ran = p2claw(home, "server", "boxes", "--json")
    assert (ran.code, ran.error["code"]) == (4, "server-not-running")


async def test_the_socket_is_for_its_user_alone_and_goes_with_the_server(home: Path) -> None:
    path = home / "server" / "server.sock"
    async with server_process(home):
        assert oct(path.stat().st_mode & 0o777) == "0o600"
    await asyncio.sleep(0)
    assert json.loads(p2claw(home, "server", "boxes", "--json").err)["error"]["code"] == (
        "server-not-running"
    )
    assert os.geteuid() == (home / "server").stat().st_uid


async def test_a_path_that_is_too_long_for_a_socket_is_logged(home: Path) -> None:
    deep = home / ("x" * 100)
    deep.mkdir()
    async with server_process(deep) as server:
        assert "operator socket left out" in server.log_text()


async def test_the_database_is_copied_while_the_server_runs_and_put_back_after(
    tmp_path: Path,
) -> None:
    copy = tmp_path / "copy.db"
    async with server_process(tmp_path) as server:
        site = Site(tmp_path, server)
        made = (await site.operator("backup", str(copy), "--json")).json
        assert made["file"] == str(copy)
        assert made["damage"] == []
        assert (await site.operator("backup", str(copy))).code == 2
        in_use = await site.operator("restore", str(copy), "--json")
        assert (in_use.code, in_use.error["code"]) == (1, "data-in-use")
        assert (await site.operator("check")).out.startswith("in order: 0 boxes")
        assert await server.stop() == 0
    (tmp_path / "server/coordinator.db").write_bytes(b"")
    refused = await site.operator("--listen", "127.0.0.1:0", "--json")
    assert (refused.code, refused.error["code"]) == (1, "data-empty")
    restored = (await site.operator("restore", str(copy), "--json")).json
    assert Path(restored["replaced"]).read_bytes() == b""
    async with server_process(tmp_path) as server:
        assert await server.stop() == 0
