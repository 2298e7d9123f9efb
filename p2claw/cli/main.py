"""The `p2claw` program: finds the verb, loads only that, and turns errors into text and exit codes.

A verb raises P2clawError and nothing else for what can be expected; it never prints an error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from p2claw import __version__
from p2claw.cli.exit_codes import FAILED, INTERRUPTED, USAGE, exit_code_of
from p2claw.cli.output import json_option, print_error
from p2claw.cli.verb_group import VerbGroup, nearest
from p2claw.cli.verbs import VERBS, load_verb
from p2claw.errors import P2clawError, UsageError
from p2claw.system_errors import is_forbidden, is_full, reason_of, remedy_of

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_EPILOG = """
\b
First steps:
  p2claw demo                  see it work, all on this machine
  p2claw join https://…        the coordinator that its owner named to you
  p2claw run                   then, in another terminal:
  p2claw expose dog 3000       publish localhost:3000 as the app "dog"

\b
Exit codes:
  0 done                 3 no such app or box        6 the app responded with an error
  1 failed               4 agent or box unreachable     (fetch --fail)
  2 wrong usage          5 wrong key                 130 interrupted

Every verb has --help with an example, and --json, which may stand anywhere.
"""


class _Verbs(VerbGroup):
    """The verbs of the program. One is imported when it is called; --help costs no imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return load_verb(cmd_name) if cmd_name in VERBS else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl([(name, verb.summary) for name, verb in VERBS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        verbs = [
            CompletionItem(name, help=verb.summary)
            for name, verb in VERBS.items()
            if name.startswith(incomplete)
        ]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)


@click.group(cls=_Verbs, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@json_option
@click.version_option(__version__, prog_name="p2claw")
def p2claw(as_json: bool) -> None:
    """A permanent URL for any web app on your own machine, straight to the browser."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in (arguments[: arguments.index("--")] if "--" in arguments else arguments)
    try:
        result = p2claw.main(arguments, prog_name="p2claw", standalone_mode=False)
    except P2clawError as error:
        print_error(error, as_json=as_json)
        return exit_code_of(error)
    except click.UsageError as error:
        print_error(_usage_error(error), as_json=as_json)
        return USAGE
    except click.ClickException as error:
        print_error(P2clawError(error.format_message()), as_json=as_json)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone, as `| head` does. Nothing may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        print_error(refusal, as_json=as_json)
        return FAILED
    return result if isinstance(result, int) else 0


def _refusal(error: OSError) -> P2clawError | None:
    """What the system may refuse anywhere; None for all that says something of this program."""
    message = reason_of(error) + (f": {error.filename}" if error.filename else "")
    hint = remedy_of(error)
    if is_full(error):
        return P2clawError(message, code="disk-full", hint=hint)
    if is_forbidden(error):
        return P2clawError(message, code="not-permitted", hint=hint)
    return None


def _usage_error(error: click.UsageError) -> UsageError:
    see = f"See `{error.ctx.command_path if error.ctx else 'p2claw'} --help`"
    if not isinstance(error, click.NoSuchOption):
        return UsageError(error.format_message().rstrip("."), hint=see)
    known = [name for one in error.ctx.command.params for name in one.opts] if error.ctx else []
    meant = nearest(error.option_name, [*known, "--help", "--version"])
    hint = f"Did you mean {meant}? {see}" if meant else see
    return UsageError(f"There is no option {error.option_name}", hint=hint)


if __name__ == "__main__":
    sys.exit(main())
