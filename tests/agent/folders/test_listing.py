"""The list of a folder: what it names, in which order, and that no name breaks out of the page."""

from __future__ import annotations

import os
import re
from html import unescape
from pathlib import Path

import pytest

from p2claw.agent.folders import entries
from p2claw.agent.folders.drawn_entries import size_text
from tests.support.proxied import Proxied


def links(page: bytes) -> list[str]:
    return [unescape(href) for href in re.findall(r'<li><a href="([^"]*)"', page.decode())]


def names(page: bytes) -> list[str]:
    return [unescape(name) for name in re.findall(r'class="name">([^<]*)<', page.decode())]


async def test_folders_come_first_and_numbers_count_as_numbers(box: Proxied, site: Path) -> None:
    for name in ("img10.txt", "img2.txt", "Img1.txt", "zoo.txt"):
        (site / name).touch()
    for name in ("b", "A"):
        (site / name).mkdir()
    page = (await box.ask("GET", "/")).body
    assert names(page) == ["A", "b", "Img1.txt", "img2.txt", "img10.txt", "zoo.txt"]
    assert names((await box.ask("GET", "/?order=desc")).body) == [
        *("b", "A"),
        *("zoo.txt", "img10.txt", "img2.txt", "Img1.txt"),
    ]


async def test_a_list_is_sorted_by_size_and_by_date(box: Proxied, site: Path) -> None:
    for name, size, date in (("a", 2, 300), ("b", 30, 100), ("c", 1, 200)):
        (site / name).write_bytes(bytes(size))
        os.utime(site / name, (date, date))
    for query, expected in (
        ("sort=size", ["c", "a", "b"]),
        ("sort=size&order=desc", ["b", "a", "c"]),
        ("sort=date", ["b", "c", "a"]),
        ("sort=date&order=desc", ["a", "c", "b"]),
        ("sort=nonsense&order=&view=%22%3E", ["a", "b", "c"]),
    ):
        assert names((await box.ask("GET", f"/?{query}")).body) == expected


async def test_the_order_goes_along_into_folders(box: Proxied, site: Path) -> None:
    (site / "sub").mkdir()
    page = (await box.ask("GET", "/?sort=date&order=desc&view=rows")).body
    assert links(page) == ["./sub/?sort=date&order=desc&view=rows"]


@pytest.mark.parametrize(
    "name",
    [
        b"<script>alert(1)<script>.txt",
        b'"><img src=x onerror=alert(1)>.jpg',
        b"a&b;c?d#e%20f.txt",
        b"javascript:alert(1)",
        b"caf\xe9 latin.txt",
        "früh\u202egpj.exe".encode(),
        b"line\nbreak\t.txt",
        b"it's a + b=c.mp4",
        b"\xf0\x9f\xa6\x80.png",
        b" blanks  ",
        b"https:host",
        b"back\\slash.txt",
        b"-",
    ],
)
async def test_every_name_is_only_a_name_and_opens(box: Proxied, site: Path, name: bytes) -> None:
    (site / os.fsdecode(name)).write_bytes(b"found")
    page = (await box.ask("GET", "/")).body
    text = page.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    (link,) = links(page)
    assert link.startswith("./")
    assert (await box.ask("GET", "/" + link.removeprefix("./"))).body == b"found"


async def test_a_page_of_ours_allows_no_foreign_script(box: Proxied) -> None:
    policy = (await box.ask("GET", "/")).value("content-security-policy") or ""
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


async def test_a_list_that_is_unchanged_is_not_sent_again(box: Proxied, site: Path) -> None:
    first = await box.ask("GET", "/")
    field = ("if-none-match", first.value("etag") or "")
    assert (await box.ask("GET", "/", (field,))).status == 304
    (site / "new").touch()
    assert (await box.ask("GET", "/", (field,))).status == 200


async def test_what_is_too_much_for_a_list_is_counted(
    box: Proxied, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "LISTED", 3)
    for number in range(5):
        (site / str(number)).touch()
    page = (await box.ask("GET", "/")).body
    assert len(names(page)) == 3
    assert b"2 more are here" in page


async def test_pictures_make_tiles_and_other_files_rows(box: Proxied, site: Path) -> None:
    (site / "a.jpg").touch()
    assert b'<ul class="tiles">' in (await box.ask("GET", "/")).body
    assert b'<ul class="rows">' in (await box.ask("GET", "/?view=rows")).body
    (site / "b.txt").touch()
    assert b'<ul class="rows">' in (await box.ask("GET", "/")).body


async def test_an_empty_folder_shows_so(box: Proxied) -> None:
    page = (await box.ask("GET", "/")).body
    assert b"This folder is empty" in page
    assert b"<nav" not in page and b"<ul" not in page  # there is nothing to order


async def test_what_a_page_names_is_there(box: Proxied, site: Path) -> None:
    page = (await box.ask("GET", "/")).body.decode()
    used = re.findall(r'(?:href|src)="(/\.p2claw/[^"]*)"', page)
    assert len(used) == 3
    for url in used:
        response = await box.ask("GET", url)
        assert response.status == 200
        assert "immutable" in (response.value("cache-control") or "")


@pytest.mark.parametrize(
    "count, text",
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (123_456, "123 kB"),
        (999_499, "999 kB"),
        (999_600, "1.0 MB"),
        (4_700_000_000, "4.7 GB"),
        (2**63 - 1, "9.2 EB"),
    ],
)
def test_sizes_are_for_people(count: int, text: str) -> None:
    assert size_text(count) == text
