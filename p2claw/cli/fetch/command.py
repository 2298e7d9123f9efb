"""`p2claw fetch URL`: its options, and how they combine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from p2claw.cli.fetch.naming import basic_field, name_in
from p2claw.cli.fetch.part import MOST_LINKS
from p2claw.cli.guard_options import password_in
from p2claw.cli.output import json_option
from p2claw.cli.visit_options import visit_options
from p2claw.errors import UsageError

if TYPE_CHECKING:
    from p2claw.cli.fetch.upload import FileBody

_EXAMPLE = """
\b
Examples:
  p2claw fetch http://dog-purplecrab.localhost:8787/
  p2claw fetch -o film.webm https://dog-purplecrab.example.org/media/film.webm
  p2claw fetch -C -O --retry 5 https://dog-purplecrab.example.org/media/film.webm
  p2claw fetch -F note=hello -F photo=@crab.jpg https://dog-purplecrab.example.org/upload
  p2claw fetch -X POST -H 'content-type: application/json' -d '{"n": 1}' URL
  p2claw fetch -T big.iso https://dog-purplecrab.example.org/upload
  p2claw fetch --json --key PEER_ID URL

\b
Exit codes: 0 there is a response, 1 broken off, 2 usage, 3 no such app or box, 4 unreachable,
5 wrong key, 6 the status is 400 or above and --fail was given, 130 interrupted, 143 by SIGTERM.
"""

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(epilog=_EXAMPLE)
@click.argument("url")
@click.option("-X", "--request", "method", help="The method.  [default: GET, or by the body]")
@click.option("-H", "--header", "headers", multiple=True, help="'Name: value'; may be repeated.")
@click.option("-d", "--data", help="Send this text (@FILE: that file's) by POST, as a form does.")
@click.option("--data-file", type=_FILE, help="Send a file by POST, streamed; - is standard input.")
@click.option("-T", "--upload-file", type=_FILE, help="Send a file by PUT, streamed.")
@click.option(
    "-F",
    "--form",
    multiple=True,
    metavar="NAME=VALUE",
    help="A field of a form, NAME=@FILE an upload; by POST. May be repeated.",
)
@click.option("-o", "--output", type=_FILE, help="Write the body to a file, which appears whole.")
@click.option("-O", "--remote-name", is_flag=True, help="The same, under the name in the URL.")
@click.option(
    "-C", "--continue", "resume", is_flag=True, help="Go on with what came of the file before."
)
@click.option("-L", "--location", "follow", is_flag=True, help="Follow redirects to apps.")
@click.option(
    "--retry",
    type=click.IntRange(0, 100),
    default=0,
    metavar="TIMES",
    help="Try again so often if something broke that may pass.",
)
@click.option(
    "--parallel",
    type=click.IntRange(1, MOST_LINKS),
    default=1,
    metavar="LINKS",
    help="Fetch a file in parts over up to so many links, as far as that makes it faster.",
)
@click.option(
    "-u", "--user", metavar="USER[:PASSWORD]", help="Log in to the app by Basic; asks if need be."
)
@click.option("-v", "--verbose", is_flag=True, help="Print links, requests and responses, too.")
@click.option("-i", "--include", is_flag=True, help="Print status and fields before the body.")
@click.option("-I", "--head", is_flag=True, help="Ask by HEAD, and print status and fields.")
@click.option("-f", "--fail", is_flag=True, help="Exit with 6 when the status is 400 or above.")
@visit_options
@click.option("--max-time", type=click.FloatRange(min=0, min_open=True), help="Seconds, in all.")
@click.option("--no-progress", is_flag=True, help="Show no progress bar.")
@json_option
def fetch(
    url: str,
    method: str | None,
    headers: tuple[str, ...],
    data: str | None,
    data_file: Path | None,
    upload_file: Path | None,
    form: tuple[str, ...],
    output: Path | None,
    remote_name: bool,
    resume: bool,
    follow: bool,
    retry: int,
    parallel: int,
    user: str | None,
    verbose: bool,
    include: bool,
    head: bool,
    fail: bool,
    edge: str | None,
    key: str | None,
    password_file: Path | None,
    max_time: float | None,
    no_progress: bool,
    as_json: bool,
) -> int:
    """Visit an app as a browser does, over a link of its own, and print its response.

    The key of the box is verified, and remembered at the first visit. A file that does not come to
    its end stays as FILE.part, and -C goes on with it. The URL of a box alone lists its apps. Of a
    guarded app an invitation (`#i=` in the URL) or a password lets in. With --json: status, fields,
    timings and path; and the body, where it is text of at most 1 MiB and no file was named.
    """
    # Only here: the help is there sooner without the data plane.
    from p2claw.cli.ending import run_until_signal
    from p2claw.cli.fetch.multipart import FormBody, read_form_field
    from p2claw.cli.fetch.transfer import Wish, transfer
    from p2claw.cli.fetch.upload import FileBody, read_data

    given = [body for body in (data, data_file, upload_file, form or None) if body is not None]
    if len(given) > 1:
        raise UsageError("Only one of --data, --data-file, --upload-file and --form makes sense")
    if remote_name:
        if output is not None:
            raise UsageError("Only one of --output and --remote-name makes sense")
        output = name_in(url)
    to_file = output is not None and output != Path("-")
    if (resume or parallel > 1) and not to_file:
        raise UsageError("--continue and --parallel need a file: -o FILE, or -O")
    fields = [_field(text) for text in headers]
    body: bytes | FileBody | None = None
    if data is not None:
        body = read_data(data)
        if not any(name.lower() == "content-type" for name, _ in fields):
            fields.append(("content-type", "application/x-www-form-urlencoded"))
    elif form:
        body = FormBody(tuple(map(read_form_field, form)))
        fields.append(("content-type", body.content_type))
    elif (file := data_file or upload_file) is not None:
        body = FileBody(file)
    if user is not None:
        fields.append(basic_field(user))
    usual = "HEAD" if head else "PUT" if upload_file else "GET" if body is None else "POST"
    wish = Wish(
        url=url,
        method=(method or usual).upper(),
        fields=tuple(fields),
        body=body,
        output=None if output == Path("-") else output,
        include=include or head,
        fail=fail,
        edge=edge,
        key=key,
        password=None if password_file is None else password_in(password_file),
        max_time_s=max_time,
        progress=not no_progress and not as_json,
        as_json=as_json,
        resume=resume,
        follow=follow,
        verbose=verbose,
        retry=retry,
        parallel=parallel,
    )
    return run_until_signal(transfer(wish))


def _field(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise UsageError(
            f"{text!r} is not a header", code="header-invalid", hint="Write it as 'Name: value'"
        )
    return name.strip(), value.strip()
