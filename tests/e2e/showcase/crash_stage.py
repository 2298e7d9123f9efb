"""SIGKILL for the coordinator in the middle of a download, and what its log held until then."""

from __future__ import annotations

from tests.e2e.acts.transfer import download_so_far, finish_download, start_download
from tests.e2e.acts.visit import visit
from tests.e2e.probe_app import Probe
from tests.e2e.showcase.facts import Facts
from tests.e2e.stack import Stack
from tests.support.browser import Browser

DOWNLOAD_BYTES = 200_000_000
SENT_TO_OTHER_APPS = {
    "/about",
    "a-friend",
    "film.webm",
    "/users/",
    "openapi",
    "footnotes",
    "/assets/",
}


async def crash_stage(facts: Facts, browser: Browser, stack: Stack, probe: Probe) -> None:
    address = await stack.expose("crash", probe.upstream)
    tab = (await visit(browser, address.url, "This is page 0")).tab
    await start_download(tab, f"/bytes/{DOWNLOAD_BYTES}")
    await tab.wait_for("() => window.testDownload.total > 20000000")
    await stack.kill("server")
    at_kill = await download_so_far(tab)
    got = await finish_download(tab, timeout_s=200)
    facts.note(
        "download-survives-coordinator-sigkill",
        holds=(got.total, got.wrong, got.error) == (DOWNLOAD_BYTES, -1, ""),
        bytes_at_kill=at_kill.total,
        bytes=got.total,
    )
    await stack.start_server()
    later = await visit(browser, address.url, "This is page 0", timeout_s=90)
    facts.note(
        "new-visitor-after-restart",
        holds=later.documents == 1,
        seconds=round(later.seconds, 2),
    )
    await later.tab.close()
    await tab.close()


def privacy_stage(facts: Facts, stack: Stack, probe: Probe) -> None:
    """What the apps were asked must be missing from the servers' log."""
    log = stack.server_log.read_text()
    targets = {seen.target.partition("?")[0] for seen in probe.seen} - {"/"}
    targets |= {value for seen in probe.seen for value in seen.fields.values() if len(value) > 20}
    targets |= SENT_TO_OTHER_APPS
    leaked = sorted(word for word in targets if word in log)
    facts.note(
        "servers-log-holds-no-content",
        holds=bool(log) and not leaked,
        log_bytes=len(log),
        words_looked_for=len(targets),
        leaked=leaked,
    )
