"""Files that visitors send: whole or not there, within bounds, and only where they may."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from p2claw.agent.folders import inbox, parts, uploads
from p2claw.agent.folders.inbox import check_writable
from p2claw.errors import UsageError
from p2claw.wire.frames.codes import Code
from tests.agent.folders.uploading import ID, OWN, PREFIX, ask, names, sent, writable
from tests.support.proxied import Fields, Proxied, proxied
from tests.support.upstreams import until


async def test_a_file_is_added_with_its_date(inn: Proxied, site: Path) -> None:
    (site / "sub").mkdir()
    content = os.urandom(1_000_000)
    status, told = await sent(inn, "/sub/fr%C3%BCh%20%26.jpg", content, modified=1_700_000_000_500)
    assert (status, told) == (200, {"name": "früh &.jpg", "received": 1_000_000, "done": True})
    file = site / "sub" / "früh &.jpg"
    assert file.read_bytes() == content
    assert file.stat().st_mtime == 1_700_000_000.5
    assert file.stat().st_mode & 0o111 == 0
    assert names(site / "sub") == ["früh &.jpg"]


async def test_a_file_comes_in_pieces_and_is_seen_when_it_is_whole(
    inn: Proxied, site: Path
) -> None:
    assert (await ask(inn, "GET", "/a", size=9))[1] == {"name": "a", "received": 0, "done": False}
    for at, piece in ((0, b"one"), (3, b"two")):
        status, told = await ask(inn, "PUT", "/a", piece, size=9, at=at)
        assert (status, told["received"], told["done"]) == (200, at + 3, False)
        assert (await inn.ask("GET", "/a")).status == 404
        assert b'class="name"' not in (await inn.ask("GET", "/")).body
    assert (await ask(inn, "GET", "/a", size=9))[1]["received"] == 6
    assert (await ask(inn, "PUT", "/a", b"six", size=9, at=6))[1]["done"]
    assert (site / "a").read_bytes() == b"onetwosix"
    # Whoever did not hear of it asks again, and is told that it is there.
    assert (await ask(inn, "GET", "/a", size=9))[1]["done"]


async def test_an_empty_file_is_a_file(inn: Proxied, site: Path) -> None:
    assert (await sent(inn, "/empty", b""))[1]["done"]
    assert (site / "empty").read_bytes() == b""


async def test_bytes_that_do_not_go_on_are_refused_with_where_to(inn: Proxied) -> None:
    await ask(inn, "PUT", "/a", b"one", size=9, at=0)
    for at in (0, 2, 4):
        status, told = await ask(inn, "PUT", "/a", b"x", size=9, at=at)
        assert (status, told["error"], told["received"]) == (409, "upload-offset", 3)


async def test_more_bytes_than_announced_are_refused(inn: Proxied, site: Path) -> None:
    status, told = await ask(inn, "PUT", "/a", bytes(10), size=9, at=0)
    assert (status, told["error"]) == (413, "upload-invalid")
    assert not (site / "a").exists()


async def test_what_came_before_a_visitor_left_is_gone_on_with(inn: Proxied, site: Path) -> None:
    content = os.urandom(600_000)
    stream = inn.begin("PUT", f"{PREFIX}/a?id={ID}&size={len(content)}&at=0", OWN, end=False)
    for start in range(0, 300_000, 15_000):
        await stream.write(content[start : start + 15_000])
    part = next(iter(site.glob(".p2claw-*.part")), None)
    await until(lambda: any(file.stat().st_size for file in site.glob(".p2claw-*.part")))
    stream.reset(Code.CANCEL)
    assert part is None or part.name.endswith(".part")
    received = 0

    async def free() -> int:
        status, told = await ask(inn, "GET", "/a", size=len(content))
        return told["received"] if status == 200 else -1

    while (received := await free()) < 0:
        continue
    assert 0 < received <= 300_000
    status, told = await ask(inn, "PUT", "/a", content[received:], size=len(content), at=received)
    assert (status, told["done"]) == (200, True), told
    assert (site / "a").read_bytes() == content


async def test_cancelling_removes_what_has_come(inn: Proxied, site: Path) -> None:
    await ask(inn, "PUT", "/a", b"one", size=9, at=0)
    assert len(names(site)) == 1
    assert (await ask(inn, "DELETE", "/a", size=9))[0] == 200
    assert names(site) == []


async def test_another_visitor_neither_sees_nor_changes_an_upload(inn: Proxied) -> None:
    await ask(inn, "PUT", "/a", b"one", size=9, at=0)
    async with inn.another("198.51.100.0/24") as other:
        for method in ("GET", "DELETE"):
            told = (await ask(other, method, "/a", size=9, id="f" * 32))[1]
            assert told["received"] == 0
    assert (await ask(inn, "GET", "/a", size=9))[1]["received"] == 3


async def test_two_requests_never_write_to_one_part(inn: Proxied) -> None:
    stream = inn.begin("PUT", f"{PREFIX}/a?id={ID}&size=9&at=0", OWN, end=False)
    await stream.write(b"one")
    async with inn.another("198.51.100.0/24") as other:
        while (told := await ask(other, "GET", "/a", size=9))[0] == 200:
            assert told[1]["received"] in (0, 3)
        assert (told[0], told[1]["error"]) == (409, "upload-busy")
        assert (await ask(other, "PUT", "/a", b"xxx", size=9, at=3))[1]["error"] == "upload-busy"
    stream.reset(Code.CANCEL)


@pytest.mark.parametrize("number", sorted(parts._NO_LINKS))
async def test_a_disk_without_hard_links_takes_files_too(
    inn: Proxied, site: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "no links")

    monkeypatch.setattr(parts.os, "link", refuse)
    assert (await sent(inn, "/a", b"new"))[1]["done"]
    assert (await sent(inn, "/a", b"newer", id="f" * 32))[1]["error"] == "upload-taken"
    assert (site / "a").read_bytes() == b"new"


FOREIGN: tuple[Fields, ...] = (
    (),
    (("origin", "null"),),
    (("origin", "https://evil.example"),),
    (("origin", "http://cat-purplecrab.localhost:8787"),),
    (("origin", "http://localhost.evil.example"),),
    (("origin", "http://localhost:1"),),
    (("origin", "file://localhost"),),
    (OWN[0], ("sec-fetch-site", "cross-site")),
    (OWN[0], ("sec-fetch-site", "same-site")),
    (OWN[0], ("sec-fetch-site", "none")),
    (OWN[0], ("sec-fetch-site", "")),
)


@pytest.mark.parametrize("fields", FOREIGN)
@pytest.mark.parametrize("preserve", [False, True])
async def test_another_sites_page_sends_nothing(
    site: Path, tmp_path: Path, fields: Fields, preserve: bool
) -> None:
    change = writable(preserve_host=preserve)
    async with proxied(f"folder:{site}", tmp_path, change=change) as box:
        for method, body in (("PUT", b"x"), ("DELETE", None)):
            status, told = await ask(box, method, "/a", body, fields, size=1, at=0)
            assert (status, told["error"]) == (403, "upload-foreign")
        assert names(site) == []
        own = (("host", "dog-purplecrab.localhost:8787"), *OWN)
        assert (await ask(box, "PUT", "/a", b"x", own, size=1, at=0))[0] == 200


@pytest.mark.parametrize(
    "query",
    [
        *("id=&size=1&at=0", "size=1&at=0", f"id={'g' * 32}&size=1&at=0", f"id={ID}&at=0"),
        *(
            f"id={ID}&size=-1&at=0",
            f"id={ID}&size=1",
            f"id={ID}&size=1&at=x",
            f"id={ID[1:]}&size=1",
        ),
        "id=../../../../../../etc/cron.d/x00&size=1&at=0",
    ],
)
async def test_an_upload_without_its_facts_is_refused(inn: Proxied, site: Path, query: str) -> None:
    response = await inn.ask("PUT", f"{PREFIX}/a?{query}", OWN, b"x")
    assert (response.status, json.loads(response.body)["error"]) == (400, "upload-invalid")
    assert names(site) == []


async def test_what_is_too_large_is_refused_before_it_is_sent(inn: Proxied) -> None:
    size = uploads.MOST_BYTES + 1
    assert (await ask(inn, "GET", "/a", size=size))[1]["error"] == "upload-too-large"


async def test_the_disk_keeps_room_for_its_owner(
    inn: Proxied, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = os.statvfs(site)
    monkeypatch.setattr(inbox, "FREE_BYTES", disk.f_blocks * disk.f_frsize)
    for method, body in (("GET", None), ("PUT", b"x")):
        status, told = await ask(inn, method, "/a", body, size=1, at=0)
        assert (status, told["error"]) == (507, "upload-no-room")
    assert names(site) == []


async def test_a_full_disk_is_reported_and_the_rest_can_follow(
    inn: Proxied, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(parts.os, "pwrite", full)
        assert (await sent(inn, "/a", b"abc"))[1]["error"] == "upload-no-room"
    assert (await sent(inn, "/a", b"abc"))[1]["done"]


async def test_uploads_that_have_begun_have_a_bound_and_a_share(
    inn: Proxied, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "PARTS_PER_NETWORK", 2)
    monkeypatch.setattr(inbox, "MOST_PARTS", 3)

    async def begin(box: Proxied, number: int) -> int:
        return (await ask(box, "PUT", "/a", b"x", size=2, at=0, id=f"{number:032x}"))[0]

    assert [await begin(inn, number) for number in range(3)] == [200, 200, 503]
    async with inn.another("198.51.100.0/24") as other:
        assert [await begin(other, number) for number in (3, 4)] == [200, 503]
    for part in site.iterdir():  # a day later
        os.utime(part, (time.time() - inbox.KEPT_S - 60,) * 2)
    assert await begin(inn, 5) == 200
    assert len(names(site)) == 1


async def test_a_folder_that_is_only_read_takes_nothing(box: Proxied, site: Path) -> None:
    response = await box.ask("PUT", f"{PREFIX}/a?id={ID}&size=1&at=0", OWN, b"x")
    assert response.status == 405
    assert names(site) == []
    page = (await box.ask("GET", "/")).body
    assert b"upload.js" not in page
    assert b'type="file"' not in page


async def test_a_list_that_can_be_added_to_has_the_button_and_its_script(inn: Proxied) -> None:
    response = await inn.ask("GET", "/")
    assert b'type="file"' in response.body
    assert b"upload.js" in response.body
    policy = response.value("content-security-policy") or ""
    assert "; connect-src 'self'" in policy


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xml", "a.htm"])
async def test_what_visitors_added_runs_no_script_of_theirs(
    inn: Proxied, box: Proxied, site: Path, name: str
) -> None:
    (site / name).write_text("<script>alert(1)</script>")
    assert (await inn.ask("GET", f"/{name}")).value("content-security-policy") == "sandbox"
    assert (await box.ask("GET", f"/{name}")).value("content-security-policy") is None


def test_an_owner_hears_of_a_folder_that_cannot_be_written_to(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_writable(str(site))
    monkeypatch.setattr(inbox.os, "access", lambda *_: False)
    with pytest.raises(UsageError) as caught:
        check_writable(str(site))
    assert caught.value.code == "folder-read-only"
    assert f"ReadWritePaths={site}" in caught.value.hint
