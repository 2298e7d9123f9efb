"""What every foreign app has in common: made once in a folder, served on a port, ended by pid.

`python -m tests.e2e.apps` makes all of them; what is already there is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parents[3] / "build" / "foreign-apps"
MAKE_TIMEOUT_S = 900
START_TIMEOUT_S = 30
END_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class ForeignApp:
    """name: also the app's name at the box. version: a new one is made afresh.

    make: puts everything into a folder. command: what serves that folder on a port.
    """

    name: str
    version: str
    make: Callable[[Path], None]
    command: Callable[[Path, int], list[str]]
    workdir: str = "."

    @property
    def folder(self) -> Path:
        return HOME / f"{self.name}-{self.version}"

    def prepare(self) -> Path:
        """Make the app unless it is there; a half-made one never counts."""
        if not self.folder.exists():
            half = self.folder.with_name(self.folder.name + ".part")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True)
            self.make(half)
            half.rename(self.folder)
        return self.folder

    @contextlib.asynccontextmanager
    async def serve(self, log: Path) -> AsyncIterator[int]:
        """Run the app's own server; gives its port."""
        folder = await asyncio.to_thread(self.prepare)
        port = free_port()
        with log.open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                *self.command(folder, port),
                cwd=folder / self.workdir,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        try:
            await _listening(port, process, log)
            yield port
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), END_TIMEOUT_S)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def run(*argv: str, cwd: Path) -> None:
    """Run one step of making an app; its output is shown when it fails."""
    done = subprocess.run(argv, cwd=cwd, capture_output=True, timeout=MAKE_TIMEOUT_S, check=False)
    if done.returncode:
        output = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}:\n{output}")


def virtual_env(folder: Path, *requirements: str) -> Path:
    """Make a virtual environment in `folder`/venv, so that no foreign app shares ours."""
    run(sys.executable, "-m", "venv", "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(str(python), "-m", "pip", "install", "-q", *requirements, cwd=folder)
    return python


def unpack(archive: Path, folder: Path) -> None:
    """A tar archive, with nothing in it that reaches out of the folder."""
    with tarfile.open(archive) as tar:
        # Pythons before 3.11.4 that have no patch of their distribution know no filter.
        if hasattr(tarfile, "data_filter"):
            tar.extractall(folder, filter="data")
        else:
            tar.extractall(folder)


def source_of(folder: Path, python: Path, requirement: str) -> Path:
    """Download and unpack a project's source distribution; returns its folder."""
    no_wheel = ("--no-binary", ":all:", "--no-deps")
    run(str(python), "-m", "pip", "download", "-q", *no_wheel, requirement, cwd=folder)
    (archive,) = folder.glob("*.tar.gz")
    unpack(archive, folder / "unpacked")
    (inner,) = (folder / "unpacked").iterdir()
    inner.rename(folder / "source")
    return folder / "source"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _listening(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
    while asyncio.get_running_loop().time() < deadline and process.returncode is None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("localhost", port)
            writer.close()
            return
        await asyncio.sleep(0.1)
    raise RuntimeError(f"the app does not listen on {port}:\n{log.read_text()[-3000:]}")
