"""What an export serves is what the edge serves: by real nginx and Caddy, request by request."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from p2claw.edge.browser_side import BrowserSide, digest_of
from p2claw.edge.export.writing import SITE, export, place_of
from p2claw.errors import UsageError
from tests.cli.setup.ports import free_port
from tests.edge.conftest import LABEL, PAGE, Browser
from tests.edge.test_responses import _TABLE
from tests.support.caddy import CADDY, caddy
from tests.support.nginx import nginx
from tests.support.server import running_server
from tests.support.static_site import ASSET, ASSET_NAME, write_static_site

COORDINATOR = "http://coord.example.org:8787"
SHELL = b"""<!doctype html><title>shell</title><style>p{color:red}</style>
<script>new URL(`/__p2claw/v1/visit?${1}`, "late-0123456789ab.js")</script>\n"""
WORKER = b"""let c="p2claw-0.1.0-0123456789ab", l="late-0123456789ab.js";
let p=`script-src 'sha256-%s'; connect-src 'self' filesystem: ${1}`\n"""
LATE = b"new URL(`/__p2claw/v1/visit?${2}`)\n"
# What nginx and Caddy add, and what each server has of its own.
OWN = {"date", "server", "connection", "keep-alive", "etag", "last-modified", "accept-ranges"}
OWN |= {"content-length", "transfer-encoding", "server-timing", "allow", "content-type"}


def script_digest(page: bytes) -> str:
    script = page.partition(b"<script>")[2].partition(b"</script>")[0]
    return base64.b64encode(hashlib.sha256(script).digest()).decode()


def built(folder: Path) -> Path:
    """A bootstrap with the two places that an export changes, and files that name each other."""
    write_static_site(folder)
    (folder / "shell.html").write_bytes(SHELL)
    (folder / "sw.js").write_bytes(WORKER % script_digest(SHELL).encode())
    (folder / "late-0123456789ab.js").write_bytes(LATE)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["assets"]["late.js"] = "late-0123456789ab.js"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@dataclass(frozen=True, slots=True)
class Exported:
    """A server of an export, and an edge beside it."""

    url: str
    host: str
    http: aiohttp.ClientSession
    edge: Browser

    async def ask(self, path: str, method: str, **fields: str) -> aiohttp.ClientResponse:
        sent = {name.replace("_", "-"): value for name, value in fields.items()}
        skipped = ["Accept", "Accept-Encoding", "User-Agent", "Content-Type"]
        return await self.http.request(
            *(method, self.url + path),
            headers={**sent, "Host": self.host},
            skip_auto_headers=skipped,
            allow_redirects=False,
        )


@pytest.fixture(
    params=[
        "nginx",
        pytest.param("caddy", marks=pytest.mark.skipif(not CADDY, reason="needs caddy")),
    ]
)
async def exported(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Exported]:
    static, port = built(tmp_path / "static"), free_port()
    target = tmp_path / "export"
    export(target, place_of("localhost", COORDINATOR, "http", port), static)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(running_server(tmp_path, static_dir=static))
        if request.param == "nginx":
            include = f"include {target}/nginx.conf;"
            await stack.enter_async_context(nginx(tmp_path / "nginx", http=include))
        else:
            text = (target / "Caddyfile").read_text()
            await stack.enter_async_context(caddy(tmp_path / "caddy", text, port))
        http = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        host = f"{LABEL}.localhost:{port}"
        yield Exported(f"http://127.0.0.1:{port}", host, http, Browser(server, http))


async def test_each_request_gets_the_response_that_the_edge_gives(exported: Exported) -> None:
    differs: dict[str, Any] = {}
    for name, (method, path, fields, status, kind) in _TABLE.items():
        if ".." in path or (path.startswith("/__p2claw/") and method not in ("GET", "HEAD")):
            continue  # each server has its own way with these
        here = await exported.ask(path, method, **fields)
        found = here.status, here.headers.get("Content-Type", "").partition(";")[0]
        there = await exported.edge.ask(path, method, **fields)
        ours = _fields(here.headers, exported.host)
        theirs = _fields(there.fields, exported.edge.server.host(LABEL))
        if found != (status, kind) or ours != theirs:
            differs[name] = found, dict(ours - theirs), dict(theirs - ours)
    assert not differs


def _fields(headers: Any, host: str) -> set[tuple[str, str]]:
    """Without what each server has of its own; Vary as the set that it is."""
    shown = set()
    for name, value in headers.items():
        value = value.replace(host, "HOST").replace(f" {COORDINATOR} ", " ")
        value = re.sub(r"localhost:\d+", "localhost", value)
        value = re.sub(r"sha256-[\w+/=]*", "sha256", value)
        if name.lower() == "vary":
            shown |= {("vary", one) for one in value.split(", ")}
        elif name.lower() not in OWN:
            shown.add((name.lower(), value))
    return shown - {("vary", "Accept-Encoding")}


async def test_the_shell_may_speak_to_the_coordinator_and_to_nobody_else(
    exported: Exported,
) -> None:
    response = await exported.ask("/deep/link", "GET", **PAGE)
    policy = dict(
        part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; ")
    )
    assert policy["connect-src"] == f"'self' {COORDINATOR} filesystem: ws://{exported.host}"
    page = await response.read()
    assert f"`{COORDINATOR}/__p2claw/v1/visit?".encode() in page
    assert f"'sha256-{script_digest(page)}'" in policy["script-src"]
    worker = await (await exported.ask("/__p2claw/sw.js", "GET")).read()
    assert (
        f"'sha256-{script_digest(page)}'; connect-src 'self' {COORDINATOR} filesystem:".encode()
        in worker
    )


async def test_what_has_changed_has_another_name_and_is_found_by_it(exported: Exported) -> None:
    page = await (await exported.ask("/", "GET", **PAGE)).read()
    worker = await (await exported.ask("/__p2claw/sw.js", "GET")).read()
    (name,) = set(re.findall(rb"late-[0-9a-f]{12}\.js", page + worker))
    assert name != b"late-0123456789ab.js"
    assert b"p2claw-0.1.0-0123456789ab" not in worker
    late = await exported.ask(f"/__p2claw/assets/{name.decode()}", "GET", Accept_Encoding="gzip")
    assert late.headers["Content-Encoding"] == "gzip"
    assert late.headers["Content-Type"] == "text/javascript; charset=utf-8"
    same = await exported.ask(f"/__p2claw/assets/{ASSET_NAME}", "GET")
    assert await same.read() == ASSET


def exported_files(tmp_path: Path, scheme: str = "https") -> Path:
    target = tmp_path / "export"
    coordinator = "https://coord.example.net"
    export(target, place_of("Example.org.", coordinator, scheme, None), built(tmp_path / "static"))
    return target


def test_the_fields_for_cloudflare_pages_are_those_of_the_edge_and_add_up_to_no_more(
    tmp_path: Path,
) -> None:
    lines = (exported_files(tmp_path) / SITE / "_headers").read_text().splitlines()
    assert max(map(len, lines)) <= 2_000  # a limit of Cloudflare's, as 100 rules are
    rules: dict[str, list[str]] = {}
    path = ""
    for line in filter(None, lines):
        if line.startswith(" "):
            rules[path].append(line.strip())
        else:
            path = line
            rules[path] = []
    everywhere = [line.partition(":")[0] for line in rules["/*"]]
    assert "Content-Security-Policy" in everywhere
    for path, fields in rules.items():
        if path != "/*":
            assert [f"! {name}" for name in everywhere] == fields[: len(everywhere)]
    worker = rules["/__p2claw/sw.js"]
    assert "Service-Worker-Allowed: /" in worker
    assert not any(line.startswith("Content-Security-Policy") for line in worker)
    assert "Cache-Control: public, max-age=31536000, immutable" in rules["/__p2claw/assets/*"]
    (policy,) = (line for line in rules["/*"] if line.startswith("Content-Security-Policy"))
    assert "connect-src 'self' https://coord.example.net filesystem: wss://*.example.org" in policy
    for path in rules:
        name = path.removeprefix("/")
        there = tmp_path / "export" / SITE / name
        assert "*" in path or there.is_file() or there.with_suffix(".html").is_file(), path


def test_vercel_rewrites_pages_to_the_shell_and_nothing_else(tmp_path: Path) -> None:
    found = json.loads((exported_files(tmp_path) / SITE / "vercel.json").read_text())
    shells = [one for one in found["rewrites"] if one["destination"] == "/__p2claw/shell.html"]
    assert len(shells) == 2
    for one in shells:
        pattern = re.compile(one["source"])
        assert pattern.fullmatch("/deep/link") and pattern.fullmatch("/")
        assert not pattern.fullmatch("/__p2claw/assets/x.js")
        assert {"type": "header", "key": "range"} in one["missing"]
        assert one["has"]
    for rewrite in found["rewrites"]:
        assert (tmp_path / "export" / SITE / rewrite["destination"][1:]).is_file()
    fields = {
        rule["source"]: {f["key"]: f["value"] for f in rule["headers"]} for rule in found["headers"]
    }
    assert fields["/__p2claw/sw.js"]["Service-Worker-Allowed"] == "/"
    assert (
        "frame-ancestors https://*.example.org"
        in fields["/__p2claw/sibling"]["Content-Security-Policy"]
    )


def test_an_export_is_replaced_and_what_open_pages_ask_for_stays(tmp_path: Path) -> None:
    target = exported_files(tmp_path)
    assets = target / SITE / "__p2claw" / "assets"
    before = {path.name for path in assets.iterdir()}
    export(
        target,
        place_of("example.org", "https://other.example.net", "https", None),
        tmp_path / "static",
    )
    after = {path.name for path in assets.iterdir()}
    assert before < after
    assert "other.example.net" in (target / "nginx.conf").read_text()
    assert not list(target.glob(".export-*"))


def test_the_list_of_an_export_is_that_of_its_files(tmp_path: Path) -> None:
    target = exported_files(tmp_path)
    listed = BrowserSide.parse((target / "browser-side.json").read_bytes(), "list").digests
    files = {"/": "index.html", "/__p2claw/reset": "__p2claw/reset.html"}
    for path, digest in listed.items():
        body = (target / SITE / files.get(path, path[1:])).read_bytes()
        assert digest_of(body) == digest, path
    assert any("/late-" in path for path in listed)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    with pytest.raises(UsageError) as refused:
        export(tmp_path, place_of("example.org", "https://coord.example.net", "https", None))
    assert refused.value.code == "export-in-the-way"


@pytest.mark.parametrize(
    "coordinator",
    [
        "coord.example.net",
        "https://coord.example.net/path",
        "https://user@coord.example.net",
        "https://coord.example.net:99999",
        "ftp://coord.example.net",
        "https://coord.example.org",  # a name of an app
        "http://coord.example.net",  # from pages by https
    ],
)
def test_what_is_no_coordinator_of_such_pages_is_refused(coordinator: str) -> None:
    with pytest.raises(UsageError) as refused:
        place_of("example.org", coordinator, "https", None)
    assert refused.value.code == "coordinator-invalid"


def test_a_bootstrap_without_a_place_for_it_is_refused(tmp_path: Path) -> None:
    static = write_static_site(tmp_path / "static")
    with pytest.raises(UsageError) as refused:
        export(tmp_path / "export", place_of("localhost", COORDINATOR, "http", 1), static)
    assert refused.value.code == "bootstrap-damaged"
