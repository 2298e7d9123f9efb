"""Smaller pictures: right ones, made once, within bounds, and none of what is no picture."""

from __future__ import annotations

import asyncio
import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from p2claw.agent.folders import pictures
from p2claw.agent.folders.pictures import MAX_IMAGE_PIXELS, NoPictureError, smaller
from p2claw.agent.folders.thumbnails import Thumbnails
from p2claw.agent.folders.tree import Opened, Tree
from tests.support.proxied import Proxied


def picture(
    form: str, size: tuple[int, int] = (1200, 800), mode: str = "RGB", **more: object
) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, form, **more)
    return out.getvalue()


def opened(path: Path) -> Opened:
    return Tree(str(path.parent)).open((path.name,))


@pytest.fixture
def thumbnails(tmp_path: Path) -> Iterator[Thumbnails]:
    made = Thumbnails(tmp_path / "thumbnails", kept_bytes=40_000)
    yield made
    made.close()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
async def test_a_picture_is_made_smaller(box: Proxied, site: Path, form: str) -> None:
    (site / "a.picture").write_bytes(picture(form))
    response = await box.ask("GET", "/.p2claw/small/a.picture?v=1")
    assert (response.status, response.value("content-type")) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(response.body)).size == (400, 267)


async def test_a_transparent_picture_stays_transparent(box: Proxied, site: Path) -> None:
    clear = Image.new("RGBA", (900, 600), (255, 0, 0, 60))
    clear.save(site / "a.png")
    response = await box.ask("GET", "/.p2claw/large/a.png")
    assert response.value("content-type") == "image/webp"
    assert Image.open(io.BytesIO(response.body)).mode == "RGBA"


async def test_a_picture_is_turned_upright(box: Proxied, site: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    (site / "a.jpg").write_bytes(picture("JPEG", exif=exif))
    response = await box.ask("GET", "/.p2claw/small/a.jpg")
    small = Image.open(io.BytesIO(response.body))
    assert small.size == (267, 400)
    assert not small.getexif()  # nor where it was taken


async def test_a_picture_is_made_once_for_all_who_ask(site: Path, thumbnails: Thumbnails) -> None:
    (site / "a.jpg").write_bytes(picture("JPEG"))
    file = opened(site / "a.jpg")
    made = await asyncio.gather(*(thumbnails.of(file, 400) for _ in range(20)))
    assert await thumbnails.of(file, 400) == made[0]
    assert thumbnails.made == 1
    file.close()


async def test_a_restarted_box_has_it_still(site: Path, tmp_path: Path) -> None:
    (site / "a.jpg").write_bytes(picture("JPEG"))
    file = opened(site / "a.jpg")
    for expected in (1, 0):
        thumbnails = Thumbnails(tmp_path / "thumbnails")
        await thumbnails.of(file, 400)
        assert thumbnails.made == expected
        thumbnails.close()
    file.close()


async def test_a_changed_picture_is_made_anew(site: Path, thumbnails: Thumbnails) -> None:
    for size in ((100, 50), (50, 100)):
        (site / "a.png").write_bytes(picture("PNG", size))
        file = opened(site / "a.png")
        assert Image.open(io.BytesIO(await thumbnails.of(file, 400))).size == size
        file.close()


async def test_what_is_kept_has_a_bound(site: Path, tmp_path: Path, thumbnails: Thumbnails) -> None:
    for number in range(60):
        path = site / f"{number}.png"
        path.write_bytes(noise(number))
        file = opened(path)
        await thumbnails.of(file, 400)
        file.close()
        kept = list((tmp_path / "thumbnails").iterdir())
        assert sum(one.stat().st_size for one in kept) <= 40_000
    assert thumbnails.made == 60
    assert kept


async def test_a_disk_that_writes_nothing_costs_only_time(site: Path, tmp_path: Path) -> None:
    (tmp_path / "thumbnails").write_text("a file where the folder should be")
    (site / "a.jpg").write_bytes(picture("JPEG"))
    thumbnails = Thumbnails(tmp_path / "thumbnails")
    file = opened(site / "a.jpg")
    assert await thumbnails.of(file, 400)
    file.close()
    thumbnails.close()


HOSTILE = {
    "no-picture.jpg": b"not a picture",
    "empty.png": b"",
    "cut.jpg": picture("JPEG")[:200],
    "bomb.png": b"",
    "claims.gif": b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(20),
    "script.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "film.webm": b"\x1aE\xdf\xa3" + bytes(100),
}


def bomb() -> bytes:
    """A PNG of 40 KB that claims, and has, 900 million pixels."""

    def part(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(30_000 * (30_000 // 8 + 1)), 9)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_picture_is_none(box: Proxied, site: Path, name: str) -> None:
    (site / name).write_bytes(bomb() if name == "bomb.png" else HOSTILE[name])
    for _ in range(2):  # the second time it is known without another look
        assert (await box.ask("GET", f"/.p2claw/small/{name}")).status == 404


def test_a_picture_above_the_bound_is_not_decoded(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site / "a.png").write_bytes(picture("PNG", (100, 100)))
    file = opened(site / "a.png")
    monkeypatch.setattr(pictures, "MAX_IMAGE_PIXELS", 10_000)
    assert smaller(file.descriptor, 40)
    monkeypatch.setattr(pictures, "MAX_IMAGE_PIXELS", 9_999)
    with pytest.raises(NoPictureError):
        smaller(file.descriptor, 40)
    monkeypatch.undo()
    assert smaller(file.descriptor, 40)
    file.close()
    # The library's own bound, for pictures inside of pictures, is the same.
    assert Image.MAX_IMAGE_PIXELS == MAX_IMAGE_PIXELS


async def test_many_requests_leave_no_file_open(box: Proxied, site: Path) -> None:
    (site / "a.jpg").write_bytes(picture("JPEG"))
    (site / "bad.jpg").write_bytes(b"none")
    (site / "link").symlink_to("a.jpg")
    (site / "sub").mkdir()
    paths = (
        "/",
        "/a.jpg",
        "/bad.jpg",
        "/.p2claw/small/a.jpg",
        "/.p2claw/small/bad.jpg",
        "/link",
        "/sub",
        "/sub/",
        "/no",
        "/a.jpg/",
        "/.p2claw/small/sub",
    )

    async def ask_all() -> int:
        for path in paths:
            await box.ask("GET", path)
            await box.ask("HEAD", path, (("range", "bytes=0-1"),))
        links = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
        return sum(entry.readlink().is_relative_to(site) for entry in links)

    assert await ask_all() == 0


def noise(seed: int) -> bytes:
    """A picture that does not become much smaller, another for each seed."""
    out = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(out, "PNG")
    return out.getvalue() + bytes([seed])
