"""Whatever is written down, killed at each line of the write: the old content or the new, whole.

Files of SQLite are killed at moments of chance instead, because their lines are not ours. Further
writes have such a test beside their own: coordinators, months (`usage.db`), uploads of visitors.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from p2claw.agent.access.ledger import Guard, Ledger
from p2claw.agent.access.record import AccessFile, serialize
from p2claw.agent.home.identity import (
    load_identity,
    load_or_create_identity,
    replace_identity,
)
from p2claw.agent.home.routes import RouteFile, route_from
from p2claw.cli.fetch.part import Notes, Part
from p2claw.cli.setup import writing
from p2claw.coord.store.backup import backup, check, restore
from p2claw.coord.store.life import Life, read_note, write_note
from p2claw.coord.store.sqlite import SqliteStore
from p2claw.errors import UsageError
from p2claw.visitor.host_cache import HostCache
from p2claw.visitor.pins import PinStore
from tests.support.killed import killed_at

# Every line is a process of its own: `make killed` tries all of them, `make test` some.
STEP = int(os.environ.get("KILLED_STEP", "11"))

URL = "https://dog-purplecrab.example/"
PEER = "pzdgjrx42wxtntihqywc7ewczwdo77xaoekaop3pxwb4hbriu5na"
NONE = object()


@dataclass(frozen=True)
class Write:
    """A write.

    begin: makes what is there before. change: what is killed. read: what a reader finds, which
    fails on a half. parts: whether a killed write may leave a file that the next one removes.
    """

    begin: Callable[[Path], object]
    change: Callable[[Path], object]
    read: Callable[[Path], object]
    private: str = ""


def _identity(folder: Path) -> object:
    path = folder / "identity.key"
    return load_identity(path).peer_id != "" if path.exists() else NONE


def _rotate(folder: Path) -> None:
    path = folder / "identity.key"
    replace_identity(path, load_identity(path).successor(1_000))


def _routes(folder: Path) -> RouteFile:
    return RouteFile(folder / "routes.json")


def _access(folder: Path) -> AccessFile:
    return AccessFile(folder / "access.json")


def _with_guards(*apps: str) -> bytes:
    ledger = Ledger(b"k" * 32)
    for app in apps:
        ledger.guard(app, Guard())
    return serialize(ledger)


def _pins(folder: Path) -> PinStore:
    return PinStore(folder / "known_boxes.json")


def _cache(folder: Path) -> HostCache:
    return HostCache(folder / "dials.json", "dials", lambda value: True)


def _set_up(folder: Path, text: str) -> None:
    writing._write(writing._File(folder / "p2claw.toml", text, 0o644, "root", "options"))


def _note(folder: Path, spans: int) -> None:
    part = Part(folder / "film")
    part.write(0, bytes(100 * spans))
    notes = Notes(URL, '"v1"', 1_000, in_order=False, spans=[(0, 100 * spans)])
    part.note(notes)
    part.keep()


def _noted(folder: Path) -> object:
    part = Part(folder / "film")
    try:
        found = part.notes(URL)
        return None if found is None else tuple(found.spans)
    finally:
        part.keep()


def _finish(folder: Path) -> None:
    Part(folder / "film").finish()


def _finished(folder: Path) -> object:
    whole, part = folder / "film", folder / "film.part"
    assert whole.exists() != part.exists()
    return (whole if whole.exists() else part).stat().st_size, whole.exists()


def _route(app: str) -> Any:
    return route_from(app, {"upstream": "http://localhost:3000"})


WRITES = {
    "identity": Write(
        lambda folder: None,
        lambda folder: load_or_create_identity(folder / "identity.key"),
        _identity,
        "identity.key",
    ),
    "a key that follows another": Write(
        lambda folder: load_or_create_identity(folder / "identity.key"),
        _rotate,
        lambda folder: len(load_identity(folder / "identity.key").changes),
        "identity.key",
    ),
    "routes": Write(
        lambda folder: _routes(folder).put(_route("cat")),
        lambda folder: _routes(folder).put(_route("dog")),
        lambda folder: tuple(sorted(_routes(folder).load())),
        "routes.json",
    ),
    "access": Write(
        lambda folder: _access(folder).save(_with_guards("cat")),
        lambda folder: _access(folder).save(_with_guards("cat", "dog")),
        lambda folder: tuple(sorted(_access(folder).load().guards)),
        "access.json",
    ),
    "known boxes": Write(
        lambda folder: _pins(folder).add("a.example", PEER),
        lambda folder: _pins(folder).add("b.example", PEER),
        lambda folder: tuple(_pins(folder).get(f"{name}.example") for name in "ab"),
        "known_boxes.json",
    ),
    "dials": Write(
        lambda folder: _cache(folder).put("a.example", 1),
        lambda folder: _cache(folder).put("b.example", 2),
        lambda folder: tuple(_cache(folder).get(f"{name}.example") for name in "ab"),
        "dials.json",
    ),
    "note of the database": Write(
        lambda folder: write_note(folder, Life("store", 1, False)),
        lambda folder: write_note(folder, Life("store", 2, True)),
        lambda folder: read_note(folder),
    ),
    "files of setup": Write(
        lambda folder: _set_up(folder, "[server]\n"),
        lambda folder: _set_up(folder, '[server]\nparent = "a.example"\n'),
        lambda folder: (folder / "p2claw.toml").read_text(),
    ),
    "notes of a download": Write(
        lambda folder: _note(folder, 1), lambda folder: _note(folder, 2), _noted
    ),
    "a download that is whole": Write(lambda folder: _note(folder, 2), _finish, _finished),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))
def test_killed_at_any_line_there_is_the_old_or_the_new(tmp_path: Path, write: Write) -> None:
    found, line, killed = [], 1 - STEP, True
    while killed:
        line += STEP
        folder = tmp_path / str(line)
        folder.mkdir(mode=0o700)
        write.begin(folder)
        if line == 1:
            old = write.read(folder)
        killed = killed_at(line, lambda folder=folder: write.change(folder))  # type: ignore[misc]
        found.append(write.read(folder))
        private = folder / write.private
        if write.private and private.exists():
            assert stat.S_IMODE(private.stat().st_mode) == 0o600
        # A writer that was killed keeps nobody from writing again.
        if found[-1] == old:
            write.change(folder)
        new = write.read(folder)
        shutil.rmtree(folder)
    assert old != new
    assert {repr(one) for one in found} == {repr(old), repr(new)}
    # Once it is written it stays: never the old after the new.
    assert [one == new for one in found] == sorted(one == new for one in found)


async def _filled(folder: Path, boxes: int) -> None:
    store = await SqliteStore.open(folder)
    for number in range(boxes):
        await store.add_box(bytes([number]) * 32, str(number), iter([f"name{number}"]), 1)
    await store.close()


def test_a_backup_that_is_killed_leaves_the_one_before_or_itself(tmp_path: Path) -> None:
    server, copy = tmp_path / "server", tmp_path / "copy.db"
    asyncio.run(_filled(server, 2))
    backup(server, copy, overwrite=False)
    asyncio.run(_filled_more(server))
    found, line = [], 1
    while killed_at(line, lambda: backup(server, copy, overwrite=True)):
        found.append(_boxes_of(copy, tmp_path / "looked"))
        line += 3 * STEP
    found.append(_boxes_of(copy, tmp_path / "looked"))
    assert set(found) == {2, 3}
    assert found == sorted(found)


async def _filled_more(folder: Path) -> None:
    store = await SqliteStore.open(folder)
    await store.add_box(bytes([99]) * 32, "99", iter(["name99"]), 1)
    await store.close()


def _boxes_of(copy: Path, empty: Path) -> int:
    """How many boxes are in a backup, which has to be good: it is restored."""
    contents, _ = restore(copy, empty)
    shutil.rmtree(empty)
    return contents.boxes


def test_a_restore_that_is_killed_can_be_made_again_and_loses_nothing(tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    asyncio.run(_filled(tmp_path / "made", 3))
    backup(tmp_path / "made", copy, overwrite=False)
    line, killed = 1, True
    while killed:
        server = tmp_path / f"server{line}"
        asyncio.run(_filled(server, 1))
        killed = killed_at(line, lambda server=server: restore(copy, server))  # type: ignore[misc]
        kept = [one.name for one in server.iterdir() if one.suffix == ".db"]
        assert kept != [], "what was there before is gone"
        with contextlib.suppress(UsageError):
            # Refused, or one of both: never a third.
            assert check(server).boxes in (1, 3)
        contents, _ = restore(copy, server)
        assert (contents.boxes, check(server).boxes) == (3, 3)
        line += 3 * STEP


# A server that registers boxes and reports each once that is written down.
_REGISTERS = """
import asyncio, sys
from pathlib import Path
from p2claw.coord.store.sqlite import SqliteStore

async def main():
    store = await SqliteStore.open(Path(sys.argv[1]))
    first = int(sys.argv[2])
    for number in range(first, first + 10_000):
        key = number.to_bytes(32, "big")
        await store.add_box(key, str(number), iter([f"name{number}"]), 1)
        await store.save_apps(key, (f"app{number}",), 1)
        print(number, flush=True)

asyncio.run(main())
"""
KILLS = 4


def test_a_server_that_is_killed_loses_nothing_that_it_has_acknowledged(tmp_path: Path) -> None:
    chance, acknowledged = random.Random(11), 0
    for _ in range(KILLS):
        command = [sys.executable, "-c", _REGISTERS, str(tmp_path), str(acknowledged + 1_000)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            acknowledged = int(process.stdout.readline())
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.0, 0.2))
            process.send_signal(signal.SIGKILL)
            acknowledged = int(([str(acknowledged), *process.stdout.read().split()])[-1])
        assert check(tmp_path).damage == ()
        asyncio.run(_knows(tmp_path, acknowledged))


async def _knows(folder: Path, number: int) -> None:
    store = await SqliteStore.open(folder)
    record = await store.box_of_alias(f"name{number}")
    assert record is not None and tuple(record.apps) == (f"app{number}",)
    await store.close()
