"""Workers: scripts of every kind, what they see and ask for, and where their errors are (HTML §10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.parity.cases import Case, case
from tests.parity.upstream.plays import Play, closed, redirect, reply
from tests.parity.upstream.sockets import SocketPlay

JS = "text/javascript"
DEDICATED = "const report = (facts) => postMessage(facts);\n"
SHARED = "let port; const waiting = []; const report = (facts) => (port ? port.postMessage(facts) : waiting.push(facts));\nonconnect = (event) => { port = event.ports[0]; waiting.splice(0).forEach((facts) => port.postMessage(facts)); };\n"
WAYS = {"dedicated": (DEDICATED, {}), "dedicated-module": (DEDICATED, {"type": "module"}),
        "shared": (SHARED, {}), "shared-module": (SHARED, {"type": "module"})}  # fmt: skip


def script(text: str, fields: list[tuple[str, str]] | None = None, kind: str = JS) -> Play:
    return reply(200, fields or [], text, kind=kind)


def cases() -> Iterator[Case]:
    for way, (start, options) in WAYS.items():
        for name, code in SIGHTS.items():
            body = f"{start}(async () => {{ try {{ report({{ value: {code} }}); }} catch (e) {{ report({{ threw: e.name + ': ' + e.message }}); }} }})();"
            yield _case(f"workers/{way}/{name}", body, way, options)
    for name, body in ERRORS.items():
        for way in ("dedicated", "dedicated-module", "shared"):
            yield _case(f"workers/error-{way}/{name}", body, way, WAYS[way][1])
    for name, (body, more) in OTHERS.items():
        yield _case(f"workers/more/{name}", body, "dedicated", more.pop("options", {}), **more)
    for name, play in RESPONSES.items():
        for way in ("dedicated", "dedicated-module", "shared"):
            as_, options = way.partition("-")[0], WAYS[way][1]
            also = {"/@end": script("(self.postMessage ? postMessage({ end: location.href }) : (onconnect = (e) => e.ports[0].postMessage({ end: location.href })))")}
            yield case(f"workers/answer-{way}/{name}", "worker", play, **{"as": as_}, options=options, also=also, wait=900)
    for way, (start, options) in WAYS.items():
        if way.startswith("dedicated"):
            for source in ("blob", "data"):
                for name in ("name", "location", "fetch", "origin", "digest", "stack"):
                    body = f"{start}(async () => {{ try {{ report({{ value: {SIGHTS[name]} }}); }} catch (e) {{ report({{ threw: e.name }}); }} }})();"
                    yield _case(f"workers/{way}-{source}/{name}", body, way, options, source=source, code=body)


def _case(id: str, body: str, way: str, options: dict[str, Any], **more: Any) -> Case:
    also = {
        "/@dep": script("self.dep = 'loaded'; self.line = new Error('x').stack.split('\\n').length;"),
        "/@module": script("export const dep = 'imported'; export default import.meta.url;"),
        "/@text": reply(200, [("X-A", "1")], "fetched"), "/@redirect": redirect(302, f"/p/{id}/@text"),
        "/@socket": [SocketPlay()], "/@events": closed(b"id: 3\ndata: a\n\ndata: b\n\n", [("Content-Type", "text/event-stream")]),
        "/@nested": script("postMessage('nested ' + location.pathname.length)"), "/@bad": script("syntax error here"),
        "/@throws": script("\n\nthrow new RangeError('in dep')"),
    }  # fmt: skip
    text = body.replace("@@", f"/p/{id}/@")
    if "code" in more:
        more["code"] = more["code"].replace("@@", "@/@")
    return case(id, "worker", script(text), also=also, **{"as": way.partition("-")[0]}, options=options, **more)


SIGHTS = {
    "name": "self.name + '|' + self.constructor.name", "location": "[location.pathname.replace(location.origin, '').length, location.origin, location.search, String(self.location) === location.href, location.constructor.name]",
    "origin": "[self.origin, isSecureContext, crossOriginIsolated]", "navigator": "[navigator.constructor.name, navigator.onLine, navigator.language, navigator.hardwareConcurrency > 0, 'serviceWorker' in navigator]",
    "keys": "Object.getOwnPropertyNames(self).filter((k) => !['report', 'port', 'waiting'].includes(k)).sort().join()", "own-keys": "Object.keys(self).filter((k) => k !== 'report').sort().join()",
    "fetch": "await fetch('@@text').then(async (r) => [r.status, r.url, r.type, r.headers.get('x-a'), await r.text()])", "fetch-redirect": "await fetch('@@redirect').then(async (r) => [r.redirected, r.url, await r.text()])",
    "fetch-missing": "await fetch('@@nothing-there').then((r) => r.status)", "fetch-bad": "await fetch('http://').catch((e) => e.name + e.message)", "fetch-relative": "await fetch('?x').then((r) => r.url)",
    "fetch-shape": "[fetch.name, fetch.length, String(fetch)]", "xhr": "await new Promise((done) => { const x = new XMLHttpRequest(); x.onload = () => done([x.status, x.responseURL, x.responseText, x.getResponseHeader('x-a')]); x.open('GET', '@@text'); x.send(); })",
    "xhr-sync": "(() => { const x = new XMLHttpRequest(); x.open('GET', '@@text', false); x.send(); return [x.status, x.responseText]; })()",
    "import-scripts": "typeof importScripts === 'function' ? (importScripts('@@dep'), self.dep) : 'none'", "import-scripts-missing": "importScripts('@@nothing-there')", "import-scripts-bad": "importScripts('@@bad')",
    "import-scripts-many": "(importScripts('@@dep', '@@dep'), self.dep)", "import-scripts-none": "importScripts()", "import-dynamic": "await import('@@module').then((m) => [m.dep, m.default])", "import-bad": "await import('@@bad').catch((e) => e.name + ': ' + e.message)",
    "meta": "typeof import_meta === 'undefined' ? 'none' : 1", "socket": "await new Promise((done) => { const s = new WebSocket(location.origin.replace('http', 'ws') + '@@socket'); s.onopen = () => s.send('hi'); s.onmessage = (e) => { s.close(); done([e.data, e.origin, s.url]); }; s.onerror = () => done('error'); })",
    "socket-shape": "[WebSocket.name, WebSocket.length, String(WebSocket), Object.getOwnPropertyNames(WebSocket.prototype).join()]", "socket-bad": "(() => { try { return new WebSocket('ftp://x').url; } catch (e) { return e.name + ': ' + e.message; } })()",
    "events": "await new Promise((done) => { const got = []; const s = new EventSource('@@events'); s.onmessage = (e) => { got.push([e.data, e.lastEventId, e.origin]); if (got.length === 2) { s.close(); done(got); } }; })",
    "events-shape": "[EventSource.name, EventSource.length, String(EventSource), EventSource.CLOSED]", "nested": "typeof Worker === 'undefined' ? 'none' : await new Promise((done) => { const w = new Worker('@@nested'); w.onmessage = (e) => done(e.data); w.onerror = () => done('error'); })",
    "caches": "await caches.keys().then((k) => k.length)", "databases": "indexedDB.constructor.name", "locks": "await navigator.locks.request('x', (l) => l.name + l.mode)", "channel": "new BroadcastChannel('x').name", "blob": "await fetch(URL.createObjectURL(new Blob(['b']))).then((r) => r.text())",
    "timing": "performance.getEntriesByType('resource').map((e) => e.initiatorType).join()", "digest": "new Uint8Array(await crypto.subtle.digest('SHA-1', new Uint8Array(1))).length", "stack": "new Error('x').stack.split('\\n').length", "strict": "(function () { return this === undefined; })()",
    "script-urls": "new Error('x').stack.includes('p2claw')", "to-string": "[String(self), Object.prototype.toString.call(self), String(importScripts)]", "cookie-store": "typeof cookieStore", "abort": "await fetch('@@text', { signal: AbortSignal.abort() }).catch((e) => e.name)",
    "post": "await fetch('@@text', { method: 'POST', body: new Blob(['x'.repeat(70000)]) }).then((r) => r.status)", "request-clone": "await fetch(new Request('@@text', { method: 'POST', body: 'b' }).clone()).then((r) => r.status)", "fonts": "typeof FontFace", "timeout": "await new Promise((d) => setTimeout(d, 5, 'late'))",
}  # fmt: skip

ERRORS = {
    "throws": "\n\nthrow new TypeError('own');", "first-line": "throw new Error('first');", "syntax": "let a = 1;\nlet a = 2;", "reference": "\nnothingOfTheKind();", "async": "setTimeout(() => {\n\n  throw new RangeError('late');\n}, 5);",
    "string": "\nthrow 'text';", "rejected": "Promise.reject(new Error('unheard')); setTimeout(() => { throw new Error('then'); }, 30);", "import": "importScripts('@@throws');", "strict": '"use strict";\nundeclared = 1;', "comment": "/* c */ // d\n/* e\n*/ throw new Error('after');",
    "static-import": "import { dep } from '@@module';\n\nthrow new Error(dep);", "static-import-bad": "import '@@nothing-there';", "static-missing": "import { gone } from '@@module';",
}  # fmt: skip

OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "named": ("postMessage({ name: self.name })", {"options": {"name": "own name"}}), "bad-type": ("postMessage({})", {"options": {"type": "bad"}}),
    "credentials-omit": ("postMessage({ ok: 1 })", {"options": {"type": "module", "credentials": "omit"}}), "echo": ("onmessage = (e) => postMessage({ echo: e.data, origin: e.origin, trusted: e.isTrusted })", {"send": {"a": [1, "ü"]}}),
    "closes": ("postMessage({ closing: 1 }); close();", {}), "query": ("postMessage({ search: location.search, hash: location.hash })", {"rest": "?a=b#c"}), "bom": ("\ufeffpostMessage({ bom: 1 })", {}),
    "umlaut": ("postMessage({ text: 'ü写🦀' })", {}), "hashbang": ("#!/usr/bin/env node\npostMessage({ bang: 1 })", {}), "html-comment": ("<!-- x\npostMessage({ html: 1 })", {}), "html-comment-module": ("<!-- x\npostMessage({ html: 1 })", {"options": {"type": "module"}}),
    "empty": ("", {"wait": 300}), "sloppy-this": ("postMessage({ global: (function () { return this === self; })() })", {}), "strict-this": ("'use strict';\npostMessage({ none: (function () { return this === undefined; })() })", {}),
    "top-await": ("const r = await Promise.resolve(5); postMessage({ r });", {"options": {"type": "module"}}), "export": ("export const x = 1; postMessage({ x });", {"options": {"type": "module"}}), "import-first": ("import d, { dep } from '@@module'; postMessage({ d, dep });", {"options": {"type": "module"}}),
    "let-global": ("let WebSocketX = 1; var fetchX = 2; postMessage({ v: self.fetchX, l: self.WebSocketX });", {}), "regexp-first": ("/x/.test('x') && postMessage({ first: 1 })", {}), "license": ("/*! license */\n'use strict'; postMessage({ l: 1 })", {}),
}  # fmt: skip

RESPONSES: dict[str, Play] = {
    "404": reply(404, body="nothing", kind=JS), "500": reply(500, body="broken", kind=JS), "html": script("<p>x", kind="text/html"), "plain": script("postMessage({ plain: 1 })", kind="text/plain"), "json": script("{}", kind="application/json"),
    "none": reply(200, body="(self.postMessage ?? (() => 0))({ none: 1 })", kind=None), "204": reply(204, kind=None), "redirect": redirect(302, "@end"), "redirect-away": redirect(302, "{{OTHER}}/p/none"), "nosniff": script("postMessage({ n: 1 })", [("X-Content-Type-Options", "nosniff")]),
    "latin": reply(200, body="(self.postMessage ?? (() => 0))({ l: '\xe9' })".encode("latin-1"), kind="text/javascript; charset=iso-8859-1"), "csp": script("let r; try { eval('1'); r = 'ran'; } catch (e) { r = e.name; } (self.postMessage ?? (() => 0))({ r })", [("Content-Security-Policy", "script-src 'self'")]), "coep": script("(self.postMessage ?? (() => 0))({ c: 1 })", [("Cross-Origin-Embedder-Policy", "require-corp")]),
}  # fmt: skip
