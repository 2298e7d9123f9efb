"""Runs a verb of this program with --json, in a process of its own, for a tool."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

# A visit to a box that does not respond ends by itself before.
VERB_S = 120.0
OUTPUT_BYTES = 4 * 1024 * 1024


class VerbError(Exception):
    """The verb has failed: its error, for the coding agent to read."""


async def run_verb(verb: str, *words: str) -> Any:
    """The JSON that a verb prints. Raises VerbError.

    A verb that fails and yet prints facts (`doctor`, `expose --verify`) has done its work.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "p2claw.cli.main", verb, "--json", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(VERB_S):
            out, err = await process.communicate()
    except TimeoutError:
        raise VerbError(f"`p2claw {verb}` did not end within {VERB_S:g} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if len(out) > OUTPUT_BYTES:
        raise VerbError(f"`p2claw {verb}` printed more than {OUTPUT_BYTES} bytes")
    with suppress(ValueError):
        return json.loads(out)
    raise VerbError(_text(err) or f"`p2claw {verb}` failed with code {process.returncode}")


def _text(err: bytes) -> str:
    """The last line of standard error: an error as JSON, or a text."""
    last = err.decode("utf-8", "replace").strip().rpartition("\n")[2]
    try:
        error = json.loads(last)["error"]
        return f"{error['message']} ({error['code']}). {error['hint']}".strip()
    except (ValueError, KeyError, TypeError):
        return last
