"""`p2claw edge`: the pages of hosts of apps, as files for any web server."""

from __future__ import annotations

from pathlib import Path

import click

from p2claw.cli.output import json_option, print_json, print_note
from p2claw.cli.verb_group import VerbGroup
from p2claw.errors import P2clawError
from p2claw.system_errors import reason_of, remedy_of

_EXPORT = """
\b
Example:
  p2claw edge export /srv/p2claw --parent apps.example.org --coordinator https://coord.example.org

\b
Exit codes: 0 written, 1 the bootstrap is damaged or the folder cannot be written, 2 wrong usage.
"""

_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(cls=VerbGroup, epilog=_EXPORT)
@json_option
def edge(as_json: bool) -> None:
    """The pages under the hosts of apps, which are the same for every app."""


@edge.command(epilog=_EXPORT)
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--parent", required=True, help="The DNS suffix of all apps, as of the server.")
@click.option(
    "--coordinator",
    required=True,
    metavar="URL",
    help="Where visitors ask for boxes: the origin of the server, under another name.",
)
@click.option(
    "--scheme",
    type=click.Choice(["http", "https"]),
    default="https",
    show_default=True,
    help="What visitors see.",
)
@click.option(
    "--public-port",
    type=click.IntRange(1, 65535),
    help="The port that visitors see.  [default: that of the scheme]",
)
@click.option(
    "--static",
    "source",
    type=_FOLDER,
    help="The folder of the built bootstrap.  [default: the one of the package]",
)
@json_option
def export(
    folder: Path,
    parent: str,
    coordinator: str,
    scheme: str,
    public_port: int | None,
    source: Path | None,
    as_json: bool,
) -> None:
    """Write the bootstrap into DIR, for a web server or a CDN, with the fields that it needs.

    No server of p2claw runs there: pages ask the coordinator, which runs elsewhere. An export that
    is in DIR is replaced; files that its open pages still ask for stay.
    """
    from p2claw.edge.export import writing

    place = writing.place_of(parent, coordinator, scheme, public_port)
    try:
        files = writing.export(folder, place, source)
    except OSError as error:
        raise P2clawError(
            f"{folder} cannot be written: {reason_of(error)}",
            code="export-unwritable",
            hint=remedy_of(error) or "Name another folder",
        ) from None
    facts = {
        "folder": str(folder.absolute()),
        "parent": place.parent,
        "coordinator": place.coordinator,
        "files": files,
    }
    if as_json:
        print_json(facts)
        return
    click.echo(f"Written to {folder.absolute()}: {len(files)} files")
    print_note(f"nginx.conf and Caddyfile serve the folder {writing.SITE}; CDNs are given it whole")
