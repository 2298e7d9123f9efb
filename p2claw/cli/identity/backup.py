"""`p2claw identity backup`: makes a recovery code for the day on which this box is lost."""

from __future__ import annotations

from pathlib import Path

import click

from p2claw.agent.home.recovery_key import RecoveryFile, RecoveryKey, seal
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.identity.passphrase import passphrase_option, read_passphrase
from p2claw.cli.output import json_option, print_facts, print_json, print_note
from p2claw.errors import UsageError
from p2claw.private_file import write_new

_EXAMPLE = """
\b
Examples:
  p2claw identity backup
  p2claw identity backup --output recovery.txt --passphrase-file -
  p2claw identity backup --withdraw

\b
Exit codes: 0 done; 2 it cannot be now, or the file exists; 4 no agent runs.
"""


@click.command(epilog=_EXAMPLE)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write it to this new file, and show nothing.",
)
@passphrase_option("Seal the file by the passphrase in this one; - is standard input.")
@click.option("--withdraw", is_flag=True, help="Let no recovery code name the next key any more.")
@json_option
def backup(output: Path | None, passphrase_file: str | None, withdraw: bool, as_json: bool) -> None:
    """Make a recovery code, which takes the place of an earlier one. It is shown once.

    Keep it away from this box. Whoever has it can give the names of the box to another machine:
    `p2claw identity recover`. The box must be connected, for its coordinator has to know before.
    """
    client = AgentClient()
    if withdraw:
        facts = client.ask("DELETE", "/v1/identity/backup")
        _show({"withdrawn": True, "online": facts["online"]}, as_json)
        return
    status = client.ask("GET", "/v1/status")
    key, passphrase = RecoveryKey.make(), read_passphrase(passphrase_file)
    kept = RecoveryFile(
        status["coordinator"]["url"],
        status["alias"] or status["key_alias"],
        code=key.code if passphrase is None else "",
        sealed="" if passphrase is None else seal(key, passphrase),
    )
    if output is not None:
        _write(output, kept)
    try:
        facts = client.ask("PUT", f"/v1/identity/backup/{key.peer_id}")
    except BaseException:
        if output is not None:
            output.unlink(missing_ok=True)  # it would be good for nothing
        raise
    shown = {"file": str(output)} if output is not None else {"recovery": kept.text()}
    _show({**shown, "backup_peer_id": key.peer_id, "online": facts["online"]}, as_json)


def _show(facts: dict[str, object], as_json: bool) -> None:
    if as_json:
        print_json(facts)
        return
    if "recovery" in facts:
        click.echo(str(facts["recovery"]), nl=False)
        print_note("it is shown once: keep it away from this box, on paper or in a vault")
    elif "file" in facts:
        print_facts([("file", str(facts["file"]))])
        print_note("keep it away from this box")
    else:
        print_facts([("withdrawn", "yes")])
    if not facts["online"]:
        print_note("the coordinator does not know it yet: `p2claw status` shows when it does")


def _write(path: Path, kept: RecoveryFile) -> None:
    try:
        made = write_new(path.absolute(), kept.text().encode())
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}", code="output-unwritable"
        ) from None
    if not made:
        raise UsageError(f"{path} exists", code="output-exists", hint="Name another file")
