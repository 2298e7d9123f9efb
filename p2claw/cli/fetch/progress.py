"""The bar that fetch shows on a terminal while bytes go up or come down."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

import click

from p2claw.cli.output import bytes_text


@contextlib.contextmanager
def progress(
    what: str, total_bytes: int | None, *, wanted: bool
) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while the block runs; gives what to call with bytes gone.

    Nothing is shown if it is not wanted, or if standard error is no terminal.
    """
    if not wanted or not sys.stderr.isatty():
        yield lambda count: None
        return
    started_s = time.monotonic()
    gone_bytes = 0

    def facts(_: object) -> str:
        per_s = gone_bytes / max(time.monotonic() - started_s, 0.001)
        of = "" if total_bytes is None else f" of {bytes_text(total_bytes)}"
        return f"{bytes_text(gone_bytes)}{of}, {bytes_text(round(per_s))} per second"

    # click has no bar for a length that is not known: then the facts alone are shown.
    template = "%(label)s  [%(bar)s]  %(info)s" if total_bytes else "%(label)s  %(info)s"
    with click.progressbar(
        length=total_bytes or 1,
        label=what,
        file=sys.stderr,
        bar_template=template,
        show_percent=False,
        show_eta=total_bytes is not None,
        item_show_func=facts,
        update_min_steps=0,
    ) as bar:

        def gone(count: int) -> None:
            nonlocal gone_bytes
            gone_bytes += count
            bar.update(count if total_bytes else 0)

        yield gone
