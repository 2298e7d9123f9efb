"""Shows a share: as JSON lines for programs, as lines for a log, or as a table that lives."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any, Protocol

import click

from p2claw.cli.output import bytes_text, duration_text, print_json, print_note, print_qr

Facts = dict[str, Any]

ARROWS = {"visitor": "→ visitor", "left": "← visitor"}


class Display(Protocol):
    def event(self, event: Facts) -> None: ...
    def visitors(self, links: list[Facts]) -> None: ...
    def close(self) -> None: ...


class JsonDisplay:
    """One line of JSON for each event."""

    def event(self, event: Facts) -> None:
        print_json(event)
        sys.stdout.flush()

    def visitors(self, links: list[Facts]) -> None:
        pass

    def close(self) -> None:
        pass


class LineDisplay:
    """One line for each event. qr: with the URL as a QR code."""

    def __init__(self, *, qr: bool) -> None:
        self._qr = qr

    def event(self, event: Facts) -> None:
        match event["event"]:
            case "shared":
                self.shared(event)
            case "visitor" | "left" as kind:
                click.echo(f"{ARROWS[kind]} {_visitor(event)}")
            case _:
                print_note(sentence(event))
        sys.stdout.flush()

    def shared(self, event: Facts) -> None:
        click.echo(f"\n  {click.style(event['url'], bold=True)}\n")
        if self._qr:
            print_qr(event["url"])

    def visitors(self, links: list[Facts]) -> None:
        pass

    def close(self) -> None:
        pass


class LiveDisplay(LineDisplay):
    """The same on a terminal, and below it a table of those who are visiting now."""

    def __init__(self, *, qr: bool) -> None:
        super().__init__(qr=qr)
        from rich.console import Console  # only here: other displays start without it
        from rich.live import Live

        self._live = Live(console=Console(), auto_refresh=False, redirect_stderr=False)
        self._started = False
        self._came = 0
        self._before: dict[str, tuple[float, int]] = {}

    def event(self, event: Facts) -> None:
        match event["event"]:
            case "shared":
                self.shared(event)
                self._started = True
                self._live.start()
                self.visitors([])
            case "visitor":
                self._came += 1
            case "left":
                pass
            case _ if self._started:
                self._live.console.print(sentence(event), style="yellow", highlight=False)
            case _:
                print_note(sentence(event))

    def visitors(self, links: list[Facts]) -> None:
        if self._started:
            self._live.update(self._table(links), refresh=True)

    def close(self) -> None:
        if self._started:
            self._live.stop()

    def _table(self, links: list[Facts]) -> Any:
        from rich.table import Table
        from rich.text import Text

        if not links:
            so_far = f"{self._came} so far" if self._came else "none yet"
            return Text(f"visitors: {so_far}   Ctrl-C ends it", style="dim")
        table = Table(box=None, pad_edge=False, header_style="dim")
        for head in ("VISITOR", "PATH", "FOR", "SENT", "PER SECOND", "ROUND TRIP", "BY"):
            table.add_column(head, justify="right" if head in ("SENT", "PER SECOND") else "left")
        rates = dict(self._rates(links))
        for link in links:
            rtt = "–" if link["rtt_ms"] is None else f"{link['rtt_ms']:.0f} ms"
            age, sent = duration_text(link["age_s"]), bytes_text(link["bytes_out"])
            rate = bytes_text(rates[link["id"]])
            table.add_row(link["id"], link["path"], age, sent, rate, rtt, link["software"])
        return table

    def _rates(self, links: list[Facts]) -> Iterator[tuple[str, int]]:
        """Bytes per second since the last look."""
        now_s = time.monotonic()
        seen: dict[str, tuple[float, int]] = {}
        for link in links:
            then_s, before = self._before.get(link["id"], (now_s - link["age_s"], 0))
            took_s = max(now_s - then_s, 0.1)
            seen[link["id"]] = (now_s, link["bytes_out"])
            yield link["id"], int(max(link["bytes_out"] - before, 0) / took_s)
        self._before = seen


def sentence(event: Facts) -> str:
    """An event for people."""
    match event["event"]:
        case "silent":
            return f"nothing listens on {event['upstream']} yet; visitors see a page about it"
        case "listens":
            return f"{event['upstream']} is there now"
        case "offline":
            return f"the coordinator is not reached ({event['error']}); trying again by itself"
        case "online":
            return "the coordinator is reached again"
        case "agent-gone":
            return "the agent has ended; waiting for it to come back"
        case "unexposed":
            return "somebody else has unexposed the app"
        case "ended":
            return "the URL is gone"
        case "stopping":
            return "stopping: open downloads may finish; Ctrl-C again ends them"
    return str(event["event"])


def _visitor(event: Facts) -> str:
    parts = [event["id"], event["path"], event["software"]]
    if event["event"] == "left":
        parts += [
            f"after {duration_text(event['age_s'])}",
            f"sent {bytes_text(event['bytes_out'])}",
        ]
    return "  ".join(str(part) for part in parts if part)
