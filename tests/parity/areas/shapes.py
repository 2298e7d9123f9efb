"""What a page can notice of us: own keys, descriptors, `toString`, the window it is in (Web IDL §3, HTML §7)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.parity.cases import Case, slug


def cases() -> Iterator[Case]:
    for path in PATHS.split():
        yield Case(f"shapes/function/{path}", "shape", {"path": path})
    for name in INTERFACES.split():
        code = f"typeof {name} === 'undefined' ? null : [Reflect.ownKeys({name}).map(String), Reflect.ownKeys({name}.prototype ?? {{}}).map(String)]"
        yield Case(f"shapes/keys/{name}", "report", {"code": code})
        functions = (
            f"typeof {name} === 'undefined' ? null : Object.entries(Object.getOwnPropertyDescriptors({name}.prototype ?? {{}}))"
            ".flatMap(([k, d]) => [d.value, d.get, d.set].filter((f) => typeof f === 'function')"
            ".map((f) => [k, f.name, f.length, Function.prototype.toString.call(f)].join()))"
        )
        yield Case(f"shapes/natives/{name}", "report", {"code": functions})
    for code in WORLD:
        yield Case(f"shapes/world/{slug(code)}", "report", {"code": code}, alone=True)


PATHS = """fetch XMLHttpRequest WebSocket EventSource Worker SharedWorker Request Response Headers FormData open close
postMessage setTimeout addEventListener alert print stop focus top parent opener frameElement self window length name
location history navigation navigator document localStorage sessionStorage indexedDB caches cookieStore performance crypto
XMLHttpRequest.prototype.open XMLHttpRequest.prototype.send XMLHttpRequest.prototype.abort XMLHttpRequest.prototype.upload
XMLHttpRequest.prototype.status XMLHttpRequest.prototype.statusText XMLHttpRequest.prototype.response
XMLHttpRequest.prototype.responseURL XMLHttpRequest.prototype.setRequestHeader XMLHttpRequest.prototype.getResponseHeader
WebSocket.prototype.send WebSocket.prototype.close WebSocket.prototype.url WebSocket.prototype.readyState WebSocket.CONNECTING
WebSocket.prototype.binaryType WebSocket.prototype.onmessage WebSocket.prototype.bufferedAmount WebSocket.OPEN
EventSource.prototype.close EventSource.prototype.readyState EventSource.prototype.onmessage EventSource.CLOSED
History.prototype.pushState History.prototype.replaceState History.prototype.back History.prototype.forward History.prototype.go
History.prototype.length History.prototype.state History.prototype.scrollRestoration Navigator.prototype.sendBeacon
Navigator.prototype.serviceWorker Navigator.prototype.cookieEnabled ServiceWorkerContainer.prototype.register
ServiceWorkerContainer.prototype.controller ServiceWorkerContainer.prototype.getRegistration
ServiceWorkerContainer.prototype.getRegistrations ServiceWorkerContainer.prototype.ready
ServiceWorkerRegistration.prototype.unregister ServiceWorkerRegistration.prototype.update Document.prototype.cookie
Document.prototype.referrer Document.prototype.open Document.prototype.write Document.prototype.hasFocus Document.prototype.URL
Document.prototype.currentScript Document.prototype.scripts Document.prototype.visibilityState HTMLFormElement.prototype.submit
HTMLFormElement.prototype.requestSubmit HTMLAnchorElement.prototype.click HTMLElement.prototype.click
HTMLIFrameElement.prototype.src HTMLIFrameElement.prototype.contentWindow HTMLScriptElement.prototype.src Location.prototype.href
Location.prototype.assign Request.prototype.clone Request.prototype.url Response.prototype.status Response.prototype.statusText
Response.prototype.url Response.prototype.json Response.prototype.clone Headers.prototype.get Headers.prototype.append
Response.error Response.redirect Response.json URL.createObjectURL URL.revokeObjectURL Storage.prototype.clear
Storage.prototype.getItem CacheStorage.prototype.keys CacheStorage.prototype.delete CacheStorage.prototype.open
IDBFactory.prototype.databases IDBFactory.prototype.open CookieStore.prototype.get CookieStore.prototype.set
Performance.prototype.getEntries Performance.prototype.getEntriesByType PerformanceResourceTiming.prototype.name
Navigation.prototype.navigate Navigation.prototype.entries Navigation.prototype.back LockManager.prototype.query
BroadcastChannel MessageChannel MessagePort.prototype.postMessage EventTarget.prototype.addEventListener
EventTarget.prototype.dispatchEvent Event.prototype.isTrusted MessageEvent CloseEvent ProgressEvent ErrorEvent
Blob.prototype.text AbortController AbortSignal.timeout AbortSignal.any ReadableStream TransformStream TextDecoder"""

INTERFACES = """Window Document HTMLDocument Navigator History Location XMLHttpRequest XMLHttpRequestUpload
XMLHttpRequestEventTarget WebSocket EventSource Worker SharedWorker Request Response Headers FormData ServiceWorkerContainer
ServiceWorkerRegistration ServiceWorker Storage CacheStorage Cache IDBFactory CookieStore Performance PerformanceResourceTiming
PerformanceNavigationTiming PerformanceObserver Navigation NavigationHistoryEntry LockManager BroadcastChannel MessageChannel
MessagePort HTMLFormElement HTMLAnchorElement HTMLIFrameElement HTMLScriptElement HTMLLinkElement HTMLMetaElement HTMLElement
Element Node EventTarget Event MessageEvent CloseEvent ProgressEvent PopStateEvent HashChangeEvent PageTransitionEvent
BeforeUnloadEvent SubmitEvent Blob File FileReader URL URLSearchParams AbortController AbortSignal ReadableStream WritableStream
MutationObserver Function Object Promise Array Error Permissions Clipboard Notification PushManager StorageManager DOMParser
SecurityPolicyViolationEvent ReportingObserver Worklet Screen VisualViewport CustomElementRegistry"""

WORLD = [
    "top === self", "parent === self", "frameElement", "opener", "window.length", "frames.length", "window.name", "self.origin === location.origin",
    "location.href", "location.host", "location.ancestorOrigins ? [...location.ancestorOrigins] : null", "document.URL", "document.baseURI",
    "document.referrer", "document.domain", "document.hasFocus()", "document.visibilityState", "document.fullscreenEnabled", "document.lastModified.length",
    "document.scripts.length", "document.documentElement.outerHTML", "document.head.innerHTML", "document.compatMode", "document.characterSet",
    "document.contentType", "document.designMode", "document.readyState", "[...document.childNodes].map((n) => n.nodeName)", "document.title",
    "document.styleSheets.length", "document.adoptedStyleSheets?.length", "document.documentElement.getAttributeNames()", "document.cookie",
    "[...document.querySelectorAll('*')].map((e) => e.localName)", "document.prerendering", "document.wasDiscarded", "document.featurePolicy?.features().length",
    "document.featurePolicy?.allowedFeatures().sort()", "history.length", "history.state", "history.scrollRestoration", "navigation?.entries().length",
    "navigation?.currentEntry.index", "navigation?.canGoBack", "navigation?.canGoForward", "navigation?.activation?.navigationType", "navigation?.currentEntry.url",
    "isSecureContext", "crossOriginIsolated", "originAgentCluster", "credentialless", "innerWidth", "innerHeight", "outerWidth", "outerHeight", "scrollX",
    "visualViewport.scale", "screen.width", "devicePixelRatio", "matchMedia('(display-mode: browser)').matches", "menubar.visible", "toolbar.visible", "locationbar.visible",
    "navigator.userAgent", "navigator.onLine", "navigator.cookieEnabled", "navigator.language", "navigator.languages", "navigator.webdriver", "navigator.doNotTrack",
    "navigator.serviceWorker.controller", "(await navigator.serviceWorker.getRegistrations()).length", "await navigator.serviceWorker.getRegistration() ?? null",
    "await Promise.race([navigator.serviceWorker.ready.then(() => 'ready'), new Promise((r) => setTimeout(r, 300, 'never'))])",
    "await caches.keys()", "await caches.has('x')", "(await indexedDB.databases()).map((d) => d.name)", "Object.keys(localStorage)", "localStorage.length", "Object.keys(sessionStorage)",
    "sessionStorage.length", "(await navigator.locks.query()).held.map((l) => l.name)", "(await navigator.locks.query()).pending.length", "(await navigator.storage.estimate()).usage",
    "await navigator.storage.persisted()", "performance.getEntriesByType('navigation').length", "performance.getEntriesByType('navigation')[0].type", "performance.navigation.type",
    "performance.getEntriesByType('navigation')[0].name", "performance.getEntriesByType('navigation')[0].redirectCount", "performance.getEntriesByType('navigation')[0].nextHopProtocol",
    "performance.getEntriesByType('navigation')[0].workerStart > 0", "performance.getEntriesByType('navigation')[0].transferSize > 0", "performance.getEntriesByType('navigation')[0].responseStatus",
    "performance.getEntriesByType('navigation')[0].encodedBodySize", "performance.getEntriesByType('navigation')[0].decodedBodySize", "performance.getEntriesByType('navigation')[0].initiatorType",
    "performance.getEntriesByType('resource').filter((e) => !e.name.includes('/pages/')).length", "performance.getEntriesByType('resource').map((e) => e.name)",
    "performance.getEntriesByType('resource')[0]?.initiatorType", "performance.getEntriesByType('resource')[0]?.transferSize > 0", "performance.getEntriesByType('resource')[0]?.nextHopProtocol",
    "performance.getEntriesByType('resource')[0]?.deliveryType", "performance.getEntriesByType('resource')[0]?.workerStart", "performance.getEntriesByType('resource')[0]?.responseStatus",
    "Object.getOwnPropertyNames(window).sort()", "Object.keys(window)", "Object.getOwnPropertySymbols(window).map(String)", "Object.getOwnPropertyNames(navigator)", "Object.getOwnPropertyNames(document)",
    "Object.getOwnPropertyNames(history)", "Object.getOwnPropertyNames(location).sort()", "Object.getOwnPropertyNames(navigator.serviceWorker)", "Object.keys(performance)", "Object.getOwnPropertyNames(new XMLHttpRequest())",
    "Object.getOwnPropertyNames(new Request('/'))", "Object.getOwnPropertyNames(new Response())", "Object.getOwnPropertyNames(new EventSource('/p/none'))", "Object.getOwnPropertyNames(await fetch('/p/none'))",
    "Object.prototype.toString.call(new EventSource('/p/none'))", "Object.prototype.toString.call(new XMLHttpRequest())", "Object.prototype.toString.call(await fetch('/p/none'))", "(await fetch('/p/none')).constructor === Response",
    "fetch('/p/none') instanceof Promise", "new XMLHttpRequest() instanceof XMLHttpRequest", "new EventSource('/p/none') instanceof EventTarget", "class extends XMLHttpRequest {}.name", "new (class X extends XMLHttpRequest {})().constructor.name",
    "new (class X extends EventSource {})('/p/none').constructor.name", "Function.prototype.toString.call(fetch) === fetch.toString()", "fetch.call({})", "await fetch.call(null, '/p/none').then((r) => r.status)",
    "await fetch.call(undefined, '/p/none').then((r) => r.status)", "await (0, fetch)('/p/none').then((r) => r.status)", "await Reflect.apply(fetch, window, ['/p/none']).then((r) => r.status)", "await fetch().catch(String)",
    "await fetch(undefined).then((r) => r.url)", "await fetch(null).then((r) => r.url)", "await fetch({ toString: () => '/p/none' }).then((r) => r.url)", "await fetch(new URL('/p/none', location)).then((r) => r.url)",
    "await fetch('http://').catch(String)", "await fetch('//').catch(String)", "await fetch('data:text/plain,x').then((r) => r.text())", "await fetch('blob:x').catch(String)", "await fetch('about:blank').catch(String)",
    "await fetch(URL.createObjectURL(new Blob(['b']))).then((r) => r.text())", "await fetch('http://user:pw@localhost/').catch(String)", "XMLHttpRequest()", "new WebSocket()", "WebSocket('/')", "new EventSource()", "EventSource('/')",
    "new XMLHttpRequest().open()", "new XMLHttpRequest().send()", "new XMLHttpRequest().setRequestHeader('a', 'b')", "(() => { const x = new XMLHttpRequest(); x.open('BAD METHOD', '/'); })()",
    "(() => { const x = new XMLHttpRequest(); x.open('CONNECT', '/'); })()", "(() => { const x = new XMLHttpRequest(); x.open('GET', 'http://'); })()", "history.pushState.call({}, 1, '')", "history.pushState(() => 1, '')",
    "history.pushState({}, '', 'http://other.example/')", "document.cookie = 'shape=1', document.cookie.includes('shape')", "Object.getOwnPropertyDescriptor(document, 'cookie') ?? null",
    "await navigator.serviceWorker.register('/p/none').catch((e) => e.name)", "await navigator.serviceWorker.register('http://other.example/').catch((e) => e.name)", "await navigator.serviceWorker.register('/p/none', { scope: '/p/' }).catch((e) => e.name)",
    "await import('/p/none').catch((e) => e.constructor.name)", "(() => { const f = document.createElement('iframe'); document.body.append(f); const r = f.contentWindow.fetch.toString(); f.remove(); return r; })()",
    "(() => { const f = document.createElement('iframe'); document.body.append(f); const r = f.contentWindow.parent === window; f.remove(); return r; })()",
    "(() => { const f = document.createElement('iframe'); document.body.append(f); const r = Object.keys(f.contentWindow).length === Object.keys(window).filter((k) => !['acts', 'parity'].includes(k)).length; f.remove(); return r; })()",
    "(() => { const f = document.createElement('iframe'); document.body.append(f); const r = f.contentDocument.documentElement.outerHTML; f.remove(); return r; })()",
    "new Error('x').stack.split('\\n').length > 0", "await fetch('http://').catch((e) => e.stack.includes('__p2claw'))", "document.documentElement.innerHTML.includes('p2claw')", "Object.keys(window).filter((k) => /p2claw|claw/i.test(k))",
    "await navigator.permissions.query({ name: 'geolocation' }).then((p) => p.state)", "await navigator.permissions.query({ name: 'notifications' }).then((p) => p.state)", "Notification.permission", "typeof SharedArrayBuffer", "typeof PushManager",
    "document.querySelector('meta[name=viewport]')", "getComputedStyle(document.body).margin", "getComputedStyle(document.documentElement).overflow", "getComputedStyle(document.documentElement).colorScheme", "document.activeElement.localName",
    "event ?? null", "typeof chrome", "external.toString()", "closed", "status", "window.event === undefined", "customElements.toString()", "trustedTypes?.getTypeMapping?.toString().length > 0", "screenX", "document.timeline.currentTime >= 0",
]  # fmt: skip
