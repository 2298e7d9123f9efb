"""One fetch: opens the link, sends the request, writes the body to a sink, reports the result."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urlsplit

import click

from p2claw.cli.exit_codes import HTTP_ERROR
from p2claw.cli.fetch import retrying
from p2claw.cli.fetch.downloading import Download
from p2claw.cli.fetch.entering import entered_by
from p2claw.cli.fetch.following import MOST_REDIRECTS, next_step
from p2claw.cli.fetch.progress import progress
from p2claw.cli.fetch.tracing import Trace
from p2claw.cli.fetch.upload import FileBody
from p2claw.cli.output import print_json, print_note
from p2claw.errors import LinkError, P2clawError
from p2claw.units import SECOND_MS
from p2claw.visitor import PinStore, Response, Visitor, list_apps
from p2claw.visitor.app_url import parse_app_url

_ENTER = "give --password-file, or the URL of an invitation"

# An upload may last as long as it moves: the box ends one that has stopped.
UPLOAD_S = 24 * 3600.0

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for. output: None is standard output. retry: how many more tries.

    resume: go on with a part that is there. parallel: how many links at most.
    """

    url: str
    method: str
    fields: Fields
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
    resume: bool = False
    follow: bool = False
    verbose: bool = False
    retry: int = 0
    parallel: int = 1


async def transfer(wish: Wish) -> int:
    """Do it, within its time; returns the exit code. Raises P2clawError."""
    try:
        async with asyncio.timeout(wish.max_time_s):
            if parse_app_url(wish.url, edge=wish.edge).app is None:
                return await _list(wish)
            return await _Fetch(wish).run()
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


@dataclass(slots=True)
class _Timings:
    """When what had happened, on one clock."""

    began: float
    linked: float = 0.0
    headed: float = 0.0


class _PassingStatusError(P2clawError):
    """A response that may be another one later."""

    def __init__(self, error: P2clawError, retry_after: str | None) -> None:
        super().__init__(error.message, code=error.code, hint=error.hint)
        self.retry_after = retry_after


class _Fetch:
    """All tries of one fetch."""

    def __init__(self, wish: Wish) -> None:
        self._wish = wish
        self._trace = Trace(wanted=wish.verbose)
        self._tries = 0
        self._redirects: list[str] = []
        self._is_spoilt = False

    async def run(self) -> int:
        """Returns the exit code."""
        while True:
            self._tries += 1
            is_last = self._tries > self._wish.retry
            try:
                return await self._once(is_last=is_last)
            except P2clawError as error:
                after = error.retry_after if isinstance(error, _PassingStatusError) else None
                passing = isinstance(error, _PassingStatusError) or retrying.is_passing(error)
                if is_last or not passing or not self._repeats():
                    raise
                wait_s = retrying.wait_s(self._tries, after)
                print_note(f"{error.message} ({error.code}); again in {wait_s:.0f} s")
                await asyncio.sleep(wait_s)

    def _repeats(self) -> bool:
        """Whether the request may be sent once more. One that changes something may have."""
        wish = self._wish
        if wish.method not in retrying.REPEATABLE or self._is_spoilt:
            return False
        return wish.body.rewind() if isinstance(wish.body, FileBody) else True

    async def _once(self, *, is_last: bool) -> int:
        wish, times = self._wish, _Timings(time.monotonic())
        self._redirects = []
        download = Download(wish.output, as_json=wish.as_json)
        async with AsyncExitStack() as links:
            links.callback(download.close)
            url, method, body, fields = wish.url, wish.method, wish.body, wish.fields
            visitor = await self._open(links, url)
            times.linked = time.monotonic()
            fields = (*fields, *await entered_by(visitor, url, wish.password))
            target = visitor.target
            while True:
                resume = wish.resume or self._tries > 1
                plain = urldefrag(url).url
                more = download.fields(plain, method, fields, resume=resume, parallel=wish.parallel)
                response = await self._ask(visitor, method, target, (*fields, *more), body)
                async with response:
                    step = None
                    if wish.follow:
                        location = response.field("location")
                        step = next_step(url, method, response.status, location)
                    if step is None:
                        times.headed = time.monotonic()
                        self._check(response, download, is_last=is_last)
                        await self._receive(visitor, download, response, fields, links)
                        break
                if len(self._redirects) >= MOST_REDIRECTS:
                    raise P2clawError(
                        f"More than {MOST_REDIRECTS} redirects, the last to {step.url[:200]}",
                        code="redirects-many",
                    )
                self._redirects.append(step.url)
                self._trace.note(f"sent on to {step.url}")
                fields = step.fields(fields)
                if not step.keeps_body:
                    method, body = ("HEAD" if method == "HEAD" else "GET"), None
                elif isinstance(body, FileBody) and not body.rewind():
                    raise P2clawError(
                        "The app sends the upload on, and a pipe cannot be read twice",
                        code="redirect-body",
                        hint="Send it from a file",
                    )
                if not step.same_app:
                    visitor = await self._open(links, step.url)
                url = step.url
                target = parse_app_url(url, edge=wish.edge).target
            if wish.as_json:
                print_json(await self._facts(visitor, response, download, times))
        return HTTP_ERROR if response.status >= 400 and wish.fail else 0

    async def _open(self, links: AsyncExitStack, url: str) -> Visitor:
        began = time.monotonic()
        # A key names one box; an app of another box has its own.
        key = self._wish.key if not self._redirects else None
        visitor = await Visitor.open(url, edge=self._wish.edge, key=key, pins=PinStore.of_home())
        await links.enter_async_context(visitor)
        self._trace.linked(url, visitor, time.monotonic() - began)
        return visitor

    async def _ask(
        self,
        visitor: Visitor,
        method: str,
        target: str,
        fields: Fields,
        body: bytes | FileBody | None,
    ) -> Response:
        if not isinstance(body, FileBody):
            self._trace.asked(method, target, fields)
            response = await visitor.request(method, target, fields=fields, body=body)
            self._trace.came(response)
            return response
        length = body.length
        if length is not None:
            fields = (*fields, ("content-length", str(length)))
        self._trace.asked(method, target, fields)
        with progress("up", length, wanted=self._wish.progress) as sent:
            body.on_sent = sent
            response = await visitor.request(
                method,
                target,
                fields=fields,
                body=b"" if length == 0 else aiter(body),
                timeout_s=self._wish.max_time_s or UPLOAD_S,
            )
        self._trace.came(response)
        return response

    def _check(self, response: Response, download: Download, *, is_last: bool) -> None:
        """Raises P2clawError if the body of this response is not wanted."""
        wish = self._wish
        if response.status < 400:
            return
        if not is_last and retrying.is_passing_status(response.status):
            raise _PassingStatusError(_http_error(response), response.field("retry-after"))
        if (wish.fail and not wish.as_json) or download.goes_on:
            raise _http_error(response)
        if response.error == "access-required":
            print_note(f"the app is guarded: {_ENTER}")

    async def _receive(
        self,
        visitor: Visitor,
        download: Download,
        response: Response,
        fields: Fields,
        links: AsyncExitStack,
    ) -> None:
        wish = self._wish
        download.begin(response)
        if wish.include and not wish.as_json:
            _print_head(response)
        wanted = wish.progress and (wish.output is not None or not sys.stdout.isatty())
        url = self._redirects[-1] if self._redirects else wish.url

        async def another() -> Visitor:
            return await self._open(links, url)

        try:
            with progress("down", download.total, wanted=wanted) as received:
                if download.resumed_bytes:
                    received(download.resumed_bytes)
                await download.receive(visitor, response, received, fields, another, wish.parallel)
        except BaseException:
            kept = download.keep()
            self._is_spoilt = download.is_spoilt
            if kept:
                print_note(kept)
            raise
        download.finish()
        if download.links > 1:
            self._trace.note(f"{download.links} links at once")

    async def _facts(
        self, visitor: Visitor, response: Response, download: Download, times: _Timings
    ) -> dict[str, Any]:
        return {
            "url": self._wish.url,
            "status": response.status,
            "fields": [list(field) for field in response.fields],
            "trailers": [list(field) for field in response.trailers],
            "error": response.error,
            "redirects": self._redirects,
            "tries": self._tries,
            "bytes": download.count,
            "resumed_bytes": download.resumed_bytes,
            "sha256": await download.sha256(),
            "output": str(self._wish.output) if self._wish.output else None,
            "body": download.text,
            "path": visitor.stats().path,
            "links": download.links,
            "peer_id": visitor.peer_id,
            "timings_ms": {
                "link": _ms(times.linked - times.began),
                "head": _ms(times.headed - times.linked),
                "total": _ms(time.monotonic() - times.began),
            },
        }


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
