"""What verbs print: facts on standard output, as text or one JSON value; errors on standard error.

Text is for people and may change; JSON is for programs, and its keys stay.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click

from p2claw.errors import P2clawError

# Of these the text has everything; their pages are for who meets the code in a program.
_WHOLE = ("usage", "verb-unknown")


def _anywhere(context: click.Context, _: click.Parameter, value: bool) -> bool:
    """Whether it was given here or before: `p2claw --json status` is `p2claw status --json`."""
    while not value and context.parent is not None:
        context = context.parent
        value = bool(context.params.get("as_json"))
    return value


json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=_anywhere,
    help="Print the same facts as one JSON value.",
)


def print_json(value: Any) -> None:
    """One line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_error(error: P2clawError, *, as_json: bool) -> None:
    """`error: what happened (code)`, what to do next, and how to read more; or `{"error": {…}}`.

    On standard error.
    """
    if as_json:
        facts = {"code": error.code, "message": error.message, "hint": error.hint}
        click.echo(json.dumps({"error": facts}, ensure_ascii=False), err=True)
        return
    click.echo(f"error: {error.message} ({error.code})", err=True)
    if error.hint:
        click.echo(f"       {error.hint}", err=True)
    if error.code in _WHOLE:
        return
    # Not before it is wanted: most commands end without an error.
    from p2claw.cli.errors.pages import error_pages

    if error.code in error_pages():
        click.echo(f"       `p2claw help {error.code}` explains it", err=True)


def print_note(text: str) -> None:
    """Something to know beside the facts. On standard error, so that it disturbs no script."""
    click.echo(f"note: {text}", err=True)


def print_facts(facts: Sequence[tuple[str, object]]) -> None:
    """Names and values, one pair per line, values aligned."""
    for line in table_lines([(name, _text(value)) for name, value in facts]):
        click.echo(line)


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows under heads, columns aligned."""
    for line in table_lines([heads, *rows]):
        click.echo(line)


def table_lines(rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Rows of cells as lines whose columns are aligned: numbers on the right, texts on the left."""
    widths = [max(len(_text(cell)) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(map(_padded, row, widths)).rstrip()


def _padded(cell: object, width: int) -> str:
    text = _text(cell)
    return text.rjust(width) if isinstance(cell, int | float) else text.ljust(width)


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.1f}"
    return "–" if cell is None else str(cell)


def print_qr(url: str) -> None:
    """A URL as a QR code of half blocks; nothing if there is no terminal that can show them."""
    if not sys.stdout.isatty() or (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        return
    import segno  # only here: the other verbs start without it

    segno.make(url, error="l", micro=False).terminal(out=sys.stdout, compact=True, border=2)


def guard_text(ways: Sequence[str]) -> str:
    """By what visitors enter an app, for a table."""
    return " or ".join(ways) or "anyone"


def bytes_text(count: int) -> str:
    """A number of bytes for people."""
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def duration_text(seconds: float) -> str:
    """A duration for people: `8 s`, `3 min`, `2 h 5 min`, `3 d 4 h`."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    if minutes < 1:
        return f"{seconds:.0f} s"
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60} min".removesuffix(" 0 min")
    return f"{days} d {hours % 24} h".removesuffix(" 0 h")
