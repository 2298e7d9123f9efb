"""Large bodies at full size, with the agent's memory beside them, and small requests in between."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path

from tests.e2e.acts.memory import sampled
from tests.e2e.acts.parallel import small_requests
from tests.e2e.acts.transfer import download_so_far, finish_download, start_download, upload
from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe, digest, write_file
from tests.e2e.showcase.facts import Facts
from tests.e2e.stack import Stack
from tests.support.browser import Browser, Tab, until

UPLOAD_BYTES = 200_000_000
DOWNLOAD_BYTES = 500_000_000
SAVED_BYTES = 100_000_000
SMALL_REQUESTS = 100
UPSTREAM_ENDS_S = 5
# Flat: what one link may hold on to whatever the size of a body is (windows and queues).
GROWTH_MAX_MIB = 16
LONG_S = 300


async def bulk_stage(
    facts: Facts, browser: Browser, stack: Stack, probe: Probe, folder: Path
) -> None:
    address = await stack.expose("bulk", probe.upstream)
    tab = (await visit(browser, address.url, "This is page 0")).tab
    async with facts.stage("upload"):
        await _upload(facts, tab, stack, folder)
    async with facts.stage("download"):
        await _download(facts, tab, stack)
    async with facts.stage("saved-file"):
        await _saved_file(facts, browser, tab, stack)
    async with facts.stage("small-requests-during-download"):
        await _small_requests(facts, tab)
    async with facts.stage("tab-close"):
        await _close(facts, tab, probe)


async def _upload(facts: Facts, tab: Tab, stack: Stack, folder: Path) -> None:
    file = write_file(folder / "upload.bin", UPLOAD_BYTES)
    began = time.monotonic()
    async with sampled(stack.agent_pid) as memory:
        sent = await upload(tab, "/upload", file, timeout_s=LONG_S)
    seconds = time.monotonic() - began
    response = json.loads(sent.text) if sent.status == 200 else {}
    facts.note(
        "upload",
        holds=response.get("sha256") == digest(UPLOAD_BYTES),
        bytes=response.get("length"),
        status=sent.status,
        sha256=response.get("sha256"),
        seconds=round(seconds, 2),
        mb_per_s=round(UPLOAD_BYTES / 1e6 / seconds, 1),
        progress_events=len(sent.progress),
        **memory.facts(),
    )


async def _download(facts: Facts, tab: Tab, stack: Stack) -> None:
    began = time.monotonic()
    async with sampled(stack.agent_pid) as memory:
        await start_download(tab, f"/bytes/{DOWNLOAD_BYTES}")
        got = await finish_download(tab, timeout_s=LONG_S)
    seconds = time.monotonic() - began
    whole = (got.total, got.wrong, got.error) == (DOWNLOAD_BYTES, -1, "")
    facts.note(
        "download",
        holds=whole and memory.growth_mib() <= GROWTH_MAX_MIB,
        bytes=got.total,
        every_byte_right=got.wrong < 0,
        error=got.error,
        seconds=round(seconds, 2),
        mb_per_s=round(got.total / 1e6 / seconds, 1),
        **memory.facts(),
    )


async def _saved_file(facts: Facts, browser: Browser, tab: Tab, stack: Stack) -> None:
    saved = browser.downloads / "probe.bin"
    saved.unlink(missing_ok=True)
    await tab.evaluate(f"() => {{ file.href = '/file/{SAVED_BYTES}'; }}")
    async with sampled(stack.agent_pid) as memory:
        await tab.click("#file")
        seconds = await until(
            lambda: saved.exists() and saved.stat().st_size == SAVED_BYTES,
            timeout_s=LONG_S,
            what="the file is saved",
        )
    with saved.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    saved.unlink()
    facts.note(
        "saved-file",
        holds=sha256 == digest(SAVED_BYTES),
        bytes=SAVED_BYTES,
        sha256=sha256,
        seconds=round(seconds, 2),
        **memory.facts(),
    )


async def _small_requests(facts: Facts, tab: Tab) -> None:
    await start_download(tab, "/bytes/2000000000")
    await tab.wait_for("() => window.testDownload.total > 5000000")
    before = await download_so_far(tab)
    began = time.monotonic()
    small = await small_requests(tab, "/small/", SMALL_REQUESTS)
    seconds = time.monotonic() - began
    after = await download_so_far(tab)
    facts.note(
        "small-requests-during-download",
        holds=small.right == SMALL_REQUESTS and not after.done and not after.error,
        count=SMALL_REQUESTS,
        right=small.right,
        p50_ms=round(small.percentile(0.5), 1),
        p99_ms=round(small.percentile(0.99), 1),
        max_ms=round(small.ms[-1], 1),
        download_mb_meanwhile=round((after.total - before.total) / 1e6, 1),
        seconds=round(seconds, 2),
    )


async def _close(facts: Facts, tab: Tab, probe: Probe) -> None:
    """The download of before still runs; an event stream and a hanging request come to it."""
    paths = ["/endless", "/events", "/hang"]
    for path in paths:
        await tab.evaluate("path => { fetch(path).catch(() => {}); }", path)
    await until(lambda: set(paths) <= set(probe.open), timeout_s=10, what="all are open")
    open_before = list(probe.open)
    await tab.close()
    seconds = await until(lambda: not probe.open, timeout_s=30, what="no request is open")
    facts.note(
        "tab-close",
        holds=seconds <= UPSTREAM_ENDS_S,
        requests_open_before=open_before,
        upstream_ended_after_s=round(seconds, 2),
    )
