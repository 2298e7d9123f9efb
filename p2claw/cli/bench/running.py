"""One run of `p2claw bench`: its order, and what it prints."""

from __future__ import annotations

import statistics
import time
from typing import Any

from p2claw.cli.bench.measuring import Bench, PathFacts, Rate, Small
from p2claw.cli.bench.picture import course, share
from p2claw.cli.fetch.entering import entered_by
from p2claw.cli.output import bytes_text, print_json, print_note, print_table
from p2claw.units import SECOND_MS
from p2claw.visitor import PinStore, Visitor


async def measure(
    url: str,
    up: str | None,
    seconds: float,
    *,
    edge: str | None,
    key: str | None,
    password: str | None,
    as_json: bool,
) -> int:
    """Measure an app over one link, and print the figures. Returns the exit code."""
    began = time.monotonic()
    async with await Visitor.open(url, edge=edge, key=key, pins=PinStore.of_home()) as visitor:
        linked_s = time.monotonic() - began
        bench = Bench(visitor, await entered_by(visitor, url, password))
        first = await bench.first_bytes()
        small = await bench.small(seconds)
        down = await bench.down(seconds)
        risen = None if up is None else await bench.up(up, seconds)
        path = bench.path()
    if as_json:
        print_json(_facts(url, linked_s, first, small, down, risen, path))
    else:
        _print(linked_s, first, small, down, risen, path)
    return 0


def _facts(
    url: str,
    linked_s: float,
    first: list[float],
    small: Small,
    down: Rate,
    up: Rate | None,
    path: PathFacts,
) -> dict[str, Any]:
    rtt_ms = None if path.rtt_s is None else round(path.rtt_s * SECOND_MS, 2)
    window = path.window_bytes_per_s
    return {
        "url": url,
        "path": path.kind,
        "rtt_ms": rtt_ms,
        "link_ms": round(linked_s * SECOND_MS, 1),
        "first_byte_ms": {
            "least": round(min(first) * SECOND_MS, 2),
            "median": round(statistics.median(first) * SECOND_MS, 2),
            "most": round(max(first) * SECOND_MS, 2),
        },
        "requests_per_s": round(small.per_s, 1),
        "requests_at_once": small.at_once,
        "statuses": {str(status): count for status, count in sorted(small.statuses.items())},
        "down": _rate(down),
        "up": None if up is None else _rate(up),
        "allows": {
            "window_bytes_per_s": None if window is None else round(window),
            "up_bytes_per_s": None if up is None else round(path.sends_bytes_per_s),
            "up_lost": None if up is None else round(path.lost, 5),
        },
    }


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "bytes_per_s": round(rate.bytes_per_s),
        "bytes": rate.moved,
        "transfers": rate.transfers,
        "samples": [round(sample) for sample in rate.samples],
    }


def _print(
    linked_s: float,
    first: list[float],
    small: Small,
    down: Rate,
    up: Rate | None,
    path: PathFacts,
) -> None:
    median = statistics.median(first)
    rtt = "not measured" if path.rtt_s is None else f"{path.rtt_s * SECOND_MS:.1f} ms"
    rows = [
        ("link", f"{linked_s * SECOND_MS:.0f} ms", f"{path.kind}, round trip {rtt}"),
        ("first byte", f"{median * SECOND_MS:.1f} ms", _first(median, path)),
        ("requests", f"{small.per_s:.0f} per s", f"HEAD, {small.at_once} at once"),
        ("down", f"{bytes_text(round(down.bytes_per_s))}/s", course(down.samples)),
    ]
    if up is not None:
        rows.append(("up", f"{bytes_text(round(up.bytes_per_s))}/s", course(up.samples)))
    if path.window_bytes_per_s is not None:
        most = bytes_text(round(path.window_bytes_per_s))
        rows.append(("path", f"{most}/s", "at most for one transfer: its window per round trip"))
    if up is not None:
        sends = bytes_text(round(path.sends_bytes_per_s))
        rows.append(("path up", f"{sends}/s", f"by its controller; {path.lost:.2%} sent again"))
    print_table(("", "MEASURED", ""), rows)
    if down.transfers and down.moved / down.transfers < 1_000_000:
        small_file = bytes_text(down.moved // down.transfers)
        print_note(f"the URL has {small_file}: a larger file shows the line, and not the requests")
    bad = {status: count for status, count in small.statuses.items() if status >= 400}
    if bad:
        text = ", ".join(f"{count} by {status}" for status, count in sorted(bad.items()))
        print_note(f"the app refused small requests: {text}; their rate is that of refusing")


def _first(median: float, path: PathFacts) -> str:
    """How much of a first byte is the way, and how much box and app."""
    if path.rtt_s is None:
        return ""
    return f"{share(path.rtt_s, median, 20)} round trip, then box and app"
