"""`p2claw identity recover`: makes this machine the box that was lost."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from p2claw.agent.home.recovery_key import FILE_BYTES, RecoveryFile
from p2claw.cli.identity.passphrase import passphrase_option, read_passphrase
from p2claw.cli.output import json_option, print_facts, print_json, print_note
from p2claw.config import AgentConfig, check_coordinator
from p2claw.errors import UsageError

_EXAMPLE = """
\b
Examples:
  p2claw identity recover recovery.txt --passphrase-file passphrase.txt
  p2claw identity recover - --at https://apps.example.org

\b
Exit codes: 0 this machine has the names of the box; 2 there is a key already, or this is no
recovery code; 4 its coordinator cannot be asked, or knows no box with this code.
"""


@click.command(epilog=_EXAMPLE)
@click.argument("file", metavar="FILE|-")
@click.option("--at", metavar="URL", help="The coordinator, if the file does not name it.")
@passphrase_option("The first line of this file opens a sealed code; - is standard input.")
@json_option
def recover(file: str, at: str | None, passphrase_file: str | None, as_json: bool) -> None:
    """Take over the names of a lost box on this new machine, by its recovery code in FILE.

    A new key is made, which follows the one of the lost box: visitors come here without a question,
    and the box that has the old key is locked out at once. Then start the agent, and expose the
    apps again. The code is used up: `p2claw identity backup` makes another.
    """
    if file == "-" and passphrase_file == "-":
        raise UsageError("Only one of both can be standard input", code="recovery-invalid")
    kept = RecoveryFile.parse(_read(file))
    key = kept.open(read_passphrase(passphrase_file))
    coordinator = at or kept.coordinator
    if not coordinator:
        raise UsageError(
            "A code alone does not name its coordinator",
            code="coordinator-unknown",
            hint="Name it: --at https://…",
        )
    import asyncio  # only here, as what follows: `p2claw identity` itself needs no loop

    from p2claw.agent.recovering import recover as take_over

    config = AgentConfig(coordinator=check_coordinator(coordinator))
    done = asyncio.run(take_over(key, config))
    facts = {
        "peer_id": done.identity.peer_id,
        "was": done.was,
        "alias": done.alias,
        "key_alias": done.identity.key_alias,
        "coordinator": config.coordinator,
        "key_file": str(config.identity_path),
        "registered": done.registered,
    }
    if as_json:
        print_json(facts)
        return
    print_facts([(name.replace("_", " "), str(value)) for name, value in facts.items()])
    if done.registered:
        print_note("the code is used up; start the agent by `p2claw run`, then make another code")
    else:
        print_note(f"the coordinator does not know yet ({done.trouble}): `p2claw run` goes on")


def _read(file: str) -> str:
    try:
        if file == "-":
            return sys.stdin.read(FILE_BYTES)
        with Path(file).open(encoding="utf-8") as opened:
            return opened.read(FILE_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} cannot be read: {error}", code="recovery-unreadable", hint="Name its file"
        ) from None
