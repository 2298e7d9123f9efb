"""One worker as a process of the operating system: started on a socket, ended for certain."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from pathlib import Path

import p2claw
from p2claw.agent.workers.line import Line
from p2claw.agent.workers.messages import OfWorker, of_worker_decoder
from p2claw.errors import P2clawError
from p2claw.grace import within

MODULE = "p2claw.agent.workers.worker"

# As `python -m MODULE` would, but from where this process has its code, and never from the current
# directory, which may hold anybody's files: ROOT MODULE ARGUMENTS…
_RUN_MODULE = """\
import runpy, sys
root, module = sys.argv[1:3]
del sys.argv[1:3]
if root not in sys.path:
    sys.path.insert(0, root)
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""
_ROOT = str(Path(p2claw.__file__).parents[1])

# The time for a worker to end once its line is closed. It ends at once, unless it hangs.
END_S = 2.0


class WorkerError(P2clawError):
    """A worker did not start, or ended by itself."""

    code = "worker-failed"


class WorkerProcess:
    """A running worker. line: for messages to it and from it."""

    def __init__(self, process: asyncio.subprocess.Process, line: Line[OfWorker]) -> None:
        self.pid = process.pid
        self.line = line
        self._process = process

    @classmethod
    async def start(cls, number: int, inherits: tuple[int, ...] = ()) -> WorkerProcess:
        """Run the worker of this number. Raises WorkerError.

        inherits: descriptors that it gets copies of, under the same numbers.

        Its standard input is its end of the line: the kernel closes that however this process
        ends, and then the worker does too. In a session of its own, because what a terminal sends
        is for the agent, which ends its workers itself.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                process = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-c", _RUN_MODULE, _ROOT, MODULE),
                    *(str(number), p2claw.__version__),
                    stdin=theirs.fileno(),
                    stdout=asyncio.subprocess.DEVNULL,
                    start_new_session=True,
                    pass_fds=inherits,
                )
        except OSError as error:
            ours.close()
            raise WorkerError(f"Worker {number} cannot be started: {error}") from None
        except BaseException:
            ours.close()
            raise
        return cls(process, await Line.over(ours, of_worker_decoder()))

    async def end(self) -> int:
        """Close the line, then wait; kill it if it does not end.

        Returns the exit status, -N for signal N.
        """
        self.line.cut()
        try:
            await within(END_S, self._process.wait())
        finally:
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
        return await self._process.wait()
