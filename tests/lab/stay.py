"""`python -m tests.lab.stay URL EDGE SECONDS`: a visit that stays, printed as a line of JSON.

It reads a stream of numbers, ten a second, and moves bytes both ways meanwhile, whatever happens.
Before that line it prints BEGUN, as soon as the first number has come.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass

from p2claw.errors import P2clawError
from p2claw.visitor import Visitor
from tests.lab.services import PIECE_BYTES, PIECE_S, pattern

BEGUN = "begun"


@dataclass
class Report:
    """numbers: how many came in all; missing, doubled, and the longest gap between two.

    down, up: whether each transfer arrived as it was sent. error: why one did not. events: whether
    each of an event stream came once, in a page. went_on_at: when the download went on after its
    longest gap, and the event stream too, in Unix seconds.
    """

    numbers: int = 0
    missing: int = 0
    doubled: int = 0
    gap_s: float = 0.0
    down: bool = False
    up: bool = False
    events: bool = True
    went_on_at: float = 0.0
    error: str = ""


async def stay(url: str, edge: str, stay_s: float) -> Report:
    report = Report()
    try:
        visitor = await Visitor.open(url, edge=edge)
    except P2clawError as error:
        report.error = error.code
        return report
    async with visitor:
        parts = (
            _numbers(visitor, stay_s, report),
            _down(visitor, int(stay_s / PIECE_S), report),
            _up(visitor, int(stay_s / PIECE_S), report),
        )
        try:
            async with asyncio.timeout(stay_s + 60):
                for fault in await asyncio.gather(*parts, return_exceptions=True):
                    if isinstance(fault, P2clawError):
                        report.error = fault.code
                    elif isinstance(fault, BaseException):
                        raise fault
        except TimeoutError:
            report.error = "stalled"
    return report


async def _numbers(visitor: Visitor, stay_s: float, report: Report) -> None:
    """Lines `N\\n`, one after the other."""
    response = await visitor.request("GET", f"/numbers/{int(stay_s * 10)}")
    text, wanted, last = b"", 0, time.monotonic()
    async for piece in response:
        now = time.monotonic()
        report.gap_s = max(report.gap_s, round(now - last, 3))
        last = now
        *lines, text = (text + piece).split(b"\n")
        for line in lines:
            number = int(line)
            if not report.numbers:
                print(BEGUN, flush=True)
            report.numbers += 1
            report.missing += max(0, number - wanted)
            report.doubled += max(0, wanted - number)
            wanted = number + 1
    report.missing += int(stay_s * 10) - wanted


async def _down(visitor: Visitor, pieces: int, report: Report) -> None:
    body, longest_s, last = b"", 0.0, time.monotonic()
    async for piece in await visitor.request("GET", f"/slow/{pieces}"):
        body += piece
        now = time.monotonic()
        if now - last > longest_s:
            longest_s, report.went_on_at = now - last, time.time()
        last = now
    report.down = body == pattern(pieces * PIECE_BYTES)


async def _up(visitor: Visitor, pieces: int, report: Report) -> None:
    sent = pattern(pieces * PIECE_BYTES)

    async def body() -> AsyncIterator[bytes]:
        for at in range(0, len(sent), PIECE_BYTES):
            yield sent[at : at + PIECE_BYTES]
            await asyncio.sleep(PIECE_S)

    response = await visitor.request("POST", "/", body=body(), timeout_s=300)
    report.up = (await response.body()).decode() == hashlib.sha256(sent).hexdigest()


# The same in a page, with uploads one after the other: (seconds, bytes of a piece) => Report.
PAGE = """async (seconds, piece) => {
    const report = { numbers: 0, missing: 0, doubled: 0, gap_s: 0, down: false, up: true,
        events: false, went_on_at: 0, error: "" };
    const count = Math.floor(seconds * 10);
    const sha256 = async data => Array.from(
        new Uint8Array(await crypto.subtle.digest("SHA-256", data)),
        byte => byte.toString(16).padStart(2, "0")).join("");
    const numbers = async () => {
        const reader = (await fetch("/numbers/" + count)).body
            .pipeThrough(new TextDecoderStream()).getReader();
        let text = "", wanted = 0, last = performance.now();
        for (;;) {
            const { value, done } = await reader.read();
            if (done) break;
            const now = performance.now();
            report.gap_s = Math.max(report.gap_s, (now - last) / 1000);
            last = now;
            const lines = (text + value).split("\\n");
            text = lines.pop();
            for (const line of lines) {
                report.numbers += 1;
                report.missing += Math.max(0, line - wanted);
                report.doubled += Math.max(0, wanted - line);
                wanted = Number(line) + 1;
            }
        }
        report.missing += count - wanted;
    };
    const whole = await (await fetch("/" + count * piece)).arrayBuffer();
    // To be called with each piece: notes when the longest gap ended.
    const goingOn = () => {
        let last = Date.now(), longest = 0, wentOn = 0;
        return () => {
            const now = Date.now();
            if (now - last > longest) [longest, wentOn] = [now - last, now / 1000];
            last = now;
            return wentOn;
        };
    };
    const down = async () => {
        const reader = (await fetch("/slow/" + count)).body.getReader();
        const pieces = [], came = goingOn();
        for (let wentOn;;) {
            const { value, done } = await reader.read();
            if (done) {
                report.went_on_at = Math.max(report.went_on_at, wentOn);
                break;
            }
            wentOn = came();
            pieces.push(value);
        }
        const body = await new Blob(pieces).arrayBuffer();
        report.down = await sha256(body) === await sha256(whole);
    };
    const events = () => new Promise(resolve => {
        const source = new EventSource("/events/" + count), came = goingOn();
        let wanted = 0, inOrder = true;
        const end = () => {
            source.close();
            report.events = inOrder && wanted === count;
            resolve();
        };
        source.onmessage = ({ data }) => {
            const wentOn = came();
            inOrder &&= Number(data) === wanted;
            wanted = Number(data) + 1;
            if (wanted < count) return;
            report.went_on_at = Math.max(report.went_on_at, wentOn);
            end();
        };
        setTimeout(end, (seconds + 60) * 1000);
    });
    const up = async () => {
        const end = performance.now() + seconds * 1000;
        while (performance.now() < end) {
            const sent = crypto.getRandomValues(new Uint8Array(50000));
            const response = await fetch("/", { method: "POST", body: sent });
            if (await response.text() !== await sha256(sent)) report.up = false;
        }
    };
    const parts = [numbers(), down(), up(), events()];
    for (const { reason } of await Promise.allSettled(parts)) {
        if (reason) [report.error, report.up] = [String(reason), false];
    }
    report.gap_s = Math.round(report.gap_s * 1000) / 1000;
    return report;
}"""


if __name__ == "__main__":
    report = asyncio.run(stay(sys.argv[1], sys.argv[2], float(sys.argv[3])))
    print(json.dumps(asdict(report)))
