"""`python -m tests.cross_site [--browser chromium|firefox] [--only WORD]`: what a page of another
site can have a browser ask, and as whom the app sees it, at a direct server and through p2claw.

Prints a table per browser: method, Origin, Sec-Fetch-Site, cookies. Exit code 1 if the app trusts
any more through p2claw than at a direct server, and nobody knows why (`known.py`).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.cross_site.judge import grants_more
from tests.cross_site.known import reason
from tests.cross_site.run import Received, chosen, run
from tests.support.browser import Kind

BROWSERS: tuple[Kind, ...] = ("chromium", "firefox")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cross_site", description=__doc__)
    parser.add_argument("--browser", choices=BROWSERS)
    parser.add_argument("--only", default="", help="cases with this word in their name")
    given = parser.parse_args()
    kinds = (given.browser,) if given.browser else BROWSERS
    wrong = 0
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="p2claw-cross-site-") as name:
            received = asyncio.run(run(kind, Path(name), chosen(given.only), _say))
        wrong += _report(kind, received)
    return int(wrong > 0)


def _say(text: str) -> None:
    print(f"» {text}", file=sys.stderr, flush=True)


def _report(kind: Kind, received: Received) -> int:
    print(f"\n{kind}: {len(received)} cases; method, Origin, Sec-Fetch-Site, cookies")
    wrong = 0
    for name, sides in received.items():
        direct, through = sides["direct"], sides["through"]
        more = grants_more(direct, through)
        why = reason(kind, name) if more else ""
        wrong += bool(more and not why)
        note = f" | MORE: {', '.join(more)}: {why or 'nobody knows why'}" if more else ""
        print(f"{name:45} | {direct.text:35} | {through.text:35}{note}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
