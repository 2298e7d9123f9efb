"""A Firefox that no driver is attached to: for pages that start many workers within a worker.

A session of WebDriver BiDi makes Firefox listen to every worker that is made, and with that a
worker which makes some twelve of its own at once often stops for ever inside `new Worker`: in four
of ten visits of an app's own server, and in none of twenty without a session (Firefox ESR 153).
What such a page has found, it must report to its server.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from pathlib import Path

EXECUTABLE = "/usr/bin/firefox-esr"
END_TIMEOUT_S = 10
# Only silences the browser's own traffic and its greetings.
QUIET = {
    "app.normandy.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "captivedetect.canonicalURL": "",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
}


@contextlib.asynccontextmanager
async def undriven_firefox(url: str, folder: Path) -> AsyncIterator[None]:
    """Open `url` with a fresh profile below `folder`; ends everything that was started."""
    profile = folder / "profile"
    profile.mkdir(parents=True)
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(to)});" for name, to in QUIET.items())
    (profile / "user.js").write_text("\n".join(lines))
    process = await asyncio.create_subprocess_exec(
        *(EXECUTABLE, "--headless", "--no-remote", "--profile", str(profile), url),
        env={**os.environ, "HOME": str(folder)},
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        for signum in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signum)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), END_TIMEOUT_S)
