"""`make lab`: who reaches whom through which NATs, printed as a table. As root, on Linux."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import cast, get_args

from tests.lab import borderline, cells, matrix, moving
from tests.lab.cells import Cell
from tests.lab.host import Host
from tests.lab.laboratory import laboratory
from tests.lab.matrix import Row, Visit
from tests.lab.nats import NATS
from tests.lab.services import Box
from tests.support.browser import Kind

# Of a browser, which takes seconds to start, what differs for it.
BROWSER_KINDS = (
    *("none", "full-cone", "port", "symmetric", "udp-blocked", "ipv6", "mtu-1280", "mtu-1230"),
)


async def main(arguments: argparse.Namespace) -> int:
    """Returns how many cells are not as they should be."""
    if arguments.times:
        return await _repeat(arguments)
    wrong = await _move(arguments) if arguments.by != "fetch" and not arguments.kinds else 0
    modes = {"with": [True], "without": [False], "both": [True, False]}[arguments.relay]
    for relays in modes:
        with tempfile.TemporaryDirectory(prefix="p2claw-lab-") as name:
            rows = await _measure(Path(name), arguments, relays)
        wrong += sum(not row.is_right for row in rows)
        if not arguments.json:
            turn = "with a TURN server" if relays else "without a TURN server"
            print(f"\n{arguments.by}, {turn}; path, milliseconds to open; ! is not as it should be")
            print(matrix.table(rows), flush=True)
    return wrong


async def _repeat(arguments: argparse.Namespace) -> int:
    """The borderline pairs, each so many times; returns how often a path was not as it should."""
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="p2claw-lab-") as name:
        folder = Path(name)
        pairs = [tuple(pair.split("/")) for pair in arguments.pairs.split(",")]
        async with laboratory() as lab, matrix.public_segment(lab, folder, relays=True):
            visit = _visit(arguments.by, folder)
            for visitor, box in pairs:
                tally = await borderline.tally(lab, folder, visitor, box, arguments.times, visit)
                wrong += tally.wrong
                print(json.dumps(tally.facts()) if arguments.json else tally.text(), flush=True)
    return wrong


async def _move(arguments: argparse.Namespace) -> int:
    """1 if a link of this browser that begins through a relay stays there."""
    with tempfile.TemporaryDirectory(prefix="p2claw-lab-") as name:
        folder = Path(name)
        async with laboratory() as lab, matrix.public_segment(lab, folder, relays=True):
            move = await moving.move(lab, folder, cast(Kind, arguments.by))
    print(json.dumps(asdict(move)) if arguments.json else move.text(arguments.by), flush=True)
    return 0 if move.is_right else 1


async def _measure(folder: Path, arguments: argparse.Namespace, relays: bool) -> list[Row]:
    rows: list[Row] = []
    kinds = arguments.kinds.split(",") if arguments.kinds else _kinds(arguments.by)
    async with laboratory() as lab, matrix.public_segment(lab, folder, relays=relays):
        await matrix.prove(lab, kinds)
        cells_of = matrix.matrix(
            *(lab, folder, kinds, kinds),
            relays=relays,
            visit=_visit(arguments.by, folder),
            by=arguments.by,
            at_once=1 if arguments.by != "fetch" else matrix.AT_ONCE,
        )
        async for row in cells_of:
            rows.append(row)
            _show(row, arguments.json, relays)
    return rows


def _kinds(by: str) -> tuple[str, ...]:
    return tuple(NATS) if by == "fetch" else BROWSER_KINDS


def _visit(by: str, folder: Path) -> Visit:
    if by == "fetch":
        return matrix.by_fetch

    async def browse(host: Host, box: Box, kind: str) -> Cell:
        with tempfile.TemporaryDirectory(dir=folder) as profile:
            return await cells.by_browser(cast(Kind, by), host, box, Path(profile))

    return browse


def _show(row: Row, as_json: bool, relays: bool) -> None:
    if as_json:
        cell = row.cell
        facts = {
            "visitor": row.visitor,
            "box": row.box,
            "relays": relays,
            "outcome": cell.outcome,
            "later": cell.later,
            "open_ms": cell.open_ms,
            "whole": cell.whole,
            "code": cell.code,
            "right": sorted(row.right),
            "is_right": row.is_right,
        }
        print(json.dumps(facts), flush=True)
    elif sys.stderr.isatty():
        print(f"\r{row.visitor} to {row.box}: {row.cell.outcome}\x1b[K", end="", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    parser.add_argument("--by", choices=("fetch", *get_args(Kind)), default="fetch")
    parser.add_argument("--relay", choices=("with", "without", "both"), default="both")
    parser.add_argument("--kinds", help=f"these alone: {','.join(NATS)}")
    parser.add_argument("--times", type=int, help="visit the borderline pairs so often, with TURN")
    parser.add_argument(
        "--pairs", default=borderline.PAIRS, help="visitor/box, instead of the borderline ones"
    )
    parser.add_argument("--json", action="store_true", help="a line per cell instead of tables")
    return parser.parse_args()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(min(1, asyncio.run(main(_arguments()))))
