"""Network namespaces by name: made, given commands, and removed, also those of killed processes.

A name begins with its maker's prefix and pid, so that the next run knows what was left behind.
"""

from __future__ import annotations

import ctypes
import itertools
import os
import shutil
import subprocess
from pathlib import Path

from p2claw.errors import UsageError

SBIN = "/usr/sbin:/sbin:/usr/bin:/bin"
CLONE_NEWNET = 0x40000000
_numbers = itertools.count()


def stem(prefix: str) -> str:
    """What the names of one network of this process begin with: unique while the process lives."""
    return f"{prefix}{os.getpid()}-{next(_numbers)}"


def add(name: str) -> None:
    """Make a namespace with its loopback up. Raises UsageError `network-failed`."""
    ip("netns", "add", name)
    ip("-n", name, "link", "set", "lo", "up")


def remove(name: str) -> None:
    """Remove a namespace, or do nothing where there is none."""
    subprocess.run([program("ip"), "netns", "delete", name], capture_output=True, check=False)


def sweep(prefix: str) -> None:
    """Remove the namespaces with this prefix whose process is no more."""
    for name in (word for word in ip("netns", "list").split() if word.startswith(prefix)):
        pid = name.removeprefix(prefix).partition("-")[0]
        if not Path("/proc", pid).exists():
            remove(name)


def inside(name: str) -> tuple[str, ...]:
    """What to write before a command so that it runs there; the process stays the same."""
    return (program("ip"), "netns", "exec", name)


def enter(name: str) -> None:
    """Move this thread into a namespace. Raises OSError."""
    space = os.open(Path("/run/netns", name), os.O_RDONLY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(space, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(space)


def ip(*arguments: str) -> str:
    """Run `ip` and return what it printed. Raises UsageError `network-failed`."""
    return run(program("ip"), *arguments)


def run(*command: str, text: str | None = None) -> str:
    """Run a command, with text as its input. Raises UsageError `network-failed`."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UsageError(
            f"`{' '.join(command)}` failed: {done.stderr.strip()}", code="network-failed"
        )
    return done.stdout


def has(*names: str) -> bool:
    """Whether the system has all these programs."""
    return all(shutil.which(name, path=SBIN) for name in names)


def program(name: str, package: str = "iproute2") -> str:
    """The path of a program of the system. Raises UsageError `<package>-missing`."""
    found = shutil.which(name, path=SBIN)
    if found is None:
        raise UsageError(
            f"there is no `{name}`", code=f"{package}-missing", hint=f"Install {package}"
        )
    return found
