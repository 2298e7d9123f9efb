"""A group of verbs: helps where nothing was asked, and names the verb that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import click

from p2claw.errors import UsageError


class VerbGroup(click.Group):
    """A group whose verbs are found by `list_commands` and `get_command`, as click has them."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each verb with the whole first sentence of its text; click would cut it."""
        rows = [(name, self.verb(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Verbs"):
            formatter.write_dl([(name, _first_sentence(verb)) for name, verb in rows])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Without a verb, help is what was asked for: on standard output, and no failure."""
        if set(args) <= {"--json"} and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit()
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing:
            self.verb(ctx, name)
        return super().resolve_command(ctx, args)

    def verb(self, ctx: click.Context, name: str) -> click.Command:
        """The command of that name. Raises UsageError `verb-unknown`."""
        command = self.get_command(ctx, name)
        if command is not None:
            return command
        path = ctx.command_path
        meant = nearest(name, self.list_commands(ctx))
        raise UsageError(
            f"There is no verb {name!r}",
            code="verb-unknown",
            hint=f"Did you mean `{path} {meant}`?" if meant else f"See `{path} --help`",
        )


def _first_sentence(verb: click.Command) -> str:
    paragraph = " ".join((verb.help or "").partition("\n\n")[0].split())
    return paragraph.partition(". ")[0].partition(": ")[0].rstrip(".") + "."


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Which of the known names was probably meant, if any."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1)
    return found[0] if found else None
