"""What the foreign page does: each case makes something to click, or does it by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# Called with the URL. It may leave an element with the id `go`, which is then clicked: what opens a
# window must be a person's doing.
_FORM = """(url) => {
  %(before)s
  const form = document.createElement("form");
  form.action = url;
  form.method = "%(method)s";
  form.enctype = "%(enctype)s";
  form.target = "%(target)s";
  // GET puts its fields in place of the query.
  const id = new URL(url).searchParams.get("case");
  form.innerHTML = `<input name="case" value="${id}"><button id="go">go</button>`;
  document.body.append(form);
}"""
_LINK = """(url) => {
  const link = document.createElement("a");
  link.href = url;
  link.id = "go";
  link.textContent = "go";
  link.target = "%(target)s";
  link.rel = "%(rel)s";
  document.body.append(link);
}"""
_SILENT = """document.head.insertAdjacentHTML("beforeend",
    '<meta name="referrer" content="no-referrer">');"""
_FRAME = """document.body.insertAdjacentHTML("beforeend", '<iframe name="framed"></iframe>');"""
_ELEMENT = "(url) => {{ document.body.insertAdjacentHTML('beforeend', `{}`); }}"


@dataclass(frozen=True, slots=True)
class Case:
    """leaves: the page is another one afterwards. path: of the app."""

    name: str
    act: str
    leaves: bool = False
    path: str = "/said"


def _forms() -> Iterator[Case]:
    kinds = (
        ("GET", ""),
        ("POST", "application/x-www-form-urlencoded"),
        ("POST", "multipart/form-data"),
        ("POST", "text/plain"),
    )
    for method, enctype in kinds:
        for target in ("_top", "_blank", "framed"):
            for silent in (False, True):
                before = (_SILENT if silent else "") + (_FRAME if target == "framed" else "")
                kind = f"{method} {enctype.rpartition('/')[2]}".strip()
                name = f"form {kind} {target}{' without referrer' if silent else ''}"
                facts = {"before": before, "method": method, "enctype": enctype, "target": target}
                yield Case(name, _FORM % facts, leaves=target != "framed")


def _links() -> Iterator[Case]:
    for target in ("_top", "_blank"):
        for rel in ("", "noreferrer", "opener"):
            act = _LINK % {"target": target, "rel": rel}
            yield Case(f"link {target} {rel}".strip(), act, leaves=True)
    yield Case("location.assign", "(url) => { setTimeout(() => location.assign(url)); }", True)
    yield Case("location.replace", "(url) => { setTimeout(() => location.replace(url)); }", True)
    refresh = """document.head.insertAdjacentHTML("beforeend",
      `<meta http-equiv="refresh" content="0; url=${url}">`);"""
    yield Case("refresh", f"(url) => {{ {refresh} }}", True)
    yield Case("refresh without referrer", f"(url) => {{ {_SILENT} {refresh} }}", True)
    opens = """document.body.insertAdjacentHTML("beforeend", '<button id="go">go</button>');
      document.getElementById("go").onclick = () => window.open(url);"""
    yield Case("window.open", f"(url) => {{ {opens} }}", True)
    yield Case("frame", _ELEMENT.format('<iframe src="${url}"></iframe>'))
    silent = '<iframe referrerpolicy="no-referrer" src="${url}"></iframe>'
    yield Case("frame without referrer", _ELEMENT.format(silent))
    yield Case("sandboxed frame", _ELEMENT.format('<iframe sandbox src="${url}"></iframe>'))
    scripts = '<iframe sandbox="allow-scripts allow-same-origin" src="${url}"></iframe>'
    yield Case("sandboxed frame with scripts", _ELEMENT.format(scripts))
    yield Case("object", _ELEMENT.format('<object data="${url}" type="text/html"></object>'))
    yield Case("embed", _ELEMENT.format('<embed src="${url}" type="text/html">'))


_INIT = {
    "fetch": "{}",
    "fetch no-cors": '{ mode: "no-cors" }',
    "fetch no-cors with cookies": '{ mode: "no-cors", credentials: "include" }',
    "fetch no-cors POST": '{ mode: "no-cors", method: "POST", body: "1", credentials: "include" }',
    "fetch no-cors POST without referrer": '{ mode: "no-cors", method: "POST", body: "1", '
    'credentials: "include", referrerPolicy: "no-referrer" }',
    "fetch no-cors kept alive": '{ mode: "no-cors", method: "POST", body: "1", keepalive: true }',
    "fetch with a field": '{ headers: { "X-Evil": "1" } }',
    "fetch DELETE": '{ method: "DELETE", credentials: "include" }',
}


def _rest() -> Iterator[Case]:
    for name, init in _INIT.items():
        yield Case(name, f"(url) => {{ fetch(url, {init}).catch(() => {{}}); }}")
    yield Case("beacon", "(url) => { navigator.sendBeacon(url, 'field=1'); }")
    for method in ("GET", "POST"):
        act = f"""(url) => {{
          const request = new XMLHttpRequest();
          request.open("{method}", url);
          request.withCredentials = true;
          request.send({"null" if method == "GET" else '"1"'});
        }}"""
        yield Case(f"XMLHttpRequest {method}", act)
    yield Case("picture", _ELEMENT.format('<img src="${url}">'))
    yield Case("style", _ELEMENT.format('<link rel="stylesheet" href="${url}">'))
    yield Case("prefetch", _ELEMENT.format('<link rel="prefetch" href="${url}">'))
    script = "(url) => { document.body.append(Object.assign(document.createElement('script'), "
    yield Case("script", script + "{ src: url })); }")
    source = "(url) => { self.source = new EventSource(url, { withCredentials: true }); }"
    yield Case("EventSource", source, path="/events")
    socket = "(url) => { self.socket = new WebSocket(url.replace(/^http/, 'ws')); }"
    yield Case("WebSocket", socket, path="/socket")


CASES = (*_forms(), *_links(), *_rest())
