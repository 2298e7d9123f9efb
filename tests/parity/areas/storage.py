"""What a page keeps: Web Storage, IndexedDB, caches, locks, channels (HTML §12, IndexedDB, Service Workers §5)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.cases import Case, case, slug
from tests.parity.upstream.plays import reply


def cases() -> Iterator[Case]:
    for topic, codes in CODES.items():
        for code in codes:
            yield Case(f"storage/{topic}/{slug(code)}", "report", {"code": code}, alone=True)
    for index, code in enumerate(KEPT):
        id = f"storage/caches/{index}-{slug(code)}"
        text = f"(async (url, cache) => {{ {code} }})('/p/{id}', await caches.open('own')).finally(() => caches.delete('own'))"
        yield case(id, "report", reply(200, [("X-A", "1"), ("Vary", "X-B")], "kept"), code=f"await {text}", alone=True, sees=("count",))
    for index, code in enumerate(DATABASE):
        text = (
            "await new Promise((done, fail) => { const asked = indexedDB.open('own', 1); asked.onupgradeneeded = () => { const s = asked.result.createObjectStore('s', { keyPath: 'id', autoIncrement: true });"
            " s.createIndex('by', 'by'); s.add({ by: 'a', n: 1 }); s.add({ by: 'b', n: 2 }); }; asked.onerror = () => fail(asked.error); asked.onsuccess = async () => { const db = asked.result;"
            " const ask = (r) => new Promise((ok, no) => { r.onsuccess = () => ok(r.result); r.onerror = (e) => { e.preventDefault(); no(r.error); }; });"
            f" try {{ done(await (async () => {{ {code} }})()); }} catch (e) {{ done(e.name + ': ' + e.message); }} finally {{ db.close(); indexedDB.deleteDatabase('own'); }} }}; }})"
        )
        yield Case(f"storage/database/{index}-{slug(code)}", "report", {"code": text}, alone=True)


WEB = [
    "X.clear()", "X.length", "X.setItem('a', 1)", "X.a", "X.getItem('a')", "typeof X.getItem('a')", "X.getItem('none')", "X.none", "X.b = {}; X.b", "X['c d'] = 'ü🦀', X.getItem('c d')", "Object.keys(X).sort().join()", "JSON.stringify(X)",
    "X.key(0) !== null", "X.key(99)", "X.key(-1)", "delete X.a, 'a' in X", "'getItem' in X", "X.hasOwnProperty('b')", "X.setItem('a\\0b', '\\ud800'), X.getItem('a\\0b').charCodeAt(0)", "X.removeItem('none')", "X.setItem()", "X.setItem('a')", "X.getItem()",
    "X.setItem('length', 5), X.length", "X.getItem('length')", "X.big = 'x'.repeat(4_000_000), X.big.length", "(() => { try { X.bigger = 'x'.repeat(6_000_000); return 'kept'; } catch (e) { return e.name; } })()", "X.bigger === undefined", "delete X.big", "X.toString()", "Object.getOwnPropertyDescriptor(X, 'b')",
    "Reflect.ownKeys(X).length", "[...Object.entries(X)].length", "Object.defineProperty(X, 'd', { value: 7 }).d", "X.clear(), X.length", "X === window[X === localStorage ? 'localStorage' : 'sessionStorage']", "X instanceof Storage", "for_in(X)", "structuredClone(X)",
    "await new Promise((done) => { const f = document.createElement('iframe'); f.src = '/stage/frame'; document.body.append(f); f.onload = () => { addEventListener('storage', () => done('heard here')); f.contentWindow.addEventListener('storage', (e) => { f.remove(); done([e.key, e.oldValue, e.newValue, e.url, e.storageArea === f.contentWindow.localStorage]); }); X.setItem('from', 'parent'); setTimeout(done, 900, 'silent'); }; })",
]  # fmt: skip

CODES = {
    "local": [code.replace("X", "localStorage") for code in WEB],
    "session": [code.replace("X", "sessionStorage") for code in WEB],
    "estimate": [
        "await navigator.storage.estimate().then((e) => Object.keys(e).sort().join())", "await navigator.storage.estimate().then((e) => e.quota > 1e6)", "await navigator.storage.estimate().then((e) => e.usage < 3e7)", "typeof await navigator.storage.persisted()", "navigator.storage.constructor.name",
        "await navigator.storage.getDirectory().then((d) => [d.kind, d.name])", "await navigator.storage.getDirectory().then(async (d) => { const f = await d.getFileHandle('x', { create: true }); return f.name; })", "await navigator.storage.getDirectory().then(async (d) => { const n = []; for await (const k of d.keys()) n.push(k); return n; })",
    ],
    "locks": [
        "await navigator.locks.request('a', (l) => [l.name, l.mode])", "await navigator.locks.request('a', { mode: 'shared' }, (l) => l.mode)", "await navigator.locks.request('-a', () => 1).catch((e) => e.name)", "await navigator.locks.query().then((q) => [q.held.length, q.pending.length])",
        "await navigator.locks.query().then((q) => q.held.map((l) => l.name))", "await navigator.locks.request('a', async () => (await navigator.locks.query()).held.map((l) => l.name + l.mode))", "await navigator.locks.request('a', () => navigator.locks.request('a', { ifAvailable: true }, (l) => l))",
        "await navigator.locks.request('a', { steal: true }, () => 'stolen')", "await navigator.locks.request('a', { signal: AbortSignal.abort() }, () => 1).catch((e) => e.name)", "await navigator.locks.request('a', { mode: 'bad' }, () => 1).catch((e) => e.name)",
    ],
    "channel": [
        "new BroadcastChannel('own').name", "await new Promise((done) => { const a = new BroadcastChannel('c'), b = new BroadcastChannel('c'); b.onmessage = (e) => done([e.data, e.origin, e.source, e.isTrusted]); a.postMessage({ x: 1 }); })", "new BroadcastChannel()", "(() => { const c = new BroadcastChannel('c'); c.close(); try { c.postMessage(1); } catch (e) { return e.name; } })()",
        "(() => { try { new BroadcastChannel('c').postMessage(() => 1); } catch (e) { return e.name; } })()",
    ],
    "databases": [
        "await indexedDB.databases().then((d) => d.map((x) => x.name))", "indexedDB.cmp(1, 2)", "indexedDB.cmp('a', [1])", "indexedDB.open()", "indexedDB.open('x', 0)", "indexedDB.open('x', -1)", "indexedDB.deleteDatabase('none').readyState", "await new Promise((d) => (indexedDB.deleteDatabase('none').onsuccess = (e) => d([e.constructor.name, e.oldVersion, e.newVersion])))",
        "indexedDB.constructor.name", "String(indexedDB.open)", "IDBKeyRange.bound(1, 2).lower", "await caches.keys()", "await caches.has('none')", "await caches.delete('none')", "await caches.match('/none').then(String)", "caches.constructor.name", "await caches.open('t').then((c) => c.constructor.name)", "await caches.keys().then((k) => k.join())", "await caches.delete('t')",
    ],
}  # fmt: skip

KEPT = [
    "await cache.add(url); return (await cache.match(url)).text();", "await cache.add(url); const r = await cache.match(url); return [r.status, r.url, r.type, r.redirected, r.headers.get('x-a')];", "await cache.add(url + '?none-404-x'); return 'added';",
    "await cache.put(url, new Response('own', { headers: { a: 'b' } })); const r = await caches.match(url); return [r.url, r.type, r.headers.get('a'), await r.text()];", "await cache.add(url); return (await cache.keys()).map((r) => r.url);", "await cache.add(url); return cache.delete(url);",
    "await cache.add(url); return String(await cache.match(url + '?x'));", "await cache.add(url); return (await cache.match(url + '?x', { ignoreSearch: true })).status;", "await cache.add(url); return String(await cache.match(new Request(url, { method: 'POST' })));", "return cache.put(new Request(url, { method: 'POST' }), new Response('x')).catch((e) => e.name);",
    "await cache.add(new Request(url, { headers: { 'X-B': '1' } })); return [String(await cache.match(url)), (await cache.match(url, { ignoreVary: true })).status];", "await cache.addAll([url, url + '#x']).catch((e) => e.name); return (await cache.keys()).length;", "return cache.put(url, new Response('x', { headers: { Vary: '*' } })).catch((e) => e.name);", "return cache.put('ftp://x/', new Response('x')).catch((e) => e.name);",
    "const r = await fetch(url); await r.text(); return cache.put(url, r).catch((e) => e.name);", "await cache.put(url, await fetch(url)); await fetch(url); return (await cache.matchAll()).length;",
]  # fmt: skip

DATABASE = [
    "return [db.name, db.version, [...db.objectStoreNames]];", "return ask(db.transaction('s').objectStore('s').get(1));", "return ask(db.transaction('s').objectStore('s').getAll());", "return ask(db.transaction('s').objectStore('s').index('by').getAll('b'));", "return ask(db.transaction('s').objectStore('s').count());", "return ask(db.transaction('s').objectStore('s').getAllKeys(IDBKeyRange.lowerBound(2)));",
    "return ask(db.transaction('s', 'readwrite').objectStore('s').add({ id: 1 }));", "return ask(db.transaction('s', 'readwrite').objectStore('s').put({ by: 'c', b: new Blob(['x']) }));", "return ask(db.transaction('s').objectStore('s').put({}));", "return db.transaction('none');", "return db.transaction('s', 'bad');", "return ask(db.transaction('s').objectStore('s').openCursor(null, 'prev')).then((c) => c.value.n);",
    "const t = db.transaction('s', 'readwrite'); const end = new Promise((d) => { t.onabort = (e) => d(e.type); }); t.objectStore('s').clear(); t.abort(); return end;", "const t = db.transaction('s', 'readwrite', { durability: 'strict' }); return t.durability;", "return ask(db.transaction('s', 'readwrite').objectStore('s').put({ f: () => 1 }));", "return (await indexedDB.databases()).map((d) => d.name + d.version);",
    "await ask(indexedDB.open('own', 1)).then((d) => d.close()); return new Promise((done) => { db.onversionchange = (e) => { done([e.oldVersion, e.newVersion]); db.close(); }; indexedDB.open('own', 2).onsuccess = (e) => e.target.result.close(); });", "db.close(); return db.transaction('s');",
]  # fmt: skip
