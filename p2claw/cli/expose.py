"""`p2claw expose NAME UPSTREAM`: gives an app its URL. Starts nothing; an agent does the work."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from p2claw.agent.access.guarding import guard_to_map, guarded, guarded_as, limited_as
from p2claw.agent.access.ledger import Guard
from p2claw.agent.access.login_settings import CALLBACK
from p2claw.agent.access.record import AccessFile
from p2claw.agent.home.coordinators import CoordinatorFile
from p2claw.agent.home.routes import Route, RouteFile, route_to_map, ways_of
from p2claw.cli.agent_client import AgentClient
from p2claw.cli.byte_size import ByteSize
from p2claw.cli.exit_codes import FAILED
from p2claw.cli.given_upstream import given_upstream
from p2claw.cli.guard_options import GuardWish, guard_options
from p2claw.cli.listening import listens
from p2claw.cli.output import bytes_text, json_option, print_json, print_note, print_qr
from p2claw.config import AgentConfig
from p2claw.errors import UsageError
from p2claw.names import check_app, is_unlisted, unlisted_app, unlisted_prefix

if TYPE_CHECKING:
    from p2claw.cli.verify import Seen

# How long to wait until the coordinator knows of the app.
ANNOUNCED_S = 5.0
POLL_S = 0.1

_EXAMPLE = """
\b
Examples:
  p2claw expose dog 3000
  p2claw expose blog http://127.0.0.1:8000 --preserve-host
  p2claw expose notes unix:/run/notes.sock
  p2claw expose photos ./photos
  p2claw expose site ./dist --spa
  p2claw expose inbox ./inbox --writable --password
  p2claw expose dog 3000 --password
  p2claw expose dog 3000 --allow-email @example.org --oidc-issuer URL --oidc-client ID
  p2claw expose dog 3000 --unlisted
  p2claw expose films ./films --monthly-bytes 50GB
  p2claw expose dog 3000 --verify --json

\b
Exit codes: 0 exposed; 1 exposed, but --verify finds that visitors do not see it; 2 a name or an
upstream that cannot be; 4 the agent does not respond.
"""


@click.command(epilog=_EXAMPLE)
@click.argument("name")
@click.argument("upstream")
@click.option(
    "--preserve-host",
    is_flag=True,
    help="Let the app see the public Host, Origin and Referer instead of its own.",
)
@click.option(
    "--chunked",
    is_flag=True,
    help="The app reads chunked request bodies, so uploads of unknown length need no spooling.",
)
@click.option("--spa", is_flag=True, help="Of a folder: its index.html serves all paths.")
@click.option("--writable", is_flag=True, help="Of a folder: visitors may add files to it.")
@click.option("--overwrite", is_flag=True, help="With --writable: they may replace files, too.")
@click.option(
    "--unlisted",
    is_flag=True,
    help="A name that nobody can guess is made of NAME; the box's page does not show it.",
)
@guard_options
@click.option("--public", is_flag=True, help="Everybody may enter, even if it was guarded before.")
@click.option(
    "--monthly-bytes",
    type=ByteSize(),
    metavar="SIZE",
    help="How much it may move per month, both ways, as 50GB; 0 is any number.",
)
@click.option("--verify", is_flag=True, help="Visit it, and show what a visitor will see.")
@click.option("--no-qr", is_flag=True, help="Print no QR code.")
@json_option
def expose(
    name: str,
    upstream: str,
    preserve_host: bool,
    chunked: bool,
    spa: bool,
    writable: bool,
    overwrite: bool,
    unlisted: bool,
    guard_wish: GuardWish,
    public: bool,
    monthly_bytes: int | None,
    verify: bool,
    no_qr: bool,
    as_json: bool,
) -> int:
    """Give the app that listens on UPSTREAM the name NAME, and with it a URL that stays.

    UPSTREAM is a port, http://localhost:PORT, http://127.0.0.1:PORT, unix:/path/to.sock, or a
    folder, which the agent serves itself. Of https://localhost:PORT the certificate that it shows
    now is the only one from then on. An app of that name is replaced, but stays guarded and limited
    as it was unless an option changes that. Where no agent runs, the app is written down for the
    next that does.
    """
    guard = guard_wish.guard()
    if public and guard is not None:
        raise UsageError("--public and a guard exclude each other")
    is_named = guard is not None or public
    address = given_upstream(upstream, spa=spa, writable=writable, overwrite=overwrite)
    client = AgentClient()
    running = client.running()
    if unlisted:
        name = _unlisted(check_app(name), address.text, client if running else None)
    route = Route(check_app(name), address, preserve_host, chunked)
    if running:
        new: dict[str, Any] = {"guard": guard_to_map(guard)} if is_named else {}
        if monthly_bytes is not None:
            new["monthly_bytes"] = monthly_bytes
        client.ask("PUT", f"/v1/routes/{name}", {**route_to_map(route), **new})
        entry = _announced(client, name)
        ways, limit = entry.get("guarded", []), entry.get("monthly_bytes")
    else:
        written = _written(route, guard, monthly_bytes, is_named=is_named)
        ways, limit = ways_of(written), written.monthly_bytes or None
        entry = {}
    facts = {
        "app": name,
        "upstream": route.upstream.text,
        "preserve_host": preserve_host,
        "chunked": chunked,
        "spa": spa,
        "writable": route.upstream.writable,
        "guarded": ways,
        "login": _login(guard, entry),
        "monthly_bytes": limit,
        "unlisted": is_unlisted(name),
        "url": entry.get("url"),
        "key_url": entry.get("key_url"),
        "agent_running": running,
        "upstream_listens": listens(route.upstream),
        "certificate": route.upstream.certificate or None,
    }
    seen = _looked(client, facts) if verify else None
    if seen is not None:
        facts["verified"] = seen.facts()
    if as_json:
        print_json(facts)
    else:
        _print(facts, qr=not no_qr)
        for line in (seen.text, *seen.warnings) if seen is not None else ():
            print_note(line)
    return FAILED if seen is not None and not seen.is_well else 0


def _looked(client: AgentClient, facts: dict[str, Any]) -> Seen:
    """What a visitor sees of the app."""
    # Not before it is wanted: a visitor is much to load.
    import asyncio

    from p2claw.cli.verify import Seen, look

    if not facts["url"]:
        return Seen(False, error="it has no URL yet: see `p2claw status`")
    return asyncio.run(look(facts["url"], client.ask("GET", "/v1/status")["peer_id"]))


def _unlisted(name: str, upstream: str, agent: AgentClient | None) -> str:
    """The unlisted name that this upstream has already, or a new one; it begins like name."""
    if is_unlisted(name):
        return name
    if agent is not None:
        routes = agent.ask("GET", "/v1/routes")["routes"]
        there = {str(entry["app"]): str(entry["upstream"]) for entry in routes}
    else:
        kept = RouteFile(AgentConfig().routes_path).load()
        there = {app: route.upstream.text for app, route in kept.items()}
    prefix = f"{unlisted_prefix(name)}-"
    for app, of in there.items():
        if app.startswith(prefix) and is_unlisted(app) and of == upstream:
            return app
    return unlisted_app(name)


def _written(
    route: Route, guard: Guard | None, monthly_bytes: int | None, *, is_named: bool
) -> Route:
    """The route, as it is written down for the next agent."""
    config = AgentConfig()
    routes = RouteFile(config.routes_path)
    before = routes.load().get(route.app)
    route = guarded(route, guard) if is_named else guarded_as(route, before)
    route = limited_as(route, before)
    if monthly_bytes is not None:
        route = replace(route, monthly_bytes=monthly_bytes)
    if is_named:
        with AccessFile(config.access_path).changing() as ledger:
            if guard is None:
                ledger.forget(route.app)
            else:
                ledger.guard(route.app, guard)
    routes.put(route)
    return route


def _announced(client: AgentClient, name: str) -> dict[str, Any]:
    """The agent's entry of the app, once that has a URL; or without one after some time."""
    deadline = time.monotonic() + ANNOUNCED_S
    while True:
        apps = client.ask("GET", "/v1/status")["apps"]
        entry: dict[str, Any] = next((app for app in apps if app["app"] == name), {})
        if entry.get("url") or time.monotonic() > deadline:
            return entry
        time.sleep(POLL_S)


def _login(guard: Guard | None, entry: dict[str, Any]) -> dict[str, Any] | None:
    """The login that was asked for now, and what its provider has to know of it."""
    if guard is None or guard.login is None:
        return None
    urls = [entry[key] for key in ("url", "key_url") if entry.get(key)]
    return {
        "issuer": guard.login.issuer,
        "client": guard.login.client,
        "emails": list(guard.login.emails),
        "redirect_uris": [url.rstrip("/") + CALLBACK for url in urls],
    }


def _first_steps() -> str:
    """How an agent is started here, if none runs."""
    joined = CoordinatorFile(AgentConfig().coordinators_path).load()
    return "`p2claw run`" if joined.urls else "first `p2claw join https://…`, then `p2claw run`"


def _print(facts: dict[str, Any], *, qr: bool) -> None:
    url = facts["url"]
    click.echo(url or f"{facts['app']} → {facts['upstream']}")
    if url and qr:
        print_qr(url)
    if not facts["agent_running"]:
        print_note(f"no agent runs; the URL appears when one does: {_first_steps()}")
    elif not url:
        print_note("the coordinator has not been reached yet; `p2claw status` shows why")
    if facts["guarded"]:
        print_note(f"guarded: visitors enter by {' or '.join(facts['guarded'])}")
    if facts["login"] and facts["login"]["redirect_uris"]:
        print_note(
            f"at the provider, this is its redirect URI: {facts['login']['redirect_uris'][0]}"
        )
    if facts["monthly_bytes"]:
        print_note(f"at most {bytes_text(facts['monthly_bytes'])} per month go through it")
    if facts["writable"] and not facts["guarded"]:
        print_note("whoever has the URL can add files; --password or --invited guards the app")
    if facts["certificate"]:
        print_note(f"only this certificate is accepted from now on, SHA-256 {facts['certificate']}")
    if not facts["upstream_listens"]:
        print_note(f"nothing listens on {facts['upstream']} yet; visitors see a page about it")
