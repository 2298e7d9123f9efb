"""The sample app's page, files and small responses."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient

from p2claw.demo_app.server import MediaMissingError, make_app
from tests.demo_app.conftest import FILM


async def test_the_page_names_only_files_that_are_there(client: TestClient) -> None:
    page = await (await client.get("/")).text()
    local = [part.split('"')[0] for part in page.replace("href=", "src=").split('src="')[1:]]
    for target in {target for target in local if target.startswith("/")}:
        assert (await client.get(target)).status == 200, target


async def test_a_range_of_the_film_is_206_with_those_bytes(client: TestClient) -> None:
    response = await client.get("/media/film.webm", headers={"range": "bytes=100-199"})
    assert (response.status, await response.read()) == (206, FILM[100:200])


async def test_without_media_it_names_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MediaMissingError, match=r"film\.webm is not in .* Install p2claw again"):
        make_app(tmp_path)


async def test_echo_hashes_the_body(client: TestClient) -> None:
    facts = await (await client.put("/api/echo?x=1", data=b"abc")).json()
    sha256_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert (facts["method"], facts["target"]) == ("PUT", "/api/echo?x=1")
    assert (facts["body_bytes"], facts["body_sha256"]) == (3, sha256_of_abc)


async def test_empty_is_204(client: TestClient) -> None:
    assert (await client.get("/empty")).status == 204


async def test_redirect_leads_to_the_second_page(client: TestClient) -> None:
    response = await client.get("/redirect", allow_redirects=False)
    assert (response.status, response.headers["location"]) == (302, "/about?from=redirect")


@pytest.mark.parametrize("code", [200, 404, 503, 304])
async def test_a_status_can_be_asked_for(client: TestClient, code: int) -> None:
    assert (await client.get(f"/status/{code}")).status == code
