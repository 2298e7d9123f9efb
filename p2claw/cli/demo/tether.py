"""Runs a module as `python -m` would, and ends it when the process that started it is gone.

    python -m p2claw.cli.demo.tether MODULE ARGUMENTS…

Standard input is a pipe that only the parent holds open. The kernel closes it however the parent
ends, SIGKILL included; a thread here then sends this process the SIGTERM that the parent could not.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

# Longer than an agent drains; what has not ended by then never would.
GRACE_S = 15.0


def main() -> None:
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    threading.Thread(target=_watch, args=(os.dup(0),), daemon=True).start()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch(tether: int) -> None:
    while os.read(tether, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)


if __name__ == "__main__":
    main()
