"""`p2claw server migrate` and `--store`: data go over, and a server starts with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from p2claw.cli.main import main
from p2claw.coord.store.sqlite import SqliteStore
from tests.cli.program import Ran, p2claw
from tests.support.postgresql import Postgresql
from tests.support.server import server_process


async def stored(folder: Path) -> None:
    store = await SqliteStore.open(folder)
    await store.add_box(bytes(32), "keyone", iter(["purplecrab"]), 1)
    await store.close()


async def test_data_move_to_postgresql_and_a_server_runs_with_them(
    home: Path, tmp_path: Path, pg: Postgresql
) -> None:
    await stored(tmp_path / "old")
    url = pg.emptied_database()

    def moved(source: str, target: str) -> Ran:
        return p2claw(home, "server", "migrate", "--from", source, "--to", target, "--json")

    forth = moved(f"sqlite://{tmp_path}/old", url)
    assert (forth.code, forth.json["tables"][0]["rows"]) == (0, 1), forth
    async with server_process(tmp_path, "--store", url) as server:
        assert server.facts["store"] == url
        listed = p2claw(home, "server", "--data", str(tmp_path / "server"), "boxes", "--json")
        assert [box["alias"] for box in listed.json["boxes"]] == ["purplecrab"]
        assert moved(f"sqlite://{tmp_path}/old", url).error["code"] == "data-in-use"
        assert await server.stop() == 0
    back = moved(url, f"sqlite://{tmp_path}/new/coordinator.db")
    assert [one["sha256"] for one in back.json["tables"]] == [
        one["sha256"] for one in forth.json["tables"]
    ]


def test_what_looks_at_the_file_says_where_the_data_are(home: Path, tmp_path: Path) -> None:
    url = "postgresql://p2claw:pa55word@db.example/p2claw"
    refused = p2claw(home, "server", "backup", str(tmp_path / "copy"), "--json", P2CLAW_STORE=url)
    assert refused.error["code"] == "store-elsewhere"
    assert "pg_dump" in refused.error["hint"]
    shown = p2claw(home, "config", "show", P2CLAW_STORE=url)
    assert "postgresql://p2claw:***@db.example/p2claw" in shown.out
    assert "pa55word" not in refused.err + shown.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["--store", "mysql://db/p2claw"],
        ["--store", "sqlite://relative"],
        ["--store", "sqlite:///a", "--data", "/b"],
        ["migrate", "--from", "sqlite:///a", "--to", "sqlite:///a/coordinator.db"],
    ],
)
def test_what_is_no_store_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert main(["server", *arguments, "--json"]) == 2
    assert '"store-invalid"' in capsys.readouterr().err


def test_without_psycopg_the_extra_is_named(home: Path, tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ImportError('not here')\n")
    path = f"{tmp_path}:{Path(__file__).parents[2]}"
    for verb in ([], ["migrate", "--from", "postgresql://db/x", "--to", f"sqlite://{tmp_path}/a"]):
        options = ["--store", "postgresql://db/x", "--listen", "127.0.0.1:0"]
        ran = p2claw(home, "server", *options, *verb, "--json", PYTHONPATH=path)
        assert (ran.code, ran.error["code"]) == (2, "extra-missing")


def test_a_server_with_sqlite_loads_nothing_of_a_cluster() -> None:
    program = "import sys, p2claw.cli.serving; print({'psycopg', 'redis'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=30)
    assert done.stdout == b"set()\n"
