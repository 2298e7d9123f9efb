"""Timings of resources and of the page itself (Resource Timing, Navigation Timing, Server Timing)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.cases import Case, case, slug
from tests.parity.upstream.plays import End, redirect, reply

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="7"/>'
WAYS = {"fetch": ("text/plain", "0123456789"), "xhr": ("text/plain", "0123456789"), "img": ("image/svg+xml", SVG), "script": ("text/javascript", "1"),
        "link": ("text/css", "p{}"), "iframe": ("text/html", "<p>x"), "post": ("text/plain", "posted"), "beacon": ("text/plain", "")}  # fmt: skip


def cases() -> Iterator[Case]:
    for by, (kind, body) in WAYS.items():
        yield case(f"performance/resource/{by}", "timing", reply(200, body=body, kind=kind), by=by, alone=True)
        yield case(f"performance/abroad/{by}", "timing", reply(200, body=body, kind=kind), by=by, abroad=True, alone=True)
    for status in (204, 404, 500):
        yield case(f"performance/status/{status}", "timing", reply(status, body="x"), by="fetch", alone=True)
    yield case("performance/status/redirect", "timing", redirect(302, "/p/none"), by="fetch", alone=True)
    yield case("performance/status/closed", "timing", (End.CLOSE,), by="fetch", alone=True)
    yield case("performance/server/two", "timing", reply(200, [("Server-Timing", 'a;dur=1.5;desc="x y", b')], "x"), by="fetch", alone=True)
    yield case("performance/server/allowed", "timing", reply(200, [("Timing-Allow-Origin", "*"), ("Access-Control-Allow-Origin", "*"), ("Server-Timing", "c;dur=2")], "x"), by="fetch", abroad=True, alone=True)
    yield case("performance/size/big", "timing", reply(200, body="x" * 300_000), by="fetch", alone=True)
    yield case("performance/size/kept", "timing", reply(200, [("Cache-Control", "max-age=60")], "x" * 2_000), by="fetch", alone=True)
    for code in PAGE:
        yield Case(f"performance/page/{slug(code)}", "report", {"code": code}, fresh=False, alone=True)


N = "performance.getEntriesByType('navigation')[0]"
PAGE = [
    f"{N}.type", f"{N}.name", f"{N}.entryType", f"{N}.initiatorType", f"{N}.redirectCount", f"{N}.nextHopProtocol", f"{N}.responseStatus", f"{N}.transferSize > {N}.encodedBodySize", f"{N}.encodedBodySize", f"{N}.decodedBodySize", f"{N}.deliveryType", f"{N}.activationStart", f"{N}.domComplete > 0",
    f"{N}.loadEventEnd > 0", f"{N}.startTime", f"{N}.responseStart > 0", f"{N}.workerStart", f"{N}.unloadEventStart", f"{N}.serverTiming.length", f"{N}.duration > 0", f"Object.keys({N}.toJSON()).sort().join()", f"{N}.notRestoredReasons", "performance.getEntriesByType('navigation').length",
    "performance.timing.navigationStart > 0", "performance.timing.redirectStart", "performance.timing.loadEventEnd > 0", "performance.navigation.type", "performance.navigation.redirectCount", "performance.timeOrigin > 0", "Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 2000",
    "performance.getEntriesByType('resource').map((e) => e.name.replace(location.origin, ''))", "performance.getEntriesByType('mark').length", "performance.getEntriesByType('measure').length", "performance.mark('own').name", "performance.getEntriesByName('own').length", "performance.clearMarks(), performance.getEntriesByType('mark').length",
    "performance.measure('m').entryType", "performance.getEntriesByType('paint').length", "PerformanceObserver.supportedEntryTypes.join()", "performance.getEntries().map((e) => e.entryType).filter((t, i, all) => all.indexOf(t) === i).sort().join()", "performance.setResourceTimingBufferSize(3)", "performance.clearResourceTimings(), performance.getEntriesByType('resource').length",
    "await fetch('/p/none').then(() => performance.getEntriesByType('resource').length)", "Object.prototype.toString.call(performance.getEntriesByType('resource')[0])", "performance.getEntriesByType('resource')[0].toJSON().name.endsWith('/p/none')", "JSON.stringify(performance).includes('p2claw')", "performance.eventCounts?.size > 0",
    "performance.toJSON().timeOrigin > 0", "performance.getEntriesByName(location.href).length", "performance.getEntriesByName('none').length", "performance.getEntriesByType('navigation')[0] instanceof PerformanceResourceTiming", "performance.timing.domLoading > 0", "document.lastModified.length",
]  # fmt: skip
