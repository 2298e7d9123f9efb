"""`p2claw server`: runs coordinator and edge; below it are the verbs of its operator."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from p2claw import log
from p2claw.cli.config.option import config_option
from p2claw.cli.log_options import log_options
from p2claw.cli.operator.boxes import ban, boxes, quota, unban
from p2claw.cli.operator.data import backup, check, restore
from p2claw.cli.operator.invitations import invitations, invite, uninvite
from p2claw.cli.operator.moving import migrate
from p2claw.cli.output import json_option, print_json
from p2claw.cli.server_settings import server_config
from p2claw.cli.setup.command import setup
from p2claw.cli.verb_group import VerbGroup
from p2claw.config import DEFAULT_LISTEN, DEFAULT_TURN_KEY_API, JOINING

if TYPE_CHECKING:
    from p2claw.cli.serving import Serving

_EXAMPLE = """
\b
Examples:
  p2claw server
  p2claw server --listen :443 --parent example.org --tls-cert chain.pem --tls-key key.pem
  p2claw server setup apps.example.org
  p2claw server invite --uses 5 --for 7d
  p2claw server --parent example.org --scheme https --public-port 443 --trusted-proxy 127.0.0.1

\b
Exit codes: 0 stopped by a signal, 1 the data, certificate or bootstrap is no good, 2 usage.
"""

_PATH = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


class _ServerGroup(VerbGroup):
    """Runs a server itself if no verb of the operator's is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return click.Group.parse_args(self, ctx, args)


@click.group(cls=_ServerGroup, invoke_without_command=True, epilog=_EXAMPLE)
@click.option(
    "--listen",
    envvar="P2CLAW_LISTEN",
    default=DEFAULT_LISTEN,
    show_default=True,
    help="host:port to listen on; :port is every address, port 0 any free one.",
)
@click.option(
    "--parent",
    envvar="P2CLAW_PARENT",
    default="localhost",
    show_default=True,
    help="The DNS suffix of all apps. *.PARENT must lead here.",
)
@click.option(
    "--scheme",
    envvar="P2CLAW_SCHEME",
    type=click.Choice(["http", "https"]),
    help="What visitors see; https behind a proxy that has the certificate.  [default: as served]",
)
@click.option(
    "--public-port",
    envvar="P2CLAW_PUBLIC_PORT",
    type=click.IntRange(1, 65535),
    help="The port that visitors see.  [default: 443 behind a proxy with https, else as listened]",
)
@click.option(
    "--name",
    "names",
    envvar="P2CLAW_NAMES",
    multiple=True,
    help="Another host[:port] by which agents may dial this server; may be repeated.",
)
@click.option(
    "--data",
    "data_dir",
    envvar="P2CLAW_DATA",
    type=_FOLDER,
    help="The folder of the database.  [default: ~/.p2claw/server]",
)
@click.option(
    "--store",
    envvar="P2CLAW_STORE",
    default="",
    metavar="URL",
    help="sqlite:///FOLDER or postgresql://USER@HOST/DB.  [default: SQLite in --data]",
)
@click.option(
    "--bus",
    envvar="P2CLAW_BUS",
    default="",
    metavar="URL",
    help="redis://HOST, where several servers with one --store meet.  [default: this one alone]",
)
@click.option(
    "--node-listen",
    envvar="P2CLAW_NODE_LISTEN",
    default="",
    metavar="ADDRESS:PORT",
    help="Where other servers of one --bus send to this one directly.  [default: through the bus]",
)
@click.option("--tls-cert", envvar="P2CLAW_TLS_CERT", type=_PATH, help="PEM file with the chain.")
@click.option("--tls-key", envvar="P2CLAW_TLS_KEY", type=_PATH, help="PEM file with the key.")
@click.option(
    "--stun", envvar="P2CLAW_STUN", multiple=True, help="stun:host:port; may be repeated."
)
@click.option(
    "--turn",
    envvar="P2CLAW_TURN",
    multiple=True,
    help="turn:host:port?transport=udp; may be repeated, all with one secret.",
)
@click.option(
    "--relay",
    "relays",
    envvar="P2CLAW_RELAYS",
    multiple=True,
    metavar="RELAY",
    help="One TURN server of several: name=eu1,region=eu,weight=3,URL,URL; may be repeated.",
)
@click.option(
    "--turn-secret-file",
    envvar="P2CLAW_TURN_SECRET_FILE",
    type=_PATH,
    help="File with the static-auth-secret of the TURN servers.",
)
@click.option(
    "--turn-log",
    envvar="P2CLAW_TURN_LOG",
    type=_PATH,
    help="The log of coturn on this machine, to count what is relayed for each box.",
)
@click.option(
    "--turn-redis",
    envvar="P2CLAW_TURN_REDIS",
    default="",
    metavar="URL",
    help="redis://HOST, where coturn on any machine publishes what it relays (redis-statsdb).",
)
@click.option(
    "--turn-cli-password-file",
    envvar="P2CLAW_TURN_CLI_PASSWORD_FILE",
    type=_PATH,
    help="File with the cli-password of the relays that have cli=HOST:PORT.",
)
@click.option(
    "--turn-key",
    envvar="P2CLAW_TURN_KEY",
    metavar="ID",
    help="A TURN key of Cloudflare: its relays are offered, too. Its token is no option.",
)
@click.option(
    "--turn-key-token-file",
    envvar="P2CLAW_TURN_KEY_TOKEN_FILE",
    type=_PATH,
    help="File with the API token of the TURN key.  [default: $P2CLAW_TURN_KEY_TOKEN]",
)
@click.option(
    "--turn-key-api",
    envvar="P2CLAW_TURN_KEY_API",
    default=DEFAULT_TURN_KEY_API,
    show_default=True,
    help="Where credentials are asked for with the TURN key.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    envvar="P2CLAW_TRUSTED_PROXIES",
    multiple=True,
    help="Address or network whose X-Forwarded-For is believed; may be repeated.",
)
@click.option(
    "--region-field",
    envvar="P2CLAW_REGION_FIELD",
    default="",
    metavar="NAME",
    help="The field by which a trusted proxy says where a visitor is, such as CF-IPCountry.",
)
@click.option(
    "--near",
    envvar="P2CLAW_NEAR",
    multiple=True,
    metavar="VALUES=REGIONS",
    help="Regions of --relay for values of that field, such as DE,FR=eu,us; may be repeated.",
)
@click.option(
    "--joining",
    envvar="P2CLAW_JOINING",
    type=click.Choice(JOINING),
    default="open",
    show_default=True,
    help="Which new boxes may register: any, with an invitation, or those of --box.",
)
@click.option(
    "--box",
    "boxes",
    envvar="P2CLAW_BOXES",
    multiple=True,
    metavar="PEER_ID",
    help="A box that needs no invitation; may be repeated.",
)
@click.option(
    "--operator", envvar="P2CLAW_OPERATOR", default="", help="Who runs this server, for its page."
)
@click.option(
    "--contact",
    envvar="P2CLAW_CONTACT",
    default="",
    help="Where to report abuse, for its page: an address of mail, or a URL.",
)
@click.option(
    "--static",
    "static_dir",
    envvar="P2CLAW_STATIC",
    type=_FOLDER,
    help="The folder of the built bootstrap.  [default: the one of the package]",
)
@click.option(
    "--metrics",
    envvar="P2CLAW_SERVER_METRICS",
    default="",
    metavar="HOST:PORT",
    help="Where Prometheus reads figures, such as 127.0.0.1:9465.  [default: nowhere]",
)
@log_options
@config_option("server")
@json_option
@click.pass_context
def server(
    context: click.Context, /, log_level: str, log_format: str, as_json: bool, **_: object
) -> None:
    """Run coordinator and edge: introduce visitors to boxes, and serve them the bootstrap page.

    Runs until SIGTERM or Ctrl-C. Links that are open live on when it stops. SIGHUP has it read
    a renewed certificate, which is also noticed within ten seconds.
    """
    if context.invoked_subcommand is not None:
        return
    config = server_config(context.params)
    log.configure(level=log_level, form=log_format)
    import uvloop  # only here, as the next: what looks at options loads no server

    from p2claw.cli.serving import serve

    uvloop.run(serve(config, lambda running: _print(running, as_json)))


_OF_BOXES = (invite, invitations, uninvite, boxes, ban, unban, quota)
for _verb in (*_OF_BOXES, setup, backup, check, restore, migrate):
    server.add_command(_verb)


def _print(running: Serving, as_json: bool) -> None:
    facts = {
        "listen": running.config.listen,
        "url": running.address,
        "apps": running.apps,
        "parent": running.config.parent,
        "data": str(running.config.data_dir),
        "store": str(running.config.store) or None,
        "bus": str(running.config.bus) or None,
        "node_listen": running.config.node_listen or None,
        "metrics": running.metrics_url or None,
    }
    if as_json:
        print_json(facts)
    else:
        click.echo(f"Coordinator and edge listen on {running.address}")
        click.echo(f"Apps appear at {running.apps}")
        if running.metrics_url:
            click.echo(f"Figures for Prometheus are at {running.metrics_url}")
    sys.stdout.flush()
