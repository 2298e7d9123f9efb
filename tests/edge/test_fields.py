"""The header fields of the edge: caching, encodings, and what the shell may do."""

from __future__ import annotations

import base64
import gzip
import hashlib

import pytest

from p2claw.edge.headers import shell_headers
from tests.edge.conftest import BROTLI, PAGE, Browser, Response
from tests.support.static_site import ASSET, ASSET_NAME

ASSET_PATH = f"/__p2claw/assets/{ASSET_NAME}"


def _policy(response: Response) -> dict[str, list[str]]:
    directives = (part.split() for part in response.fields["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in directives}


async def test_the_shell_may_do_nothing_that_is_not_listed(browser: Browser) -> None:
    assert _policy(await browser.ask(**PAGE))["default-src"] == ["'none'"]


async def test_the_shell_runs_its_own_scripts_and_no_others(browser: Browser) -> None:
    digest = base64.b64encode(hashlib.sha256(b"let shell").digest()).decode()
    sources = _policy(await browser.ask(**PAGE))["script-src"]
    assert sources == ["'self'", f"'sha256-{digest}'"]


async def test_the_shell_gets_the_ice_servers_before_it_asks(browser: Browser) -> None:
    response = await browser.ask(**PAGE)
    assert response.fields["Server-Timing"] == 'p2claw-ice;dur=0;desc="W10"'  # []


@pytest.mark.parametrize(("scheme", "strict"), [("https", "max-age=31536000"), ("http", None)])
def test_a_host_that_was_visited_by_tls_is_visited_so_for_good(
    scheme: str, strict: str | None
) -> None:
    fields = shell_headers(scheme, "dog-purplecrab.example.org", (), ())
    assert fields.get("Strict-Transport-Security") == strict


async def test_the_shell_connects_to_its_own_host_alone(browser: Browser) -> None:
    host = browser.server.host("dog-purplecrab")
    # filesystem: names files of this origin alone.
    sources = _policy(await browser.ask(**PAGE))["connect-src"]
    assert sources == ["'self'", "filesystem:", f"ws://{host}"]


async def test_the_shell_frames_its_own_origin(browser: Browser) -> None:
    assert _policy(await browser.ask(**PAGE))["frame-src"] == ["'self'", "blob:", "data:"]


async def test_the_styles_in_the_shell_are_allowed_by_their_hash(browser: Browser) -> None:
    digest = base64.b64encode(hashlib.sha256(b"p{color:red}").digest()).decode()
    sources = _policy(await browser.ask(**PAGE))["style-src"]
    assert sources == ["'self'", f"'sha256-{digest}'"]


async def test_the_shell_does_not_force_its_embedder_policy_on_the_app(browser: Browser) -> None:
    response = await browser.ask(**PAGE)
    assert "Cross-Origin-Embedder-Policy" not in response.fields


@pytest.mark.parametrize("path", ["/__p2claw/sw.js", ASSET_PATH])
async def test_scripts_fit_into_a_page_that_is_isolated(browser: Browser, path: str) -> None:
    fields = (await browser.ask(path)).fields
    isolation = [fields[f"Cross-Origin-{name}-Policy"] for name in ("Embedder", "Resource")]
    assert isolation == ["require-corp", "same-origin"]


@pytest.mark.parametrize("path", ["/", "/__p2claw/sw.js", ASSET_PATH, "/__p2claw/nothing"])
async def test_nothing_is_read_as_another_type(browser: Browser, path: str) -> None:
    assert (await browser.ask(path, **PAGE)).fields["X-Content-Type-Options"] == "nosniff"


async def test_the_worker_may_control_the_whole_origin(browser: Browser) -> None:
    assert (await browser.ask("/__p2claw/sw.js")).fields["Service-Worker-Allowed"] == "/"


@pytest.mark.parametrize("path", ["/", "/__p2claw/sw.js"])
async def test_shell_and_worker_are_asked_for_every_time(browser: Browser, path: str) -> None:
    assert (await browser.ask(path, **PAGE)).fields["Cache-Control"] == "no-cache"


async def test_an_asset_is_kept_for_a_year(browser: Browser) -> None:
    cache = (await browser.ask(ASSET_PATH)).fields["Cache-Control"]
    assert cache == "public, max-age=31536000, immutable"


async def test_a_cache_in_between_knows_what_the_response_depends_on(browser: Browser) -> None:
    vary = (await browser.ask(**PAGE)).fields["Vary"].split(", ")
    assert {"Sec-Fetch-Mode", "Sec-Fetch-Dest", "Accept", "Accept-Encoding"} == set(vary)


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("BR", "br"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("gzip;q=nonsense", None),
        ("gzip;q=0", None),
    ],
)
async def test_the_encoding_of_an_asset(
    browser: Browser, accepted: str, coding: str | None
) -> None:
    response = await browser.ask(ASSET_PATH, Accept_Encoding=accepted)
    assert response.fields.get("Content-Encoding") == coding


async def test_a_gzipped_asset_is_the_asset(browser: Browser) -> None:
    response = await browser.ask(ASSET_PATH, Accept_Encoding="gzip")
    assert gzip.decompress(response.body) == ASSET


async def test_a_brotli_asset_is_sent_as_it_was_built(browser: Browser) -> None:
    assert (await browser.ask(ASSET_PATH, Accept_Encoding="br")).body == BROTLI


async def test_what_was_not_packed_is_sent_as_it_is(browser: Browser) -> None:
    response = await browser.ask(Accept_Encoding="br, gzip", **PAGE)
    assert "Content-Encoding" not in response.fields


async def test_each_encoding_has_a_tag_of_its_own(browser: Browser) -> None:
    tags = {
        (await browser.ask(ASSET_PATH, Accept_Encoding=coding)).fields["ETag"]
        for coding in ("identity", "gzip", "br")
    }
    assert len(tags) == 3


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_a_browser_has_is_not_sent_again(browser: Browser, method: str) -> None:
    tag = (await browser.ask(**PAGE)).fields["ETag"]
    response = await browser.ask("/", method, If_None_Match=f'"x", {tag}', **PAGE)
    assert (response.status, response.body) == (304, b"")


async def test_a_weak_tag_of_a_proxy_is_good_enough(browser: Browser) -> None:
    tag = (await browser.ask(**PAGE)).fields["ETag"]
    assert (await browser.ask(If_None_Match=f"W/{tag}", **PAGE)).status == 304


async def test_what_a_browser_has_of_an_older_build_is_sent_anew(browser: Browser) -> None:
    assert (await browser.ask(If_None_Match='"older"', **PAGE)).status == 200


async def test_a_response_that_spares_the_body_keeps_the_policy(browser: Browser) -> None:
    tag = (await browser.ask(**PAGE)).fields["ETag"]
    response = await browser.ask(If_None_Match=tag, **PAGE)
    assert _policy(response)["default-src"] == ["'none'"]
