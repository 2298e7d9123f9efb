"""Visits by `p2claw fetch` and, beside it, by a plain TLS connection; both without a browser.

Times begin with the visit, in the program that makes it: a start of Python is none of the path's.
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
import time
from urllib.parse import urlsplit

from bench.first_byte.scene import SERVER, Scene
from bench.first_byte.times import Times
from p2claw.errors import P2clawError
from p2claw.units import SECOND_MS

VISIT_TIMEOUT_S = 60

_EDGE = f"https://{SERVER}"


async def fetch(scene: Scene, url: str) -> Times:
    """By `p2claw fetch`, which remembers hosts from one visit to the next."""
    argv = (*(sys.executable, "-m", "p2claw.cli.main", "fetch"), "--json", "--edge", _EDGE, url)
    environment = {**os.environ, "P2CLAW_HOME": str(scene.folder / "visitor")}
    process = await asyncio.create_subprocess_exec(
        *argv,
        cwd=scene.folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        printed, trouble = await asyncio.wait_for(process.communicate(), VISIT_TIMEOUT_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise P2clawError(f"fetch failed: {trouble.decode()}", code="fetch-failed")
    took = json.loads(printed)["timings_ms"]
    first_byte_ms = took["link"] + took["head"]
    return Times(first_byte_ms, took["total"], {"link": took["link"]})


async def fetch_directly(url: str) -> Times:
    """By TCP, TLS 1.3 and a GET, each after the other, as any client of HTTPS does."""
    parts = urlsplit(url)
    trusting = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    trusting.minimum_version = ssl.TLSVersion.TLSv1_3
    began_s = time.monotonic()
    async with asyncio.timeout(VISIT_TIMEOUT_S):
        reader, writer = await asyncio.open_connection(
            SERVER, parts.port, ssl=trusting, server_hostname=parts.hostname
        )
        asked = f"GET / HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
        writer.write(asked.encode())
        await reader.readexactly(1)
        first_byte_ms = (time.monotonic() - began_s) * SECOND_MS
        await reader.read()
        loaded_ms = (time.monotonic() - began_s) * SECOND_MS
        writer.close()
    return Times(first_byte_ms, loaded_ms)
