"""One fetch: opens the link, sends the request, writes the body to a sink, reports the result."""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import click

from p2claw.cli.exit_codes import HTTP_ERROR
from p2claw.cli.fetch.entering import entered_by
from p2claw.cli.fetch.progress import progress
from p2claw.cli.fetch.sink import FileOutput, JsonBody, Measured, Sink, StandardOutput
from p2claw.cli.fetch.upload import FileBody
from p2claw.cli.output import print_json, print_note
from p2claw.errors import LinkError, P2clawError
from p2claw.units import SECOND_MS
from p2claw.visitor import PinStore, Response, Visitor, list_apps
from p2claw.visitor.app_url import parse_app_url

_ENTER = "give --password-file, or the URL of an invitation"

# An upload may last as long as it moves: the box ends one that has stopped.
UPLOAD_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for. output: None is standard output."""

    url: str
    method: str
    fields: tuple[tuple[str, str], ...]
    body: bytes | FileBody | None
    output: Path | None
    include: bool
    fail: bool
    edge: str | None
    key: str | None
    password: str | None
    max_time_s: float | None
    progress: bool
    as_json: bool


async def transfer(wish: Wish) -> int:
    """Do it, within its time; returns the exit code. Raises P2clawError."""
    try:
        async with asyncio.timeout(wish.max_time_s):
            if parse_app_url(wish.url, edge=wish.edge).app is None:
                return await _list(wish)
            return await _fetch(wish)
    except TimeoutError:
        raise LinkError(
            f"not done within {wish.max_time_s:g} s",
            code="max-time",
            hint="Give it longer with --max-time",
        ) from None
    except P2clawError as error:
        error.hint = error.hint or _look_at(wish.url)
        raise
    except OSError as error:
        raise P2clawError(
            f"This machine does not let it: {error}",
            code="system",
            hint="Look at the limits of open files and at the network of this machine",
        ) from error
    finally:
        if isinstance(wish.body, FileBody):
            wish.body.close()


async def _fetch(wish: Wish) -> int:
    began = time.monotonic()
    visitor = await Visitor.open(wish.url, edge=wish.edge, key=wish.key, pins=PinStore.of_home())
    async with visitor:
        linked = time.monotonic()
        wish = replace(
            wish, fields=(*wish.fields, *await entered_by(visitor, wish.url, wish.password))
        )
        async with await _request(wish, visitor) as response:
            headed = time.monotonic()
            failed = response.status >= 400
            if failed and wish.fail and not wish.as_json:
                raise _http_error(response)
            if response.error == "access-required":
                print_note(f"the app is guarded: {_ENTER}")
            json_body = JsonBody() if wish.as_json and wish.output is None else None
            sink = Measured(json_body or _sink(wish.output))
            if wish.include and not wish.as_json:
                _print_head(response)
            await _receive(wish, response, sink)
        if wish.as_json:
            print_json(
                {
                    "url": wish.url,
                    "status": response.status,
                    "fields": [list(field) for field in response.fields],
                    "trailers": [list(field) for field in response.trailers],
                    "error": response.error,
                    "bytes": sink.count,
                    "sha256": sink.sha256,
                    "output": str(wish.output) if wish.output else None,
                    "body": json_body.text if json_body else None,
                    "path": visitor.stats().path,
                    "peer_id": visitor.peer_id,
                    "timings_ms": {
                        "link": _ms(linked - began),
                        "head": _ms(headed - linked),
                        "total": _ms(time.monotonic() - began),
                    },
                }
            )
    return HTTP_ERROR if failed and wish.fail else 0


async def _request(wish: Wish, visitor: Visitor) -> Response:
    fields, body = wish.fields, wish.body
    if not isinstance(body, FileBody):
        return await visitor.request(wish.method, visitor.target, fields=fields, body=body)
    length = body.length
    if length is not None:
        fields = (*fields, ("content-length", str(length)))
    with progress("up", length, wanted=wish.progress) as sent:
        body.on_sent = sent
        return await visitor.request(
            wish.method,
            visitor.target,
            fields=fields,
            body=b"" if length == 0 else aiter(body),
            timeout_s=wish.max_time_s or UPLOAD_S,
        )


async def _receive(wish: Wish, response: Response, sink: Sink) -> None:
    length = response.field("content-length") or ""
    total = int(length) if length.isascii() and length.isdigit() else None
    wanted = wish.progress and (wish.output is not None or not sys.stdout.isatty())
    try:
        with progress("down", total, wanted=wanted) as received:
            async for piece in response:
                await sink.write(piece)
                received(len(piece))
    except BaseException:
        sink.discard()
        raise
    sink.finish()


async def _list(wish: Wish) -> int:
    """The URL named a box alone: what it exposes."""
    found = await list_apps(wish.url, edge=wish.edge)
    parts = urlsplit(wish.url)
    apps = [
        {"app": app, "url": f"{parts.scheme}://{app}-{parts.netloc.lower()}/"} for app in found.apps
    ]
    if wish.as_json:
        print_json({"alias": found.alias, "peer_id": found.peer_id, "apps": apps})
    else:
        for entry in apps:
            click.echo(entry["url"])
    return 0


def _sink(output: Path | None) -> Sink:
    return StandardOutput() if output is None else FileOutput(output)


def _print_head(response: Response) -> None:
    lines = [str(response.status), *(f"{name}: {value}" for name, value in response.fields), ""]
    click.echo("\n".join(lines))
    sys.stdout.flush()


def _http_error(response: Response) -> P2clawError:
    if response.error:
        return P2clawError(
            f"The box responded with {response.status} in the app's place: {response.error}",
            code="http-error",
            hint=_ENTER if response.error == "access-required" else "",
        )
    return P2clawError(f"The app responded with {response.status}", code="http-error")


def _look_at(url: str) -> str:
    parts = urlsplit(url)  # its fragment may be an invitation
    app = f"{parts.scheme}://{parts.netloc}/"
    return f"`p2claw doctor {app}` looks at each step of a visit"


def _ms(seconds: float) -> float:
    return round(seconds * SECOND_MS, 1)
