"""Files of a folder: types, conditions, ranges, compressed twins, pages that stand in."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.agent.home.routes import Route
from p2claw.errors import StreamResetError
from p2claw.wire.frames.heads import RequestHead
from p2claw.wire.frames.hello import WEBSOCKET
from tests.support.proxied import Proxied, proxied, whole

TEXT = b"0123456789" * 100


async def test_a_file_comes_whole(box: Proxied, site: Path) -> None:
    content = os.urandom(3_000_000)
    (site / "film.webm").write_bytes(content)
    response = await box.ask("GET", "/film.webm")
    assert (response.status, response.value("content-type")) == (200, "video/webm")
    assert response.value("content-length") == str(len(content))
    assert response.body == content


async def test_head_gets_the_same_without_the_bytes(box: Proxied, site: Path) -> None:
    (site / "a.txt").write_bytes(TEXT)
    response = await box.ask("HEAD", "/a.txt")
    assert (response.status, response.value("content-length"), response.body) == (200, "1000", b"")


@pytest.mark.parametrize(
    "name, content, kind",
    [
        ("a.html", "<p>ü".encode(), "text/html; charset=utf-8"),
        ("a.html", "<meta charset=latin1><p>ü".encode("latin-1"), "text/html"),
        ("a.js", b"1", "text/javascript; charset=utf-8"),
        ("a.mjs", b"1", "text/javascript; charset=utf-8"),
        ("a.css", b"", "text/css; charset=utf-8"),
        ("a.json", b"{}", "application/json"),
        ("a.svg", b"<svg/>", "image/svg+xml"),
        ("a.wasm", b"\0asm", "application/wasm"),
        ("a.woff2", b"wOF2", "font/woff2"),
        ("A.JPG", b"\xff\xd8", "image/jpeg"),
        ("a.avif", b"", "image/avif"),
        ("a.mkv", b"", "video/x-matroska"),
        ("a.opus", b"", "audio/ogg"),
        ("a.pdf", b"%PDF", "application/pdf"),
        ("a.tar.gz", gzip.compress(b"x", mtime=0), "application/gzip"),
        ("a.txt", "ä".encode("utf-16"), "text/plain"),
        ("a.md", b"# a", "text/markdown; charset=utf-8"),
        ("README", b"read me", "text/plain; charset=utf-8"),
        ("core", b"\x7fELF\0", "application/octet-stream"),
        ("noise", b"\xff\xfe\xfd\xfc\xfb", "application/octet-stream"),
        ("a.unheard", b"text", "text/plain; charset=utf-8"),
    ],
)
async def test_a_file_has_its_type(
    box: Proxied, site: Path, name: str, content: bytes, kind: str
) -> None:
    (site / name).write_bytes(content)
    response = await box.ask("GET", f"/{name}")
    assert response.value("content-type") == kind
    assert response.value("content-encoding") is None
    assert response.value("x-content-type-options") == "nosniff"
    assert response.body == content


async def test_a_character_cut_at_the_end_of_the_look_is_still_utf8(
    box: Proxied, site: Path
) -> None:
    (site / "a.txt").write_bytes(b"x" + "ü".encode() * 40_000)
    response = await box.ask("HEAD", "/a.txt")
    assert response.value("content-type") == "text/plain; charset=utf-8"


async def test_what_a_visitor_has_is_not_sent_again(box: Proxied, site: Path) -> None:
    (site / "a.txt").write_bytes(TEXT)
    first = await box.ask("GET", "/a.txt")
    etag, modified = first.value("etag") or "", first.value("last-modified") or ""
    for field in (("if-none-match", f'"x", W/{etag}'), ("if-modified-since", modified)):
        again = await box.ask("GET", "/a.txt", (field,))
        assert (again.status, again.body, again.value("etag")) == (304, b"", etag)


async def test_a_changed_file_is_another(box: Proxied, site: Path) -> None:
    (site / "a.txt").write_bytes(TEXT)
    etag = (await box.ask("HEAD", "/a.txt")).value("etag") or ""
    (site / "b.txt").write_bytes(TEXT[::-1])
    os.utime(
        site / "b.txt",
        ns=((site / "a.txt").stat().st_atime_ns, (site / "a.txt").stat().st_mtime_ns),
    )
    (site / "b.txt").replace(site / "a.txt")
    assert (await box.ask("GET", "/a.txt", (("if-none-match", etag),))).status == 200
    assert (await box.ask("GET", "/a.txt", (("if-match", etag),))).status == 412


async def test_a_range_is_sent_alone(box: Proxied, site: Path) -> None:
    (site / "a.txt").write_bytes(TEXT)
    for asked, start, stop in (
        ("2-4", 2, 5),
        ("990-", 990, 1000),
        ("-3", 997, 1000),
        ("998-2000", 998, 1000),
    ):
        response = await box.ask("GET", "/a.txt", (("range", f"bytes={asked}"),))
        assert response.status == 206
        assert response.value("content-range") == f"bytes {start}-{stop - 1}/1000"
        assert response.body == TEXT[start:stop]


async def test_several_ranges_are_sent_in_parts(box: Proxied, site: Path) -> None:
    (site / "a.txt").write_bytes(TEXT)
    response = await box.ask("GET", "/a.txt", (("range", "bytes=0-1, 500-502, -1"),))
    kind = response.value("content-type") or ""
    assert (response.status, kind[:31]) == (206, "multipart/byteranges; boundary=")
    parts = response.body.split(f"--{kind[31:]}".encode())
    assert parts[1] == (
        b"\r\nContent-Type: text/plain; charset=utf-8"
        b"\r\nContent-Range: bytes 0-1/1000\r\n\r\n01\r\n"
    )
    assert [part.rpartition(b"\r\n\r\n")[2] for part in parts[1:-1]] == [
        b"01\r\n",
        b"012\r\n",
        b"9\r\n",
    ]
    assert parts[-1] == b"--\r\n"


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=5-2",
        "bytes=x-",
        "lines=0-1",
        "bytes=",
        "bytes=-",
        "bytes=0-5,3-9",
        "bytes=" + "0-0," * 17,
        "bytes=0x1-2",
    ],
)
async def test_a_range_that_is_none_is_passed_over(box: Proxied, site: Path, asked: str) -> None:
    (site / "a.txt").write_bytes(TEXT)
    response = await box.ask("GET", "/a.txt", (("range", asked),))
    assert (response.status, response.body) == (200, TEXT)


async def test_a_range_behind_the_end_is_refused(box: Proxied, site: Path) -> None:
    (site / "a.txt").write_bytes(TEXT)
    for asked in ("bytes=1000-", "bytes=-0", "bytes=5000-6000"):
        response = await box.ask("GET", "/a.txt", (("range", asked),))
        assert (response.status, response.value("content-range")) == (416, "bytes */1000")


async def test_the_rest_of_another_version_is_not_sent(box: Proxied, site: Path) -> None:
    (site / "a.txt").write_bytes(TEXT)
    head = await box.ask("HEAD", "/a.txt")
    etag, modified = head.value("etag") or "", head.value("last-modified") or ""
    for same in (etag, modified):
        fields = (("range", "bytes=1-1"), ("if-range", same))
        assert (await box.ask("GET", "/a.txt", fields)).status == 206
    for other in ('"other"', f"W/{etag}", "Thu, 01 Jan 1970 00:00:00 GMT", "nonsense"):
        fields = (("range", "bytes=1-1"), ("if-range", other))
        assert (await box.ask("GET", "/a.txt", fields)).status == 200


async def test_an_empty_file_is_a_file(box: Proxied, site: Path) -> None:
    (site / "a.bin").touch()
    response = await box.ask("GET", "/a.bin")
    assert (response.status, response.value("content-length"), response.body) == (200, "0", b"")


async def test_a_file_that_shrinks_breaks_off(box: Proxied, site: Path) -> None:
    (site / "a.bin").write_bytes(bytes(40_000_000))
    stream = box.begin("GET", "/a.bin")
    await stream.response()
    os.truncate(site / "a.bin", 1000)
    with pytest.raises(StreamResetError):
        await whole(stream)


async def test_a_compressed_twin_is_sent(box: Proxied, site: Path) -> None:
    (site / "a.js").write_bytes(b"plain")
    (site / "a.js.gz").write_bytes(b"small")
    (site / "a.js.br").write_bytes(b"least")
    for accepted, coding, body in (
        ("gzip, br", "br", b"least"),
        ("gzip", "gzip", b"small"),
        ("br;q=0, gzip;q=0.5", "gzip", b"small"),
        ("identity", None, b"plain"),
        ("gzip;q=0, br; q=0.000", None, b"plain"),
    ):
        response = await box.ask("GET", "/a.js", (("accept-encoding", accepted),))
        assert (response.value("content-encoding"), response.body) == (coding, body)
        assert response.value("content-type") == "text/javascript; charset=utf-8"
        assert response.value("vary") == "Accept-Encoding"


async def test_a_twin_of_an_older_state_is_not_sent(box: Proxied, site: Path) -> None:
    (site / "a.js.br").write_bytes(b"older")
    os.utime(site / "a.js.br", (1, 1))
    (site / "a.js").write_bytes(b"newer")
    response = await box.ask("GET", "/a.js", (("accept-encoding", "br"),))
    assert (response.value("content-encoding"), response.body) == (None, b"newer")


async def test_a_folder_is_opened_with_a_slash(box: Proxied, site: Path) -> None:
    (site / "a b?").mkdir()
    response = await box.ask("GET", "/a%20b%3F?c=d")
    assert (response.status, response.value("location")) == (302, "./a%20b%3F/?c=d")


async def test_an_index_stands_for_its_folder(box: Proxied, site: Path) -> None:
    (site / "docs").mkdir()
    (site / "docs" / "index.html").write_text("<h1>docs")
    assert (await box.ask("GET", "/docs/")).body == b"<h1>docs"


async def test_what_is_missing_has_the_page_of_the_site(box: Proxied, site: Path) -> None:
    assert (await box.ask("GET", "/none")).status == 404
    (site / "404.html").write_text("<h1>lost")
    response = await box.ask("GET", "/none/deep", (("range", "bytes=0-1"),))
    assert (response.status, response.body) == (404, b"<h1>lost")


async def test_one_page_serves_all_paths_of_an_app(site: Path, tmp_path: Path) -> None:
    (site / "index.html").write_text("<h1>app")
    (site / "app.js").write_text("1")

    def spa(route: Route) -> Route:
        return replace(route, upstream=replace(route.upstream, spa=True))

    async with proxied(f"folder:{site}", tmp_path, change=spa) as box:
        page = (("accept", "text/html,*/*;q=0.8"),)
        response = await box.ask("GET", "/users/7", page)
        assert (response.status, response.body) == (200, b"<h1>app")
        assert (await box.ask("GET", "/app.js", page)).body == b"1"
        # Whoever asks for data or a script learns that there is none, and given no page.
        assert (await box.ask("GET", "/api/users", (("accept", "*/*"),))).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PROPFIND", "OPTIONS"])
async def test_a_folder_is_only_read(box: Proxied, site: Path, method: str) -> None:
    (site / "a.txt").write_bytes(TEXT)
    response = await box.ask(method, "/a.txt", body=b"x" if method in ("POST", "PUT") else None)
    assert (response.status, response.value("allow")) == (405, "GET, HEAD")
    assert (site / "a.txt").read_bytes() == TEXT


async def test_a_folder_that_is_gone_is_reported(box: Proxied, site: Path) -> None:
    site.rename(site.with_name("elsewhere"))
    assert (await box.ask("GET", "/")).status == 503


async def test_a_folder_that_is_replaced_is_the_new_one(box: Proxied, site: Path) -> None:
    assert (await box.ask("GET", "/a.txt")).status == 404
    site.rename(site.with_name("elsewhere"))
    site.mkdir()
    (site / "a.txt").write_bytes(b"new")
    assert (await box.ask("GET", "/a.txt")).body == b"new"


async def test_a_folder_has_no_websockets(box: Proxied) -> None:
    stream = box.visitor.open(RequestHead("CONNECT", "/", (), protocol=WEBSOCKET), end=False)
    head = await stream.response()
    assert head.status == 400
