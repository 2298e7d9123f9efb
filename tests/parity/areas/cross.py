"""Other origins: requests of the app's pages to them, and redirects there and back (Fetch §3.2, §4.8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.parity.cases import Case, address, case
from tests.parity.upstream.plays import Play, redirect, reply

OPEN = [("Access-Control-Allow-Origin", "*")]
SEES = ("count", "lines", "fields")


def cases() -> Iterator[Case]:
    for name, fields in ALLOWED.items():
        for act in ("fetchAbroad", "xhrAbroad"):
            more: dict[str, Any] = {"type": ""} if act == "xhrAbroad" else {}
            yield case(f"cross/simple-{act[:3]}/{name}", act, reply(200, [*fields, ("X-A", "1")], "open"), sees=("count", "lines"), **more)
        yield case(f"cross/credentials/{name}", "fetchAbroad", reply(200, fields, "open"), init={"credentials": "include"}, sees=("count",))
    yield case("cross/seen/fetch", "fetchAbroad", reply(200, OPEN, "x"), sees=SEES)
    yield case("cross/seen/post", "fetchAbroad", reply(200, OPEN, "x"), init={"method": "POST"}, body="text", sees=(*SEES, "body"))
    yield case("cross/seen/no-cors", "fetchAbroad", reply(200, [], "x"), init={"mode": "no-cors"}, sees=SEES)
    yield case("cross/seen/xhr", "xhrAbroad", reply(200, OPEN, "x"), sees=SEES)
    for mode in ("cors", "no-cors", "same-origin", "navigate"):
        for redirect_mode in ("follow", "error", "manual"):
            id = f"cross/mode/{mode}-{redirect_mode}"
            yield case(id, "fetchAbroad", reply(200, OPEN, "x"), init={"mode": mode, "redirect": redirect_mode}, sees=("count",))
    for name, (given, response) in PREFLIGHTS.items():
        plays: tuple[Play, ...] = (reply(204, [*OPEN, *response], kind=None), reply(200, OPEN, "then"))
        yield case(f"cross/preflight/{name}", "fetchAbroad", *plays, sees=("count", "lines"), **given)
        yield case(f"cross/preflight-seen/{name}", "fetchAbroad", *plays, sees=("fields",), brief=True, **given)
    for status in (301, 302, 303, 307, 308):
        for method in ("GET", "POST", "PUT"):
            for name, fields in (("open", OPEN), ("closed", [])):
                for act in ("fetch", "xhr"):
                    yield _away(f"cross/away-{act}/{status}-{method}-{name}", act, status, method, fields)
    for name in ("own", "other"):
        id = f"cross/back/{name}"
        target = f"http://{{{{HOST}}}}{address(id, '/@end')}" if name == "other" else "/p/none"
        yield case(id, "fetchAbroad", redirect(302, target, OPEN), also={"/@end": reply(200, OPEN, "end")}, sees=("count", "lines"))
    for name, init in {"no-cors": {"mode": "no-cors"}, "manual": {"redirect": "manual"}, "error": {"redirect": "error"}, "include": {"credentials": "include"}, "same": {"mode": "same-origin"}}.items():
        id = f"cross/away-init/{name}"
        yield case(id, "fetch", redirect(302, "{{OTHER}}" + address(id, "/@end")), also={"/@end": reply(200, OPEN, "away")}, init=init, sees=("count", "lines"))
    for tag, (attributes, kind, body) in ELEMENTS.items():
        for name, fields in (("open", OPEN), ("closed", []), ("corp", [("Cross-Origin-Resource-Policy", "same-origin")])):
            yield case(f"cross/element-{name}/{tag}", "elementAbroad", reply(200, fields, body, kind=kind), tag=tag.partition("-")[0],
                       attribute="href" if tag.startswith("link") else "src", attributes=attributes, sees=("count", "fields"), wait=1200)  # fmt: skip
    stream = reply(200, OPEN, "data: x\n\n", kind="text/event-stream")
    yield case("cross/events/open", "eventsAbroad", stream, wait=900, sees=("count",))
    yield case("cross/events/closed", "eventsAbroad", reply(200, [], "data: x\n\n", kind="text/event-stream"), wait=900, sees=("count",))
    yield case("cross/events/credentials", "eventsAbroad", stream, wait=900, credentials=True, sees=("count",))


def _away(id: str, act: str, status: int, method: str, fields: list[tuple[str, str]]) -> Case:
    given: dict[str, Any] = {"method": method} if act == "xhr" else {"init": {"method": method}}
    if method != "GET":
        given["body"] = "text"
    to = redirect(status, "{{OTHER}}" + address(id, "/@end"))
    allow = [*fields, ("Access-Control-Allow-Methods", "PUT")] if fields else []
    return case(id, act, to, also={"/@end": reply(200, [*allow, ("X-A", "1")], "away")}, sees=("count", "lines"), **given)


ALLOWED = {
    "star": OPEN, "none": [], "null": [("Access-Control-Allow-Origin", "null")], "wrong": [("Access-Control-Allow-Origin", "http://wrong.example")],
    "two": [*OPEN, *OPEN], "list": [("Access-Control-Allow-Origin", "http://a.example, http://b.example")], "expose": [*OPEN, ("Access-Control-Expose-Headers", "X-A")], "expose-star": [*OPEN, ("Access-Control-Expose-Headers", "*")],
    "credentials": [*OPEN, ("Access-Control-Allow-Credentials", "true")], "case": [("access-control-allow-origin", "*")], "space": [("Access-Control-Allow-Origin", " * ")], "corp": [("Cross-Origin-Resource-Policy", "same-origin"), *OPEN],
}  # fmt: skip

ANY = [("Access-Control-Allow-Headers", "*"), ("Access-Control-Allow-Methods", "*")]
PREFLIGHTS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "field": ({"headers": [["X-Own", "1"]]}, [("Access-Control-Allow-Headers", "x-own")]), "field-refused": ({"headers": [["X-Own", "1"]]}, []), "field-star": ({"headers": [["X-Own", "1"]]}, ANY),
    "authorization-star": ({"headers": [["Authorization", "x"]]}, ANY), "put": ({"init": {"method": "PUT"}}, [("Access-Control-Allow-Methods", "PUT")]), "put-refused": ({"init": {"method": "PUT"}}, []), "put-star": ({"init": {"method": "PUT"}}, ANY),
    "json": ({"init": {"method": "POST"}, "body": "text", "headers": [["Content-Type", "application/json"]]}, [("Access-Control-Allow-Headers", "content-type")]), "own-method": ({"init": {"method": "OWN"}}, [("Access-Control-Allow-Methods", "OWN")]), "age": ({"headers": [["X-Own", "1"]]}, [*ANY, ("Access-Control-Max-Age", "60")]),
}  # fmt: skip

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="7"/>'
ELEMENTS: dict[str, tuple[dict[str, str], str, str]] = {
    "script": ({}, "text/javascript", "1"), "script-anonymous": ({"crossorigin": ""}, "text/javascript", "1"), "script-credentials": ({"crossorigin": "use-credentials"}, "text/javascript", "1"), "script-module": ({"type": "module"}, "text/javascript", "1"), "img": ({}, "image/svg+xml", SVG),
    "img-anonymous": ({"crossorigin": ""}, "image/svg+xml", SVG), "link": ({"rel": "stylesheet"}, "text/css", "p{}"), "link-anonymous": ({"rel": "stylesheet", "crossorigin": ""}, "text/css", "p{}"), "iframe": ({}, "text/html", "<p>x"),
}  # fmt: skip
