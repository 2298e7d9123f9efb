"""`p2claw completion SHELL`: the script by which a shell completes verbs, options and names."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

from p2claw.cli.output import json_option, print_json

SHELLS = ("bash", "zsh", "fish")

_EXAMPLE = """
\b
Examples:
  p2claw completion bash > ~/.local/share/bash-completion/completions/p2claw
  p2claw completion zsh > "${fpath[1]}/_p2claw"
  p2claw completion fish > ~/.config/fish/completions/p2claw.fish

\b
Exit codes: 0 printed, 2 not one of these shells.
"""


@click.command(epilog=_EXAMPLE)
@click.argument("shell", type=click.Choice(SHELLS))
@json_option
@click.pass_context
def completion(context: click.Context, /, shell: str, as_json: bool) -> None:
    """Print the script that lets SHELL complete verbs, options, apps and coordinators.

    A new shell has it, once it is where the examples put it.
    """
    kind = get_completion_class(shell)
    assert kind is not None
    maker = kind(context.find_root().command, {}, "p2claw", "_P2CLAW_COMPLETE")
    # Not the `source` of the class: for bash that runs bash, which need not be here.
    script = ShellComplete.source(maker)
    if as_json:
        print_json({"shell": shell, "script": script})
    else:
        click.echo(script)
