"""Documents: what the parser makes of markup, and what the first script of a page finds (HTML §13)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.cases import Case, case
from tests.parity.upstream.plays import Pause, head, reply

# The first script of each page looks at what is there before itself.
LOOK = (
    "<script>window.facts = { scripts: document.scripts.length, before: document.documentElement.outerHTML.length,"
    " current: document.currentScript === document.scripts[0], head: document.head?.childNodes.length ?? null,"
    " state: document.readyState, nodes: [...document.querySelectorAll('*')].map((e) => e.localName).join() }</script>"
)


def cases() -> Iterator[Case]:
    for name, text in PAGES.items():
        for kind in ("text/html; charset=utf-8", "text/html"):
            id = f"documents/html{'-plain' if kind == 'text/html' else ''}/{name}"
            yield case(id, "frame", reply(200, body=text.replace("LOOK", LOOK).encode("utf-8", "surrogatepass"), kind=kind), whole=True, wait=1500)
        data = text.replace("LOOK", LOOK).encode("utf-8", "surrogatepass")
        pieces = [head(200, [("Content-Type", "text/html"), ("Content-Length", str(len(data)))])]
        for cut in range(0, len(data), max(1, len(data) // 6)):
            pieces += [data[cut : cut + max(1, len(data) // 6)], Pause(0.01)]
        yield case(f"documents/pieces/{name}", "frame", tuple(pieces), whole=True, wait=2500)
    for name, (kind, data) in OTHERS.items():
        yield case(f"documents/other/{name}", "frame", reply(200, body=data, kind=kind), whole=True, wait=1500)
    for name, data in ENCODED.items():
        for kind in ("text/html", "text/html; charset=utf-8"):
            yield case(f"documents/encoded/{name}-{'utf8' if '=' in kind else 'none'}", "frame", reply(200, body=data, kind=kind), whole=True, wait=1500)
    page = ("<!doctype html><title>p</title>" + LOOK + "<p>text").encode()
    for name, fields in FIELDS.items():
        yield case(f"documents/field/{name}", "frame", reply(200, fields, page, kind="text/html"), whole=True, wait=900, sees=("count",))
    for sandbox in SANDBOXES:
        yield case(f"documents/sandbox/{sandbox.replace(' ', '.') or 'all'}", "frame", reply(200, body=page, kind="text/html"), sandbox=sandbox, wait=1200, sees=("count",))


PAGES = {
    "whole": "<!DOCTYPE html><html><head><title>t</title>LOOK</head><body><p>x</body></html>", "no-doctype": "<html><head>LOOK<title>t</title></head><body>x</body></html>",
    "no-head": "<!doctype html>LOOK<p>x", "no-html": "<p>x<script>1</script>", "only-text": "just text", "empty": "", "space": "  \n ", "only-doctype": "<!doctype html>", "only-comment": "<!-- c -->",
    "comment-first": "<!-- <head> --><!doctype html><html><head>LOOK</head>", "comment-before-head": "<!doctype html><html><!-- <head> --><head>LOOK</head>", "comment-in-head": "<!doctype html><head><!-- c -->LOOK</head>",
    "attribute-gt": '<!doctype html><html><head data-x="a>b">LOOK</head>', "attribute-head": "<!doctype html><html data-y='<head>'><head>LOOK</head>", "unquoted": "<!doctype html><html lang=de><head class=a>LOOK</head>",
    "upper": "<!DOCTYPE HTML><HTML><HEAD>LOOK</HEAD><BODY>x</BODY></HTML>", "tabs": "<!doctype html><html\t><head\n>LOOK</head\t>", "script-first": "LOOK<!doctype html><html><head></head>", "script-before-head": "<!doctype html><html>LOOK<head></head>",
    "template": "<!doctype html><template><head><script>1</script></head></template>LOOK", "title-with-head": "<!doctype html><title><head></title>LOOK", "textarea": "<textarea><head></textarea>LOOK", "style-with-head": "<style>/* <head> */</style>LOOK",
    "script-with-head": "<script>'<head>'</script>LOOK", "header": "<!doctype html><header>h</header>LOOK", "heading": "<!doctype html><headx>LOOK</headx>", "body-first": "<!doctype html><body class=b>LOOK</body>", "frameset": "<!doctype html><frameset cols=*><frame></frameset>",
    "quirks-public": '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 3.2 Final//EN"><html><head>LOOK</head>', "limited-quirks": '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd"><head>LOOK</head>',
    "strict": '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd"><head>LOOK</head>', "legacy": '<!DOCTYPE html SYSTEM "about:legacy-compat"><head>LOOK</head>', "bad-doctype": "<!doctype foo><head>LOOK</head>", "two-doctypes": "<!doctype html><!doctype html><head>LOOK</head>",
    "xml-first": '<?xml version="1.0"?><!doctype html><head>LOOK</head>', "cdata": "<![CDATA[x]]><!doctype html><head>LOOK</head>", "bogus": "<!bogus><!doctype html><head>LOOK</head>", "end-tags": "</p></html></head><head>LOOK</head>", "base": '<!doctype html><head><base href="/other/">LOOK<script src="missing"></script></head>',
    "base-target": '<!doctype html><head><base target="_top">LOOK</head>', "meta-charset": '<!doctype html><head><meta charset="utf-8">LOOK</head>ü', "meta-late": "<!doctype html><head>" + "<!-- pad -->" * 90 + '<meta charset="windows-1252">LOOK</head>', "meta-csp": "<!doctype html><head><meta http-equiv=content-security-policy content=\"script-src 'unsafe-inline'\">LOOK</head>",
    "meta-csp-none": "<!doctype html><head><meta http-equiv=content-security-policy content=\"default-src 'none'\">LOOK</head>", "meta-refresh": '<!doctype html><head><meta http-equiv=refresh content="9999">LOOK</head>', "meta-viewport": '<!doctype html><head><meta name=viewport content="width=1024">LOOK</head>',
    "noscript": "<!doctype html><head><noscript><link rel=x></noscript>LOOK</head><noscript>n</noscript>", "svg-inside": "<!doctype html><svg><title>s</title><script>1</script></svg>LOOK", "math": "<!doctype html><math><mi>x</mi></math>LOOK", "select": "<!doctype html><select><option>LOOK</select>", "table": "<!doctype html><table>LOOK<tr><td>x</table>",
    "plaintext": "<!doctype html>LOOK<plaintext><head>", "unclosed-tag": "<!doctype html><head>LOOK</head><p attr", "unclosed-quote": '<!doctype html><p a="<head>', "unclosed-comment": "<!doctype html><!-- <head>", "nul": "<!doctype html><head>\0LOOK</head>a\0b", "crlf": "<!doctype html>\r\n<head>\r\nLOOK\r\n</head>\r\nx\ry",
    "bom": "\ufeff<!doctype html><head>LOOK</head>", "long-before": "<!-- " + "x" * 5000 + " --><!doctype html><head>LOOK</head>", "long-attribute": '<!doctype html><html data-x="' + "y" * 5000 + '"><head>LOOK</head>', "spaces-before": " " * 3000 + "<!doctype html><head>LOOK</head>", "two-heads": "<!doctype html><head>LOOK</head><head><title>t</title></head>",
    "importmap": '<!doctype html><head><script type=importmap>{"imports": {"x": "/x"}}</script>LOOK</head>', "module": "<!doctype html><head>LOOK<script type=module>window.module = document.scripts.length</script></head>", "write": "<!doctype html><head>LOOK<script>document.write('<p>written')</script></head>", "selector": "<!doctype html><head>LOOK<style>script:first-child{color:red}</style></head>",
    "less-than": "<!doctype html>1 < 2 <3 << LOOK", "processing": "<!doctype html><?php x ?><head>LOOK</head>", "custom": "<!doctype html><x-y>LOOK</x-y>", "image-tag": "<!doctype html><image>LOOK", "form-first": "<form><head></form>LOOK", "pre": "<pre>\n\nx</pre>LOOK", "entities": "<!doctype html>&lt;head&gt; &amp; &nbsp;LOOK",
}  # fmt: skip

OTHERS = {
    "xhtml": ("application/xhtml+xml", '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title><script>window.facts = {n: document.scripts.length}</script></head><body><p>x</p></body></html>'),
    "xhtml-bad": ("application/xhtml+xml", '<html xmlns="http://www.w3.org/1999/xhtml"><p></html>'), "xml": ("application/xml", "<a><b/></a>"), "xml-style": ("text/xml", '<?xml-stylesheet href="/p/none"?><a/>'), "xml-bad": ("text/xml", "<a>"),
    "svg": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg"><title>t</title><script>window.facts = {n: document.scripts.length}</script></svg>'), "text": ("text/plain", "<p>x"), "json": ("application/json", '{"a": 1}'), "json-bad": ("application/json", "{"), "css": ("text/css", "p{}"), "js": ("text/javascript", "1"),
    "png": ("image/png", bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000")), "rss": ("application/rss+xml", "<rss/>"), "none": (None, "<html><p>sniffed"), "none-text": (None, "plain words"), "unknown": ("unknown/unknown", "<html><p>x"), "star": ("*/*", "<html>x"), "bad": ("text", "<p>x"), "csv": ("text/csv", "a,b"), "md": ("text/markdown", "# x"),
    "html-upper": ("TEXT/HTML", "<p>x"), "nosniff": ("text/html;x=y", "<p>x"), "mhtml": ("multipart/related", "x"), "event": ("text/event-stream", "data: x\n\n"), "manifest": ("application/manifest+json", "{}"), "vtt": ("text/vtt", "WEBVTT"), "wasm": ("application/wasm", "x"),
}  # fmt: skip

MARKED = "<!doctype html><head><title>ü</title></head>ä"
ENCODED = {
    "utf16le-bom": b"\xff\xfe" + MARKED.encode("utf-16-le"), "utf16be-bom": b"\xfe\xff" + MARKED.encode("utf-16-be"), "utf8-bom": b"\xef\xbb\xbf" + MARKED.encode(), "latin": MARKED.encode("latin-1"),
    "meta-latin": b'<!doctype html><meta charset="iso-8859-1">' + MARKED.encode("latin-1"), "meta-utf16": b'<meta charset="utf-16">' + MARKED.encode(), "meta-http": b'<meta http-equiv="content-type" content="text/html; charset=koi8-r">' + MARKED.encode("latin-1"), "meta-bad": b'<meta charset="odd">' + MARKED.encode(),
    "meta-far": b" " * 1100 + b'<meta charset="koi8-r">' + MARKED.encode("latin-1"), "shift-jis": '<meta charset="shift_jis"><title>日本</title>'.encode("shift_jis"), "gbk": '<meta charset="gbk"><title>中文</title>'.encode("gbk"), "iso-2022-jp": '<meta charset="iso-2022-jp"><title>日本</title>'.encode("iso2022_jp"),
}  # fmt: skip

FIELDS = {
    "xfo-deny": [("X-Frame-Options", "DENY")], "xfo-same": [("X-Frame-Options", "SAMEORIGIN")], "xfo-two": [("X-Frame-Options", "DENY, SAMEORIGIN")], "xfo-bad": [("X-Frame-Options", "ALLOW-FROM x")], "ancestors-none": [("Content-Security-Policy", "frame-ancestors 'none'")],
    "ancestors-self": [("Content-Security-Policy", "frame-ancestors 'self'")], "ancestors-other": [("Content-Security-Policy", "frame-ancestors http://other.example")], "sandbox": [("Content-Security-Policy", "sandbox")], "sandbox-scripts": [("Content-Security-Policy", "sandbox allow-scripts")], "sandbox-same": [("Content-Security-Policy", "sandbox allow-scripts allow-same-origin")],
    "csp-none": [("Content-Security-Policy", "default-src 'none'")], "csp-self": [("Content-Security-Policy", "script-src 'self'")], "csp-inline": [("Content-Security-Policy", "script-src 'unsafe-inline'")], "csp-nonce": [("Content-Security-Policy", "script-src 'nonce-x'")], "csp-report": [("Content-Security-Policy-Report-Only", "script-src 'none'; report-uri /p/documents/field/whole")],
    "refresh": [("Refresh", "9999")], "disposition-inline": [("Content-Disposition", "inline")], "coop": [("Cross-Origin-Opener-Policy", "same-origin")], "coep": [("Cross-Origin-Embedder-Policy", "require-corp")], "corp": [("Cross-Origin-Resource-Policy", "same-origin")], "link": [("Link", "</p/documents/field/whole>; rel=preload; as=script")],
    "language": [("Content-Language", "de")], "modified": [("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")], "policy": [("Permissions-Policy", "fullscreen=()")], "referrer": [("Referrer-Policy", "no-referrer")], "whole": [], "origin-cluster": [("Origin-Agent-Cluster", "?0")], "document-policy": [("Document-Policy", "force-load-at-top")],
}  # fmt: skip

SANDBOXES = ("", "allow-scripts", "allow-same-origin", "allow-scripts allow-same-origin", "allow-forms", "allow-scripts allow-forms allow-popups allow-modals")
