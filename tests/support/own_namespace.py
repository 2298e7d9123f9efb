"""A network of a test's own: one namespace with one loopback device, made as the test wants it.

Namespaces with names, for processes, are in `namespaces`.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from p2claw.link.ice import host_addresses
from tests.support.namespaces import CLONE_NEWNET, SBIN, has

T = TypeVar("T")


def needs_namespaces(*needed: str) -> pytest.MarkDecorator:
    """Skip the test unless it can make network namespaces: that takes root and iproute2.

    needed: what else it cannot do without, programs by their names, and files by their paths.
    """
    paths = [name for name in needed if name.startswith("/")]
    programs = [name for name in needed if name not in paths]
    able = os.geteuid() == 0 and has("ip", *programs) and all(Path(path).exists() for path in paths)
    return pytest.mark.skipif(
        not able, reason=f"network namespaces need {', '.join(('root', 'ip', *needed))}"
    )


def run_in_namespace(work: Callable[[], Coroutine[Any, Any, T]], *commands: str) -> T:
    """Run it on a loop of its own, in a thread that is in the namespace; commands come first."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "unshare")
            for command in ("ip link set lo up", *commands):
                env = {**os.environ, "PATH": SBIN}
                subprocess.run(command.split(), check=True, capture_output=True, env=env)
            results.append(asyncio.run(work()))
        except BaseException as failure:
            failures.append(failure)

    host_addresses._host_addresses.cache_clear()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    host_addresses._host_addresses.cache_clear()
    if failures:
        raise failures[0]
    return results[0]
