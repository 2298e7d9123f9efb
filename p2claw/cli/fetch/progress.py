"""The bar that fetch shows on a terminal while bytes go up or come down."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def progress(
    what: str, total_bytes: int | None, *, wanted: bool
) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while the block runs; gives what is told of bytes gone.

    Nothing is shown where it is not wanted, or standard error is no terminal.
    """
    if not wanted or not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console  # only here: it takes longer to load than a short fetch
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=total_bytes)
        yield lambda count: bar.advance(task, count)
