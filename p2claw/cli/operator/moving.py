"""`p2claw server migrate`: moves the data of a server from SQLite to PostgreSQL, or back."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import click

from p2claw.cli.output import json_option, print_json, print_note
from p2claw.config import StoreAddress
from p2claw.errors import UsageError

if TYPE_CHECKING:
    from p2claw.coord.store.moving import Moved
    from p2claw.coord.store.rows import Rows

_MIGRATE = """
\b
Examples:
  p2claw server migrate --from sqlite:///var/lib/p2claw --to postgresql://p2claw@db/p2claw
  p2claw server migrate --from postgresql://p2claw@db/p2claw --to sqlite:///var/lib/p2claw

\b
Exit codes: 0 moved, and every row compared, 1 it failed: begin again to go on, 2 wrong usage.
"""


@click.command(epilog=_MIGRATE)
@click.option("--from", "source", required=True, metavar="URL", help="Where the data are.")
@click.option("--to", "target", required=True, metavar="URL", help="Where they are to be.")
@json_option
def migrate(source: str, target: str, as_json: bool) -> None:
    """Move all data from one store to another, and compare every row.

    No server may run with either. The source is only read. If it is interrupted, the same command
    goes on.
    """
    import asyncio

    addresses = StoreAddress.parse(source), StoreAddress.parse(target)
    if addresses[0] == addresses[1]:
        raise UsageError("Both are the same store", code="store-invalid")
    moved = asyncio.run(_move(*addresses, quiet=as_json))
    if as_json:
        print_json({"from": str(addresses[0]), "to": str(addresses[1]), "tables": _facts(moved)})
        return
    for one in moved:
        click.echo(f"{one.table}: {one.rows} rows, {one.written} written, all the same")
    print_note(f"start the server with --store {addresses[1]}; keep the source until that runs")


async def _move(source: StoreAddress, target: StoreAddress, *, quiet: bool) -> list[Moved]:
    from p2claw.coord.store.moving import PIECE, move

    def progress(table: str, done: int) -> None:
        if not quiet and done >= PIECE:
            click.echo(f"{table}: {done}", err=True)

    async with _rows(source, must_exist=True) as there, _rows(target, must_exist=False) as here:
        return await move(there, here, progress)


@contextlib.asynccontextmanager
async def _rows(address: StoreAddress, *, must_exist: bool) -> AsyncIterator[Rows]:
    from p2claw.coord.store.sqlite_rows import sqlite_rows

    if address.folder is not None:
        with sqlite_rows(address.folder, must_exist=must_exist) as rows:
            yield rows
        return
    try:
        from p2claw.coord.store.postgresql.rows import postgresql_rows
    except ImportError as error:
        from p2claw.coord.store.choosing import extra_missing

        raise extra_missing(error) from None
    async with postgresql_rows(address.postgresql) as found:
        yield found


def _facts(moved: list[Moved]) -> list[dict[str, object]]:
    return [
        {"table": one.table, "rows": one.rows, "written": one.written, "sha256": one.digest}
        for one in moved
    ]
