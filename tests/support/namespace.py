"""A network of a test's own: one namespace with one loopback device, made as the test wants it."""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

from p2claw.link.ice import host_addresses

T = TypeVar("T")

CLONE_NEWNET = 0x40000000
PATH = "/usr/sbin:/sbin:/usr/bin:/bin"

needs_namespaces = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("ip", path=PATH) or not shutil.which("tc", path=PATH),
    reason="network namespaces need root and iproute2",
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
                env = {**os.environ, "PATH": PATH}
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
