"""Cookies (RFC 6265bis): each Set-Cookie string, by the server and by script, seen by both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from tests.parity.cases import Case, slug
from tests.parity.tables.cookies import ATTRIBUTES, DATES, PAIRS, PATHS, SEQUENCES
from tests.parity.upstream.plays import Echo, Play, reply

STAGE = "/stage/jar/page"
HERE = "/stage/jar/see"
# Where the server looks for a cookie when a case is about paths.
LOOKS = {"root": "/see", "stage": "/stage/see", "jar": "/stage/jar/", "deep": "/stage/jar/deep/see",
         "like": "/stage/jars", "upper": "/stage/JAR/see"}  # fmt: skip


def cases() -> Iterator[Case]:
    for topic, table in (("pair", PAIRS), ("attribute", ATTRIBUTES), ("date", DATES)):
        for text in table:
            yield from _both(f"cookies/{topic}", slug(text), [text])
    for text in PATHS:
        yield from _both("cookies/path", slug(text), [text], LOOKS)
    for name, texts in SEQUENCES.items():
        yield from _both("cookies/sequence", name, texts, LOOKS)
        yield _response(f"cookies/in-turn/{name}", texts[-1:], LOOKS, first=texts[:-1])
    for status in (201, 204, 301, 302, 304, 307, 400, 401, 404, 500, 503):
        fields = [("Location", "/see")] if status in (301, 302, 307) else []
        yield _response(f"cookies/status/{status}", ["s=1"], status=status, more=fields)
    for mode in ("omit", "same-origin", "include"):
        yield _response(f"cookies/credentials/{mode}", ["c=1"], credentials=mode)
    for name, steps in STORE.items():
        id = f"cookies/store/{name}"
        names = [("a", "/"), ("a", "/stage"), ("b", "/"), ("a", "/stage/jar")]
        plays = {"/@see": ((Echo.COOKIES,),), "/@erase": (_erase(names),)}
        args = {"steps": steps, "at": _at(id, HERE, "/@see"), "erase": _at(id, HERE, "/@erase")}
        yield Case(id, "cookieStore", args, plays, alone=True, stage=STAGE)


def _both(topic: str, name: str, texts: list[str], looks: dict[str, str] | None = None) -> Iterator[Case]:
    yield _response(f"{topic}/{name}", texts, looks)
    id = f"{topic}-script/{name}"
    plays = {"/@see": ((Echo.COOKIES,),), "/@erase": (_erase(_names(texts)),)}
    args = {"script": texts, "at": _ats(id, looks), "erase": _at(id, HERE, "/@erase")}
    yield Case(id, "cookie", args, plays, alone=True, stage=STAGE)


def _response(
    id: str,
    texts: list[str],
    looks: dict[str, str] | None = None,
    *,
    first: Iterable[str] = (),
    status: int = 200,
    more: Iterable[tuple[str, str]] = (),
    **args: str,
) -> Case:
    before = list(first)
    sent = [("Set-Cookie", text.encode().decode("latin-1")) for text in texts]
    plays: dict[str, tuple[Play, ...]] = {
        "/@set": (reply(status, [*more, *sent], "set"),),
        "/@first": (reply(200, [("Set-Cookie", text) for text in before], "first"),),
        "/@see": ((Echo.COOKIES,),),
        "/@erase": (_erase(_names([*texts, *before])),),
    }
    given = {"url": _at(id, "/stage/jar/set", "/@set"), "at": _ats(id, looks), **args}
    given["erase"] = _at(id, HERE, "/@erase")
    if before:
        given["first"] = _at(id, HERE, "/@first")
    return Case(id, "cookie", given, plays, alone=True, stage=STAGE)


def _at(id: str, path: str, name: str) -> str:
    return f"{path}?p={quote(id + name)}"


def _ats(id: str, looks: dict[str, str] | None) -> dict[str, str]:
    return {name: _at(id, path, "/@see") for name, path in {"server": HERE, **(looks or {})}.items()}


def _names(texts: list[str]) -> list[tuple[str, str]]:
    """Names and paths that the texts may have left behind."""
    found = []
    for text in texts:
        pair, *attributes = text.split(";")
        name = pair.partition("=")[0].strip(" \t") if "=" in pair else ""
        paths = [a.partition("=")[2].strip() for a in attributes if a.strip().lower().startswith("path")]
        found += [(name, path) for path in {"/", "/stage", "/stage/jar", *paths} if path.startswith("/")]
    return found


def _erase(names: list[tuple[str, str]]) -> Play:
    """Take cookies away again: expired, with each prefix's conditions met."""
    fields = []
    for name, path in names:
        secure = "; Secure" if name.lower().startswith("__") else ""
        text = f"{name}={'' if name else 'x'}; Path={path}; Max-Age=0"
        for more in (secure, "; Secure; Partitioned"):
            fields.append(("Set-Cookie", (text + more).encode().decode("latin-1")))
    # Browsers keep some cookies that no text can name.
    return reply(200, [*fields, ("Clear-Site-Data", '"cookies"')], "erased")


HOUR = 4102444800000  # 2100-01-01, in milliseconds
STORE: dict[str, list[list[object]]] = {
    "set-get": [["set", "a", "1"], ["get", "a"]],
    "set-all": [["set", "a", "1"], ["set", "b", "2"], ["getAll"]],
    "options": [["set", {"name": "a", "value": "1", "path": "/stage", "expires": HOUR}], ["get", "a"]],
    "strict": [["set", {"name": "a", "value": "1", "sameSite": "strict"}], ["get", "a"]],
    "none": [["set", {"name": "a", "value": "1", "sameSite": "none"}], ["get", "a"]],
    "partitioned": [["set", {"name": "a", "value": "1", "partitioned": True}], ["get", "a"]],
    "expired": [["set", {"name": "a", "value": "1", "expires": 1}], ["get", "a"]],
    "delete": [["set", "a", "1"], ["delete", "a"], ["get", "a"]],
    "delete-path": [["set", {"name": "a", "value": "1", "path": "/stage"}], ["delete", {"name": "a", "path": "/stage"}], ["getAll"]],
    "delete-other-path": [["set", {"name": "a", "value": "1", "path": "/"}], ["delete", {"name": "a", "path": "/x"}], ["getAll", "a"]],
    "missing": [["get", "a"], ["getAll", "a"], ["delete", "a"]],
    "no-name": [["set", "", "1"], ["get", ""]],
    "nothing": [["set", "", ""]],
    "bad-name": [["set", "a=b", "1"]],
    "bad-value": [["set", "a", "1;2"]],
    "control": [["set", "a", "1\u0001"]],
    "bad-domain": [["set", {"name": "a", "value": "1", "domain": "example.com"}]],
    "bad-path": [["set", {"name": "a", "value": "1", "path": "x"}]],
    "host-prefix": [["set", "__Host-a", "1"], ["get", "__Host-a"], ["delete", "__Host-a"]],
    "secure-prefix": [["set", "__Secure-a", "1"], ["get", "__Secure-a"], ["delete", "__Secure-a"]],
    "get-url": [["set", "a", "1"], ["get", {"url": "/stage/jar/page"}], ["get", {"url": "/other"}]],
    "get-nothing": [["get"]],
    "overwrite": [["set", "a", "1"], ["set", "a", "2"], ["getAll"]],
    "unicode": [["set", "ü", "写"], ["getAll"], ["delete", "ü"]],
}
