"""The zip of a folder: whole, of what the lists show, and made while it is sent."""

from __future__ import annotations

import asyncio
import io
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from p2claw.agent.folders import packed_names, zip_response
from p2claw.agent.folders.packed_names import Packed
from p2claw.agent.folders.reading import PIECE_BYTES
from p2claw.agent.folders.tree import Tree
from p2claw.agent.folders.zip_stream import ZipStream
from p2claw.errors import StreamResetError
from p2claw.wire.frames.codes import Code
from tests.support.proxied import Proxied, Response, whole
from tests.support.upstreams import until

SECRET = b"SECRET of somebody else"


def unpacked(response: Response) -> dict[str, bytes]:
    """Path and content of each file; checked as a whole by the way."""
    assert (response.status, response.value("content-type")) == (200, "application/zip")
    assert response.value("content-length") == str(len(response.body))
    with zipfile.ZipFile(io.BytesIO(response.body)) as archive:
        assert archive.testzip() is None
        return {one.filename: archive.read(one) for one in archive.infolist()}


async def test_a_zip_has_the_folder_whole(box: Proxied, site: Path) -> None:
    big = os.urandom(3 * PIECE_BYTES + 17)
    for name, content in {"a.txt": b"a", "sub/big.bin": big, "sub/deep/empty": b""}.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(content)
    (site / "nothing in it").mkdir()
    response = await box.ask("GET", "/.p2claw/zip/")
    assert unpacked(response) == {
        "a.txt": b"a",
        "nothing in it/": b"",
        "sub/": b"",
        "sub/big.bin": big,
        "sub/deep/": b"",
        "sub/deep/empty": b"",
    }
    assert 'filename="files.zip"' in (response.value("content-disposition") or "")


async def test_a_list_links_to_the_zip_of_its_folder(box: Proxied, site: Path) -> None:
    (site / "früh & spät").mkdir()
    (site / "früh & spät" / "ä.txt").write_bytes(b"1")
    page = (await box.ask("GET", "/fr%C3%BCh%20%26%20sp%C3%A4t/")).body.decode()
    url = "/.p2claw/zip/fr%C3%BCh%20%26%20sp%C3%A4t/"
    assert f'href="{url}"' in page
    response = await box.ask("GET", url)
    assert unpacked(response) == {"ä.txt": b"1"}
    saved = "filename*=UTF-8''fr%C3%BCh%20%26%20sp%C3%A4t.zip"
    assert saved in (response.value("content-disposition") or "")


async def test_an_empty_folder_offers_none(box: Proxied) -> None:
    assert b"/.p2claw/zip/" not in (await box.ask("GET", "/")).body


async def test_head_tells_the_length_of_a_zip(box: Proxied, site: Path) -> None:
    (site / "a.txt").write_bytes(b"a" * 1000)
    length = (await box.ask("HEAD", "/.p2claw/zip/")).value("content-length")
    assert length == str(len((await box.ask("GET", "/.p2claw/zip/")).body))


async def test_times_and_odd_names_are_kept_as_far_as_a_zip_can(box: Proxied, site: Path) -> None:
    names = {
        b"caf\xe9": "caf\N{REPLACEMENT CHARACTER}",
        b"caf\xe8": "caf\N{REPLACEMENT CHARACTER} (2)",
        b"..\\..\\evil.exe": None,  # hidden, because of its dot
        b"up\\..\\evil.exe": "up_.._evil.exe",
        "日本.txt".encode(): "日本.txt",
        b"line\nbreak": "line\N{REPLACEMENT CHARACTER}break",
    }
    for name in names:
        (site / os.fsdecode(name)).write_bytes(name)
        os.utime(site / os.fsdecode(name), (1_700_000_000, 1_700_000_000))
    response = await box.ask("GET", "/.p2claw/zip/")
    assert set(unpacked(response)) == {name for name in names.values() if name}
    with zipfile.ZipFile(io.BytesIO(response.body)) as archive:
        for info in archive.infolist():
            assert abs(time.mktime((*info.date_time, 0, 0, -1)) - 1_700_000_000) <= 2
            assert info.extra == b"UT\x05\x00\x01" + (1_700_000_000).to_bytes(4, "little")


@pytest.mark.parametrize("date_s", [0, 1, 4_000_000_000, 9_000_000_000])
async def test_a_time_that_a_zip_cannot_have_is_no_hindrance(
    box: Proxied, site: Path, date_s: int
) -> None:
    (site / "a").touch()
    os.utime(site / "a", (date_s, date_s))
    assert unpacked(await box.ask("GET", "/.p2claw/zip/")) == {"a": b""}


async def test_nothing_that_lists_do_not_show_is_in_a_zip(
    box: Proxied, site: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_bytes(SECRET)
    for name in (".env", ".git/config", "sub/.hidden", "sub/.well-known/x", "page/secret.txt"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_bytes(SECRET)
    (site / "page" / "index.html").write_text("shows no names")
    links = {"out": "../secret.txt", "dir": "../outside", "loop": "loop", "env": ".env", "up": "."}
    for name, target in links.items():
        (site / name).symlink_to(target)
    os.mkfifo(site / "pipe")
    (site / "sub" / "a.txt").write_bytes(b"a")
    (site / "inside").symlink_to("sub/a.txt")
    (site / "inside-folder").symlink_to("sub")
    response = await box.ask("GET", "/.p2claw/zip/")
    assert unpacked(response) == {"inside": b"a", "sub/": b"", "sub/a.txt": b"a"}
    for path in ("page/", "out/", "dir/", "../", "%2e%2e/", "sub/..%2f/", ".git/", "a.txt/", "sub"):
        response = await box.ask("GET", f"/.p2claw/zip/{path}")
        assert (response.status, SECRET in response.body) == (404, False), path


async def test_a_site_with_a_page_at_the_top_has_no_zip(box: Proxied, site: Path) -> None:
    (site / "index.html").write_text("page")
    assert (await box.ask("GET", "/.p2claw/zip/")).status == 404


async def test_a_folder_that_is_swapped_for_a_link_while_it_is_packed_leads_nowhere(
    site: Path, tmp_path: Path
) -> None:
    """What was found is opened anew, name by name, when its turn comes."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.txt").write_bytes(SECRET)
    (site / "sub").mkdir()
    (site / "sub" / "a.txt").write_bytes(b"x" * len(SECRET))
    tree = Tree(str(site))
    stream = ZipStream(tree, packed_names.packed_names(tree, ()))
    (site / "sub").rename(tmp_path / "away")
    (site / "sub").symlink_to(tmp_path / "outside")
    with pytest.raises(packed_names.NotHereError):
        stream.read()


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.unlink(),
        lambda path: os.truncate(path, 5),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["gone", "shorter", "a folder now"],
)
async def test_a_zip_whose_file_changes_breaks_off(
    box: Proxied, site: Path, change: Callable[[Path], object]
) -> None:
    (site / "a").write_bytes(bytes(40 * PIECE_BYTES))  # more than all buffers on the way
    (site / "b").write_bytes(bytes(1000))
    stream = box.begin("GET", "/.p2claw/zip/")
    await stream.response()
    change(site / "b")
    with pytest.raises(StreamResetError):
        await whole(stream)


async def test_a_file_that_grows_is_packed_as_it_was_announced(site: Path) -> None:
    (site / "a").write_bytes(b"12345")
    tree = Tree(str(site))
    stream = ZipStream(tree, packed_names.packed_names(tree, ()))
    (site / "a").write_bytes(b"1234567890")
    content = stream.read()
    assert len(content) == stream.length_bytes
    assert zipfile.ZipFile(io.BytesIO(content)).read("a") == b"12345"


async def test_whoever_leaves_ends_the_reading(box: Proxied, site: Path) -> None:
    (site / "a").write_bytes(b"")
    os.truncate(site / "a", 2**40)  # a terabyte of nothing
    stream = box.begin("GET", "/.p2claw/zip/")
    await stream.response()
    await stream.read()
    assert site / "a" in opened_files()
    stream.reset(Code.CANCEL)
    await until(lambda: site / "a" not in opened_files())


def opened_files() -> set[Path]:
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.add(link.readlink())
        except FileNotFoundError:  # the one that lists them
            continue
    return found


async def test_each_network_has_a_share_of_the_zips(
    box: Proxied, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zip_response, "MOST_ZIPS", 3)
    (site / "a").write_bytes(b"")
    os.truncate(site / "a", 2**40)
    under_way = [box.begin("GET", "/.p2claw/zip/") for _ in range(2)]
    for stream in under_way:
        assert (await stream.response()).status == 200
    refused = await box.ask("GET", "/.p2claw/zip/")
    assert (refused.status, refused.value("retry-after")) == (503, "30")
    async with box.another("198.51.100.0/24") as other:
        assert (await other.begin("GET", "/.p2claw/zip/").response()).status == 200
        async with box.another("192.0.2.0/24") as third:
            assert (await third.ask("GET", "/.p2claw/zip/")).status == 503
    under_way[0].reset(Code.CANCEL)
    async with asyncio.timeout(20):
        while (await box.begin("GET", "/.p2claw/zip/").response()).status != 200:
            pass


async def test_too_many_names_are_refused_with_what_to_do(
    box: Proxied, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_names.packed_names, "__kwdefaults__", {"most": 5})
    (site / "sub").mkdir()
    for number in range(4):
        (site / "sub" / str(number)).touch()
    assert len(unpacked(await box.ask("GET", "/.p2claw/zip/"))) == 5
    (site / "one-more").touch()
    response = await box.ask("GET", "/.p2claw/zip/")
    assert (response.status, b"one by one" in response.body) == (403, True)


LARGE = (2**31 - 1, 2**31, 2_045_222_521, 2_045_222_522, 2**32 - 1, 2**32, 2**33 + 1)


@pytest.mark.parametrize("size", LARGE)
def test_the_length_is_right_where_sizes_need_64_bits(size: int) -> None:
    """By the heads and the directory alone: `zipfile` is handed no content."""
    packed = [Packed((name,), name, False, size, 1) for name in ("a", "b")]
    assert ZipStream(Tree("/"), packed).length_bytes == written_length(packed)


def written_length(packed: list[Packed]) -> int:
    """What `zipfile` writes for files of these sizes, of which no byte is stored."""
    at = 0

    class Counting:
        def write(self, content: bytes) -> int:
            nonlocal at
            at += len(content)
            return len(content)

        def flush(self) -> None: ...

        def tell(self) -> int:
            return at

    archive = zipfile.ZipFile(Counting(), "w")  # type: ignore[arg-type]
    archive._seekable = False  # type: ignore[attr-defined]
    for one in packed:
        info = zipfile.ZipInfo(one.path)
        info.file_size = one.size_bytes
        info.extra = bytes(9)
        with archive.open(info, "w") as entry:
            at += one.size_bytes
            entry._file_size = one.size_bytes  # type: ignore[attr-defined]
    archive.close()
    return at
