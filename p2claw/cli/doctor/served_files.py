"""Whether an edge serves the browser side that it should: each of its files, byte for byte.

It shows what this edge served to this machine, just now. An edge that means ill can serve others
another page.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp

from p2claw.cli.doctor.edge_client import EdgeClient, edge_client
from p2claw.cli.doctor.finding import Finding, ok, warn
from p2claw.edge.bootstrap import load_bootstrap
from p2claw.edge.browser_side import BrowserSide, digest_of
from p2claw.errors import UsageError
from p2claw.system_errors import reason_of
from p2claw.visitor.app_url import AppUrl

CHECK = "browser side"
# Of a file; together they have 0.4 MB as they travel.
FILE_S = 30.0
# Of the paths that differ, so many are named.
_NAMED = 3


def expected_browser_side(file: Path | None) -> BrowserSide | None:
    """That of the release whose list `file` is; else that of this program, None if it has none.

    Raises UsageError `browser-side-invalid` or `file-unreadable`.
    """
    if file is None:
        try:
            return BrowserSide.of(load_bootstrap())
        except UsageError:
            return None
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}",
            code="file-unreadable",
            hint="Give the file p2claw-VERSION-browser-side.json of a release",
        ) from None
    return BrowserSide.parse(content, str(file))


async def check_served_files(address: AppUrl, expected: BrowserSide | None) -> Finding:
    """Ask the edge for every file, and compare."""
    if expected is None:
        advice = "Run `make build`, or give --browser-side with the list of a release"
        return warn(CHECK, "there is none here to compare with the edge's", advice)
    async with edge_client(address, FILE_S) as client:
        asked = [_fault(client, path, digest) for path, digest in expected.digests.items()]
        faults = await asyncio.gather(*asked)
    count, of_it = len(expected.digests), f"of p2claw {expected.version}"
    wrong = [
        f"{path} ({fault})" for path, fault in zip(expected.digests, faults, strict=True) if fault
    ]
    if not wrong:
        return ok(CHECK, f"the server sends the {count} files {of_it}, byte for byte")
    named = ", ".join(wrong[:_NAMED]) + (" …" if len(wrong) > _NAMED else "")
    return warn(
        CHECK,
        f"{len(wrong)} of {count} files are not those {of_it}: {named}",
        "If the server runs another version, compare with --browser-side and the list of that "
        "release. If not, the server or something in front of it sends visitors other code",
    )


async def _fault(client: EdgeClient, path: str, digest: str) -> str:
    """What is wrong with a file, or ""."""
    try:
        got = await client.get(path)
    except (aiohttp.ClientError, OSError) as error:
        return reason_of(error)
    if got.status != 200:
        return f"status {got.status}"
    return "" if digest_of(got.body) == digest else "other bytes"
