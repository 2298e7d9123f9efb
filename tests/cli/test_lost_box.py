"""identity rotate, backup, recover: as somebody types them whose machine is lost."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

from p2claw.agent.home.recovery_key import TITLE
from tests.cli.program import Ran, p2claw
from tests.cli.test_operator import until
from tests.support.agent import agent_process
from tests.support.server import server_process


async def ran(home: Path, *arguments: str, stdin: str = "") -> Ran:
    return await asyncio.to_thread(p2claw, home, *arguments, stdin=stdin.encode())


async def test_a_box_is_lost_and_found_on_another_machine(home: Path, tmp_path: Path) -> None:
    file, new = tmp_path / "recovery.txt", tmp_path / "new"
    async with server_process(home) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        async with agent_process(home, url):

            async def online() -> bool:
                asked = await ran(home, "status", "--json")
                return asked.code == 0 and asked.json["coordinator"]["state"] == "online"

            await until(online)
            first = (await ran(home, "identity", "--json")).json
            rotated = (await ran(home, "identity", "rotate", "--json")).json
            assert (rotated["was"], rotated["online"]) == (first["peer_id"], True)
            sealed = ("--output", str(file), "--passphrase-file", "-")
            made = await ran(home, "identity", "backup", *sealed, stdin="open sesame\n")
            assert made.code == 0 and str(file) in made.out
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            again = await ran(home, "identity", "backup", "--output", str(file), "--json")
            assert (again.code, again.error["code"]) == (2, "output-exists")
            known = (await ran(home, "identity", "--json")).json
            assert known["backup_peer_id"] and known["key_changes"] == 1
        (tmp_path / "passphrase").write_text("open barley\n")
        recover = ("identity", "recover", str(file), "--passphrase-file", "-", "--json")
        wrong = await ran(new, *recover, stdin="open barley\n")
        assert (wrong.code, wrong.error["code"]) == (2, "passphrase-wrong")
        found = (await ran(new, *recover, stdin="open sesame\n")).json
        assert found["registered"] and found["alias"] == first["alias"]
        assert (found["was"], found["coordinator"]) == (rotated["peer_id"], url)
        # The agent needs nobody to tell it where the box was.
        joined = (await ran(new, "status", "--json")).error
        assert joined["code"] == "agent-not-running"
        second = await ran(new, *recover, stdin="open sesame\n")
        assert (second.code, second.error["code"]) == (2, "identity-there")


async def test_a_code_is_shown_once_and_can_be_withdrawn(home: Path, tmp_path: Path) -> None:
    async with server_process(home) as server:
        url = server.url.replace("127.0.0.1", "localhost")
        async with agent_process(home, url):

            async def backed_up() -> Ran | None:
                shown = await ran(home, "identity", "backup")
                return shown if shown.code == 0 else None

            shown = await until(backed_up)
            assert shown.out.startswith(f"{TITLE}\n")
            code = shown.out.partition("code: ")[2].split()[0]
            assert code not in (home / "identity.key").read_text()
            withdrawn = (await ran(home, "identity", "backup", "--withdraw", "--json")).json
            assert withdrawn == {"withdrawn": True, "online": True}
            typed = ("identity", "recover", "-", "--at", url, "--json")
            refused = await ran(tmp_path / "new", *typed, stdin=code)
            assert (refused.code, refused.error["code"]) == (4, "backup-unknown")
            assert not (tmp_path / "new" / "identity.key").exists()
