"""Forms: what is sent, and what a page learns of it (HTML §4.10.21)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.parity.cases import Case, case
from tests.parity.upstream.plays import redirect, reply

DONE = reply(body="<!doctype html><title>done</title><p>arrived", kind="text/html")
SEES = ("count", "lines", "body")
KINDS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


def cases() -> Iterator[Case]:
    for name, fields in FIELDS.items():
        for kind in KINDS:
            attributes = {"method": "post", "enctype": kind}
            yield _form(f"forms/post-{kind.partition('/')[2][:5]}/{name}", fields, attributes)
        yield _form(f"forms/get/{name}", fields, {"method": "get"}, rest="?was=here#part")
    for charset in ("utf-8", "iso-8859-1", "windows-1251", "shift_jis", "utf-16", "bad", "koi8-r utf-8"):
        for kind in KINDS:
            attributes = {"method": "post", "enctype": kind, "accept-charset": charset}
            id = f"forms/charset/{charset.replace(' ', '.')}-{kind.partition('/')[2][:5]}"
            yield _form(id, FIELDS["umlauts"], attributes)
        yield _form(f"forms/charset-get/{charset.replace(' ', '.')}", FIELDS["umlauts"], {"accept-charset": charset})
    for name, (fields, more) in WAYS.items():
        yield _form(f"forms/way/{name}", fields, {"method": "post", **more.pop("attributes", {})}, **more)
    for status in (301, 302, 303, 307, 308):
        id = f"forms/redirect/{status}"
        to = redirect(status, f"/p/{id}/@end")
        yield case(id, "form", to, also={"/@end": DONE}, sees=(*SEES, "fields"), fields=FIELDS["two"],
                   attributes={"method": "post"})  # fmt: skip
    for status in (200, 204, 400, 404, 500):
        yield case(f"forms/answer/{status}", "form", reply(status, body="<p>of it" if status != 204 else "", kind="text/html"),
                   sees=SEES, fields=FIELDS["two"], attributes={"method": "post"}, wait=700)  # fmt: skip


def _form(id: str, fields: Any, attributes: dict[str, str], **more: Any) -> Case:
    return case(id, "form", DONE, sees=(*SEES, "fields"), fields=fields, attributes=attributes, **more)


BUTTON = ["button", {"type": "submit", "name": "go", "value": "now"}]
PLAIN = ["button", {"type": "submit"}]


def text(name: str, value: str, kind: str = "text", **more: str) -> list[Any]:
    return ["input", {"type": kind, "name": name, "value": value, **more}]


FIELDS: dict[str, list[Any]] = {
    "two": [text("a", "1"), text("b", "2"), BUTTON],
    "none": [PLAIN],
    "umlauts": [text("ü", "ö€写🦀"), PLAIN],
    "marks": [text('q"uo', "a&b=c+d %\\"), text("l\nine", "x"), PLAIN],
    "lines": [["textarea", {"name": "t"}, "one\ntwo\r\nthree\rfour"], PLAIN],
    "wrap": [["textarea", {"name": "t", "wrap": "hard", "cols": "5"}, "aaaa bbbb cccc"], PLAIN],
    "checks": [text("c", "on1", "checkbox", checked=""), text("c", "on2", "checkbox"), text("r", "x", "radio", checked=""), PLAIN],
    "select": [["select", {"name": "s", "multiple": ""}, "<option selected>1<option>2<option selected value=v>3"], PLAIN],
    "disabled": [text("d", "1", disabled=""), ["input", {"type": "text", "value": "nameless"}], text("k", "2", readonly=""), PLAIN],
    "hidden": [text("_charset_", "x", "hidden"), text("isindex", "y"), PLAIN],
    "kinds": [text("n", "5", "number"), text("e", "a@b", "email"), text("co", "#ff0000", "color"), text("da", "2026-01-02", "date"), text("ra", "7", "range"), PLAIN],
    "dirname": [text("a", "x", dirname="a.dir"), PLAIN],
    "file": [["input", {"type": "file", "name": "f"}, [["n\"ame ü.txt", "text/x-odd", "content"]]], text("a", "1"), PLAIN],
    "no-file": [["input", {"type": "file", "name": "f"}], PLAIN],
    "files": [["input", {"type": "file", "name": "f", "multiple": ""}, [["1.txt", "", "one"], ["2.bin", "x/y", "two"]]], PLAIN],
    "long": [text("a", "x" * 70_000), PLAIN],
    "image": [text("a", "1"), ["input", {"type": "image", "name": "i", "alt": "x"}]],
}  # fmt: skip

OTHER_WAY = ["button", {"type": "submit", "name": "s", "value": "v", "formmethod": "get", "formenctype": "text/plain"}]
WAYS: dict[str, tuple[Any, dict[str, Any]]] = {
    "submit": (FIELDS["two"], {"how": "submit"}),
    "request-submit": (FIELDS["two"], {"how": "requestSubmit"}),
    "request-submit-with": (FIELDS["two"], {"how": "requestSubmit-with"}),
    "reset": (FIELDS["two"], {"how": "reset", "wait": 300}),
    "stopped": (FIELDS["two"], {"stop": "submit", "wait": 300}),
    "click-stopped": (FIELDS["two"], {"stop": "click", "wait": 300}),
    "formdata-added": (FIELDS["two"], {"add": ["extra", "ü"]}),
    "formdata-added-multipart": (FIELDS["two"], {"add": ["extra", "ü"], "attributes": {"enctype": KINDS[1]}}),
    "formdata-by-submit": (FIELDS["two"], {"how": "submit", "add": ["extra", "1"]}),
    "invalid": ([text("a", "", required=""), PLAIN], {"wait": 300}),
    "invalid-pattern": ([text("a", "x", pattern="[0-9]+"), BUTTON], {"wait": 300}),
    "invalid-but-submit": ([text("a", "", required=""), PLAIN], {"how": "submit"}),
    "novalidate": ([text("a", "", required=""), PLAIN], {"attributes": {"novalidate": ""}}),
    "formnovalidate": ([text("a", "", required=""), ["button", {"type": "submit", "formnovalidate": ""}]], {}),
    "invalid-request": ([text("a", "", required=""), PLAIN], {"how": "requestSubmit", "wait": 300}),
    "submitter-other": ([text("a", "1"), OTHER_WAY], {}),
    "submitter-enctype": ([text("a", "1"), ["button", {"type": "submit", "formenctype": KINDS[1]}]], {}),
    "dialog": ([text("a", "1"), BUTTON], {"attributes": {"method": "dialog"}, "wait": 300}),
    "bad-method": (FIELDS["two"], {"attributes": {"method": "put"}}),
    "bad-enctype": (FIELDS["two"], {"attributes": {"enctype": "application/json"}}),
    "no-target": (FIELDS["two"], {"attributes": {"target": "nowhere-to-be-seen"}, "stop": "submit", "wait": 300}),
    "query": (FIELDS["two"], {"rest": "?q=1&r#f"}),
    "noreferrer": (FIELDS["two"], {"attributes": {"rel": "noreferrer"}}),
    "button-type": ([text("a", "1"), ["button", {"type": "button"}]], {"wait": 300}),
    "big-file": ([["input", {"type": "file", "name": "f"}, [["big.bin", "", "z" * 200_000]]], PLAIN], {"attributes": {"enctype": KINDS[1]}}),
}  # fmt: skip
