"""`p2claw server backup`, `check`, `restore`: the database of a server, and copies of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from p2claw.cli.exit_codes import FAILED
from p2claw.cli.operator.asking import data_dir
from p2claw.cli.output import bytes_text, json_option, print_json, print_note
from p2claw.cli.server_settings import turn_key
from p2claw.config import StoreAddress
from p2claw.errors import UsageError

if TYPE_CHECKING:
    from p2claw.coord.store.backup import Contents

_BACKUP = """
\b
Examples:
  p2claw server backup /var/backups/p2claw.db --force
  p2claw server --config /etc/p2claw/p2claw.toml backup today.db

\b
Exit codes: 0 copied and checked, 1 the database is damaged, missing or not readable, 2 wrong usage.
"""

_CHECK = """
\b
Example:
  p2claw server check --json

\b
Exit codes: 0 in order, 1 damaged, missing or not readable, or the TURN key is no good.
"""

_RESTORE = """
\b
Example:
  p2claw server restore /var/backups/p2claw.db

\b
Exit codes: 0 put back, 1 the copy is damaged, or a server runs.
"""

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog=_BACKUP)
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@json_option
@click.pass_context
def backup(context: click.Context, /, file: Path, force: bool, as_json: bool) -> None:
    """Copy the database to FILE, as it is at this moment. The server may run."""
    from p2claw.coord.store import backup as store

    found = store.backup(_folder(context), file, overwrite=force)
    _print(found, as_json, f"copied to {file}")


@click.command(epilog=_CHECK)
@json_option
@click.pass_context
def check(context: click.Context, /, as_json: bool) -> None:
    """Look at every page and row of the database, and try the TURN key. The server may run."""
    from p2claw.cli.operator.relays import print_trial, try_turn_key
    from p2claw.coord.store import backup as store

    found = store.check(_folder(context))
    above = context.parent
    assert above is not None, "this verb stands below `p2claw server`"
    key = turn_key(above.params)
    trial = None if key is None else try_turn_key(key)
    relays = None if trial is None else trial.facts()
    _print(found, as_json, "damaged" if found.damage else "in order", relays=relays)
    if trial is not None and not as_json:
        print_trial(trial)
    if found.damage or (trial is not None and trial.error is not None):
        context.exit(FAILED)


@click.command(epilog=_RESTORE)
@click.argument("file", type=_FILE)
@json_option
@click.pass_context
def restore(context: click.Context, /, file: Path, as_json: bool) -> None:
    """Make the copy FILE the database of this server, which must not run.

    Boxes that registered after the copy was made get another alias. The database that was there is
    kept beside it.
    """
    from p2claw.coord.store import backup as store

    found, replaced = store.restore(file, _folder(context))
    _print(found, as_json, "put back", replaced=None if replaced is None else str(replaced))
    if replaced is not None and not as_json:
        print_note(f"what was there before is now {replaced}")


def _folder(context: click.Context) -> Path:
    """The folder of the database. Raises UsageError `store-elsewhere`."""
    above = context.parent
    assert above is not None, "this verb stands below `p2claw server`"
    address = StoreAddress.parse(above.params["store"])
    if address.postgresql:
        raise UsageError(
            f"The data are in {address}",
            code="store-elsewhere",
            hint="Use pg_dump, pg_restore and pg_amcheck, whole and with all constraints",
        )
    return data_dir(context)


def _print(found: Contents, as_json: bool, done: str, **more: Any) -> None:
    if as_json:
        facts = {
            "file": str(found.path),
            "bytes": found.size,
            "boxes": found.boxes,
            "claims": found.claims,
            "invitations": found.invitations,
            "damage": list(found.damage),
        }
        print_json({**facts, **more})
        return
    counts = f"{found.boxes} boxes, {found.claims} chosen aliases, {found.invitations} invitations"
    click.echo(f"{done}: {counts}, {bytes_text(found.size)}")
    for line in found.damage:
        click.echo(f"  {line}")
