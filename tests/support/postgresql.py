"""A real PostgreSQL on a socket of its own, as an ordinary user, gone with the block."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

START_S = 30.0
# Short, because the path of a socket is; and open to the user that runs the server.
_FOLDER = "/tmp"
_USERS = ("postgres", "nobody")
# What a crash would lose is nothing that a test looks for: tests end the server in an orderly way.
_FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "listen_addresses=")

_EMPTY = """DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename NOT IN ('schema_steps', 'life')
    LOOP EXECUTE format('TRUNCATE %I RESTART IDENTITY CASCADE', name); END LOOP; END $$"""


def programs() -> Path | None:
    """The folder of initdb and postgres; None: PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if found:
        return found[-1].parent
    named = shutil.which("initdb")
    return None if named is None else Path(named).resolve().parent


def _version(initdb: Path) -> int:
    name = initdb.parts[-3]
    return int(name) if name.isdigit() else 0


class Postgresql:
    """One server; its databases are made and never dropped, for it goes as a whole."""

    def __init__(self, bin_dir: Path, folder: Path, user: dict[str, Any]) -> None:
        self._bin = bin_dir
        self._folder = folder
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._shared = ""
        self._run("initdb", "-D", str(folder / "data"), "--no-sync", "-A", "trust", "-U", "test")
        self.start()

    def url(self, database: str) -> str:
        return f"postgresql://test@/{database}?host={self._folder}"

    def new_database(self, options: str = "") -> str:
        """The URL of an empty database. options: of CREATE DATABASE."""
        name = f"p2claw{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {options}".encode())
        return self.url(name)

    def emptied_database(self) -> str:
        """The URL of a database without rows, which every call returns: faster than a new one."""
        if self._shared:
            with psycopg.connect(self._shared, autocommit=True) as connection:
                # Triggers of ours, which let no row go, are off for this one.
                connection.execute("SET session_replication_role = replica")
                connection.execute(_EMPTY)
        else:
            self._shared = self.new_database()
        return self._shared

    def start(self) -> None:
        """Begin to listen, and return when it does."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *[str(self._bin / "postgres"), "-D", str(self._folder / "data")],
                    *["-k", str(self._folder), *_FAST],
                ],
                stdout=log,
                stderr=log,
                **self._user,
            )
        self._run("pg_isready", "-q", "-h", str(self._folder), "-d", "postgres", until_ready=True)

    def stop(self) -> None:
        """End it at once, with every connection."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)  # fast: it waits for nobody
            process.wait(START_S)

    def _run(self, program: str, *arguments: str, until_ready: bool = False) -> None:
        for _ in range(int(START_S / 0.05)):
            done = subprocess.run(
                [str(self._bin / program), *arguments],
                capture_output=True,
                timeout=START_S,
                cwd=self._folder,
                **self._user,
            )
            if done.returncode == 0:
                return
            if not until_ready:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                assert self._process is not None
                self._process.wait(0.05)
        raise RuntimeError(f"{program} failed: {done.stderr.decode()[-2000:]}")


@contextlib.contextmanager
def postgresql() -> Iterator[Postgresql]:
    """A server while the block runs. Root cannot run it, so another user does then."""
    bin_dir = programs()
    assert bin_dir is not None, "ask `programs` before"
    # Not below a folder of pytest: those of root are closed to the user that runs the server.
    with tempfile.TemporaryDirectory(prefix="p2claw-pg-", dir=_FOLDER) as name:
        folder = Path(name)
        user: dict[str, Any] = {}
        if os.geteuid() == 0:
            entry = next(filter(None, map(_entry, _USERS)))
            user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        server = Postgresql(bin_dir, folder, user)
        try:
            yield server
        finally:
            server.stop()


def _entry(name: str) -> pwd.struct_passwd | None:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name)
    return None
