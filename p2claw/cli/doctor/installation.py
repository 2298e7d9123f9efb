"""Checks the installation: Python, extension, aioice, browser side."""

from __future__ import annotations

import asyncio
import platform
import sys

from p2claw.cli.doctor.finding import Finding, failed, ok, warn
from p2claw.edge.bootstrap import load_bootstrap
from p2claw.errors import P2clawError, UsageError


def check_python() -> Finding:
    """Reports the version of Python. One that is too old could not even load this module."""
    found = f"{platform.python_implementation()} {platform.python_version()} at {sys.executable}"
    return ok("python", f"{found}, {platform.system()} {platform.machine()}")


def check_codec() -> Finding:
    """The compiled codec, or the slow one that somebody asked for."""
    try:
        from p2claw.wire.frames.codec import (
            CODEC,  # only here: it fails where the extension is missing
        )
    except P2clawError as error:
        return failed("codec", error)
    if CODEC.name != "fastframe":
        return warn(
            "codec", f"{CODEC.name}, the slow one, runs", "Unset P2CLAW_PURE for the compiled one"
        )
    return ok("codec", CODEC.name)


async def check_aioice() -> Finding:
    """The private names of aioice that links rely on."""
    try:
        from p2claw.link.stock import check_stock  # only here: as above

        await asyncio.sleep(0)
        check_stock()
    except P2clawError as error:
        return failed("aioice", error)
    from importlib.metadata import version

    return ok("aioice", f"aioice {version('aioice')}")


def check_data_plane() -> Finding:
    """Whether records are encrypted the fast way."""
    from p2claw.dataplane.carrier.records import records_way  # only here: as above

    way = records_way()
    if way.trouble:
        return warn(
            "data plane",
            f"records go through {way.name}, which costs more CPU and memory: {way.trouble}",
            "Install the versions that p2claw asks for: pip install --upgrade p2claw",
        )
    return ok("data plane", f"records by {way.name}, self-test passed")


def check_bootstrap() -> Finding:
    """Only a server needs it."""
    try:
        load_bootstrap()
    except UsageError as error:
        return warn("browser side", error.message, f"{error.hint}. Only a server needs it")
    return ok("browser side", "built")
