"""Under which names files of visitors are kept, and what these can never replace or reach."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.agent.folders.uploading import ID, OWN, PREFIX, ask, names, sent, writable
from tests.support.proxied import Proxied, proxied


@pytest.mark.parametrize("there", ["file", "folder", "link", "broken link"])
@pytest.mark.parametrize("kind", ["add", "replace"])
async def test_nothing_is_overwritten_without_being_told(
    inn: Proxied, swap: Proxied, site: Path, there: str, kind: str
) -> None:
    taken = site / "taken"
    (site / "other").write_bytes(b"other")
    match there:
        case "file":
            taken.write_bytes(b"old")
        case "folder":
            taken.mkdir()
        case "link":
            taken.symlink_to("other")
        case _:
            taken.symlink_to("none")
    before = os.lstat(taken)
    box = inn if kind == "add" else swap
    for more in ({}, {"replace": 1}) if kind == "add" or there != "file" else ({},):
        for method, body in (("GET", None), ("PUT", b"new")):
            status, told = await ask(box, method, "/taken", body, size=3, at=0, **more)
            assert (status, told["error"]) == (409, "upload-taken")
            assert told["replaceable"] is (kind == "replace" and there == "file")
    assert os.lstat(taken) == before
    assert (site / "other").read_bytes() == b"other"


async def test_a_name_that_is_taken_meanwhile_is_not_overwritten(inn: Proxied, site: Path) -> None:
    await ask(inn, "PUT", "/a", b"one", size=6, at=0)
    (site / "a").write_bytes(b"of the owner")
    assert (await ask(inn, "PUT", "/a", b"two", size=6, at=3))[1]["error"] == "upload-taken"
    assert (site / "a").read_bytes() == b"of the owner"


async def test_a_file_is_replaced_if_owner_and_visitor_say_so(swap: Proxied, site: Path) -> None:
    (site / "a").write_bytes(b"old")
    assert (await sent(swap, "/a", b"new", replace=1))[1]["done"]
    assert (site / "a").read_bytes() == b"new"


SAFE = {
    "..%5c..%5cevil.exe": "_.._evil.exe",
    "%2ehidden": "hidden",
    "...x": "x",
    "a%0Ab%00c": None,  # NUL is in no name at all
    "a%0Ab": "a_b",
    "C%3A%5Cx": "C__x",
    "%20blank.%20": "blank",
    "e%CC%81": "é",
    "%e2%80%ae.exe": "_.exe",
    "a" * 400 + ".jpeg": "a" * 235 + ".jpeg",
    "%C3%BC" * 200: "ü" * 120,
}


@pytest.mark.parametrize("name", SAFE)
async def test_names_are_made_safe(inn: Proxied, site: Path, name: str) -> None:
    response = await inn.ask("PUT", f"{PREFIX}/{name}?id={ID}&size=1&at=0", OWN, b"x")
    if (kept := SAFE[name]) is None:
        assert response.status == 404
        assert names(site) == []
        return
    assert json.loads(response.body)["name"] == kept
    assert names(site) == [kept]


@pytest.mark.parametrize("name", ["index.html", "INDEX.HTML", "404.html", "%2e%2e%2e", "%20"])
async def test_names_that_change_the_app_are_refused(inn: Proxied, site: Path, name: str) -> None:
    assert (await sent(inn, f"/{name}", b"x"))[1]["error"] == "upload-name"
    assert names(site) == []


NOWHERE = (
    *("/../a", "/%2e%2e/a", "/sub/..%2fa", "/none/a", "/file/a", "/.git/a", "/.well-known/a"),
    *("/inside-link/a", "/outside-link/a", "/sub/up/a", "/page/a", "/home/a", "//a", "/sub//a"),
)


@pytest.mark.parametrize("path", NOWHERE)
async def test_no_file_gets_to_a_place_that_is_hidden_linked_or_outside(
    site: Path, tmp_path: Path, path: str
) -> None:
    for name in ("sub", ".git", ".well-known", "page", "home"):
        (site / name).mkdir()
    (tmp_path / "outside").mkdir()
    (site / "file").touch()
    (site / "page" / "index.html").touch()
    (site / "inside-link").symlink_to("sub")
    (site / "outside-link").symlink_to(tmp_path / "outside")
    (site / "sub" / "up").symlink_to("..")
    (tmp_path / "home").symlink_to(site / "home")
    before = everything(tmp_path)
    async with proxied(f"folder:{site}", tmp_path, change=writable()) as box:
        response = await box.ask("PUT", f"{PREFIX}{path}?id={ID}&size=1&at=0", OWN, b"x")
        assert response.status == 404
        assert everything(tmp_path) == before


def everything(folder: Path) -> set[str]:
    found = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {path for path in found if not path.startswith(("spool", "home"))}


async def test_a_visitor_cannot_add_a_twin_that_stands_in_for_another_file(
    inn: Proxied, site: Path
) -> None:
    (site / "a.txt").write_bytes(b"of the owner")
    assert (await sent(inn, "/a.txt.gz", b"of a visitor"))[1]["done"]
    response = await inn.ask("GET", "/a.txt", (("accept-encoding", "gzip"),))
    assert response.body == b"of the owner"
