"""What lies on disk after a page has saved something (HTML §4.6.6, RFC 6266), and what the page is then."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.parity.cases import Case, address
from tests.parity.sides import Side
from tests.parity.upstream.plays import End, Play, chunked, head, redirect, reply

BODY = b"<!doctype html><title>Saved</title><p>as it is \xc3\xa9\xe9\x00\n" * 20
LARGE = bytes(range(256)) * 12_000  # 3 MB
# A file that is not there by then does not come.
NOTHING_S = 2.5
QUIET_S = 0.3
UNFINISHED = (".part", ".crdownload")

ABOUT = """() => [location.href, document.title, history.length, Boolean(document.querySelector("#mark")),
    document.readyState]"""
MARK = """([html]) => {
    document.body.insertAdjacentHTML("beforeend", "<i id=mark></i><div id=place></div>");
    document.querySelector("#place").innerHTML = html;
}"""
# By itself, in a task of its own, so that the response comes back before the page is left.
CLICK = "place.firstElementChild.click()"
LATER = "([text]) => void setTimeout(() => (0, eval)(text), 30)"


def cases() -> Iterator[Case]:
    for name, value in NAMES.items():
        fields = [("Content-Disposition", value)] if value is not None else []
        yield _case(f"name/{name}", reply(200, fields, BODY, kind="application/octet-stream"))
    for name, (path, kind, fields) in PATHS.items():
        yield _case(f"path/{name}", reply(200, fields, BODY, kind=kind), path=path)
    for name, given in WAYS.items():
        html, script = (given, CLICK) if given.startswith("<") else ("", given)
        yield _case(f"way/{name}", _attached(), html=html, script=script)
    for name, play in RESPONSES.items():
        yield _case(f"response/{name}", *play)


def _attached(body: bytes = BODY, *fields: tuple[str, str], name: str = "file.bin") -> Play:
    disposition = ("Content-Disposition", f'attachment; filename="{name}"')
    return reply(200, [disposition, *fields], body, kind="text/html")


def _case(
    name: str,
    *plays: Play,
    path: str = "",
    html: str = "<a href=$url>Save</a>",
    script: str = CLICK,
) -> Case:
    id = f"downloads/{name}"
    url = address(id, path)
    args = {"html": html.replace("$url", url), "script": script.replace("$url", url)}
    return Case(id, "", args, {"": plays}, sees=("lines",), scene=_save, limit_s=15)


async def _save(side: Side, case: Case) -> dict[str, Any]:
    """Runs the case's script in a page and waits for a file, or long enough for none."""
    folder = side.browser.downloads
    for path in folder.iterdir():
        path.unlink()
    tab = await side.open(case.stage)
    await tab.evaluate(MARK, [case.args["html"]])
    await tab.evaluate(LATER, [case.args["script"]])
    files = await _saved(folder)
    facts: dict[str, Any] = {"files": [_described(path) for path in files]}
    address, title, entries, marked, state = await tab.evaluate(ABOUT)
    return facts | {
        "page.href": address,
        "page.title": title,
        "page.entries": entries,
        "page.stayed": marked,
        "page.state": state,
    }


async def _saved(folder: Path) -> list[Path]:
    """The files that have come to rest."""
    began = changed = time.monotonic()
    before: list[tuple[str, int]] = []
    while True:
        await asyncio.sleep(0.05)
        now = sorted(_sizes(folder))
        if now != before:
            before, changed = now, time.monotonic()
        whole = now and all(size and not name.endswith(UNFINISHED) for name, size in now)
        if whole and time.monotonic() - changed > QUIET_S:
            return sorted(folder.iterdir())
        if time.monotonic() - began > NOTHING_S and not whole:
            return [path for path in sorted(folder.iterdir()) if _is_whole(path)]


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # browsers rename what is whole
            yield path.name, path.stat().st_size


def _is_whole(path: Path) -> bool:
    return not path.name.endswith(UNFINISHED) and path.stat().st_size > 0


def _described(path: Path) -> list[Any]:
    data = path.read_bytes()
    return [path.name, len(data), hashlib.sha256(data).hexdigest()[:16]]


# Content-Disposition as RFC 6266 and RFC 8187 have it, and as servers write it.
NAMES: dict[str, str | None] = {
    "quoted": 'attachment; filename="report 1.txt"', "token": "attachment; filename=report.txt", "none": "attachment",
    "upper": 'ATTACHMENT; FILENAME="upper.txt"', "star": "attachment; filename*=UTF-8''%e2%82%ac%20rates.txt",
    "both": "attachment; filename=plain.txt; filename*=UTF-8''st%C3%A4r.txt", "star-first": "attachment; filename*=UTF-8''a%20b.txt; filename=c.txt",
    "star-latin": "attachment; filename*=iso-8859-1'en'%A3%20rates.txt", "star-bad": "attachment; filename*=UTF-8''%E2%82.txt; filename=fall.txt",
    "raw-utf8": 'attachment; filename="会议 记录.mp4"'.encode().decode("latin-1"), "raw-latin1": 'attachment; filename="caf\xe9.txt"',
    "escaped": 'attachment; filename="a\\"b.txt"', "percent": 'attachment; filename="a%20b%C3%BC.txt"', "slashes": 'attachment; filename="../../x/y.txt"',
    "backslashes": 'attachment; filename="C:\\dir\\z.txt"', "dots": 'attachment; filename="...txt"', "empty": 'attachment; filename=""',
    "semicolon": 'attachment; filename="a;b.txt"', "unquoted-spaces": "attachment; filename=my report.txt", "twice": "attachment; filename=one.txt; filename=two.txt",
    "other-type": "form-data; name=f; filename=form.txt", "no-type": "filename=alone.txt", "inline": 'inline; filename="inline.txt"',
    "rfc2047": 'attachment; filename="=?UTF-8?B?w7wudHh0?="', "long": f'attachment; filename="{"n" * 300}.txt"', "no-extension": "attachment; filename=README",
    "newlines": 'attachment; filename="tab\there.txt"', "reserved": 'attachment; filename="a:b*c?.txt"', "absent": None,
}  # fmt: skip

_ATTACHED = [("Content-Disposition", "attachment")]
PATHS: dict[str, tuple[str, str | None, list[tuple[str, str]]]] = {
    "plain": ("/@/report.pdf", "application/pdf", _ATTACHED), "query": ("/@/get?name=x.zip", "application/zip", _ATTACHED),
    "percent": ("/@/%E5%86%99%20%E7%9C%9F.bin", "application/octet-stream", _ATTACHED), "slash": ("/@/folder/", "text/plain", _ATTACHED),
    "other-extension": ("/@/page.php", "text/html", _ATTACHED), "no-extension": ("/@/data", "application/json", _ATTACHED),
    "html": ("/@/page.html", "text/html", _ATTACHED), "untyped": ("/@/thing", None, _ATTACHED), "shown-nowhere": ("/@/a.tar.gz", "application/gzip", []),
    "octets": ("/@/x.html", "application/octet-stream", []), "unknown": ("/@/x.odd", "application/x-odd", []), "zip": ("/@/x", "application/zip", []),
}  # fmt: skip

# Ways to save what says that it is to be saved, and what does not.
WAYS: dict[str, str] = {
    "link": "<a href=$url>x</a>", "download": "<a href=$url download>x</a>", "download-name": '<a href=$url download="mine.txt">x</a>',
    "blob": """const a = document.createElement("a"); a.download = "made.txt"; a.href = URL.createObjectURL(new Blob(["made"])); a.click()""".replace("URL_", "$url"),
    "blob-unnamed": """const a = document.createElement("a"); a.download = ""; a.href = URL.createObjectURL(new Blob(["made"], {type: "text/plain"})); a.click()""",
    "data": '<a href="data:text/plain,some" download="data.txt">x</a>', "location": 'location.href = "$url"', "assign": 'location.assign("$url")',
    "replace": 'location.replace("$url")', "open": 'open("$url")', "blank": "<a href=$url target=_blank>x</a>", "frame": "place.innerHTML = '<iframe src=$url></iframe>'",
    "form": "place.innerHTML = '<form action=$url><input name=a value=b></form>'; place.firstElementChild.submit()",
    "form-post": "place.innerHTML = '<form method=post action=$url><input name=a value=b></form>'; place.firstElementChild.submit()",
    "form-frame": "place.innerHTML = '<iframe name=there></iframe><form method=post target=there action=$url></form>'; place.lastElementChild.submit()",
    "fetched": """fetch("$url").then((r) => r.blob()).then((b) => { const a = document.createElement("a"); a.download = "got.bin"; a.href = URL.createObjectURL(b); a.click(); })""",
    "fragment": '<a href="$url#part" download>x</a>', "meta": "place.innerHTML = '<meta http-equiv=refresh content=\"0; url=$url\">'",
    "from-worker": """new Worker(URL.createObjectURL(new Blob(["postMessage(1)"]))).onmessage = () => { location.href = "$url"; }""",
}  # fmt: skip

# Not one that is cut: Firefox shows a window of its own for it, and its driver opens no tab beside that.
RESPONSES: dict[str, tuple[Play, ...]] = {
    "empty": (_attached(b""),), "large": (_attached(LARGE),), "gzip": (_attached(gzip.compress(BODY), ("Content-Encoding", "gzip")),),
    "gzip-file": (_attached(gzip.compress(BODY), name="x.tar.gz"),), "chunked": (chunked(BODY, b"more", fields=[("Content-Disposition", "attachment; filename=c.bin")]),),
    "to-the-end": ((head(200, [("Content-Disposition", "attachment; filename=end.bin"), ("Connection", "close")]) + BODY, End.CLOSE),),
    "404": (reply(404, [("Content-Disposition", "attachment; filename=missing.txt")], BODY),), "500": (reply(500, [("Content-Disposition", "attachment; filename=failed.txt")], BODY),),
    "204": (reply(204, [("Content-Disposition", "attachment; filename=none.txt")]),), "no-store": (_attached(BODY, ("Cache-Control", "no-store")),),
    "cookie": (_attached(BODY, ("Set-Cookie", "saved=1")),), "csp": (_attached(BODY, ("Content-Security-Policy", "sandbox")),),
    "nosniff": (_attached(BODY, ("X-Content-Type-Options", "nosniff")),), "redirected": (redirect(302, address("downloads/response/redirected", "/@/there.bin")), _attached()),
    "ranges": (_attached(BODY, ("Accept-Ranges", "bytes"), ("ETag", '"1"')),), "refresh": (_attached(BODY, ("Refresh", "0; url=/stage/a?refreshed")),),
}  # fmt: skip
