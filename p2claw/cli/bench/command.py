"""`p2claw bench URL`: its options."""

from __future__ import annotations

from pathlib import Path

import click

from p2claw.cli.guard_options import password_in
from p2claw.cli.output import json_option
from p2claw.cli.visit_options import visit_options
from p2claw.errors import UsageError

_EXAMPLE = """
\b
Examples:
  p2claw bench https://dog-purplecrab.example.org/media/film.webm
  p2claw bench --up /upload --seconds 10 https://dog-purplecrab.example.org/media/film.webm
  p2claw bench --json URL

\b
Exit codes: 0 measured, 1 broken off, 2 usage, 3 no such app or box, 4 unreachable, 5 wrong key,
6 the app responds with 400 or above, 130 interrupted.
"""


@click.command(epilog=_EXAMPLE)
@click.argument("url")
@click.option("--up", metavar="PATH", help="Also measure the way up, by POST to this path.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.5, 120),
    default=5.0,
    show_default=True,
    help="How long each rate is measured.",
)
@visit_options
@json_option
def bench(
    url: str,
    up: str | None,
    seconds: float,
    edge: str | None,
    key: str | None,
    password_file: Path | None,
    as_json: bool,
) -> int:
    """Measure what the link to an app gives: first byte, small requests, rate down and up.

    URL is of something that the app serves; for the rate down best a file of some megabytes, which
    is fetched again and again. What is measured is app, box, line and this machine together.
    """
    if up is not None and not up.startswith("/"):
        raise UsageError(f"{up!r} is no path of the app", hint="Write --up /upload")
    password = None if password_file is None else password_in(password_file)
    # Only here: the help is there sooner without the data plane.
    from p2claw.cli.bench.running import measure
    from p2claw.cli.ending import run_until_signal

    return run_until_signal(
        measure(url, up, seconds, edge=edge, key=key, password=password, as_json=as_json)
    )
