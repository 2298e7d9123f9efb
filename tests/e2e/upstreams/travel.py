"""An app of plain pages between which a person moves, fills in forms and opens windows."""

from __future__ import annotations

import contextlib
import html
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

TALL = "<div style='height:3000px'></div>"
FIELDS = """<input id=text name=text><input id=secret name=secret type=password>
  <input id=off name=off autocomplete=off><input id=tick name=tick type=checkbox>
  <select id=choice name=choice><option>one<option>two</select>
  <textarea id=area name=area></textarea><div id=free contenteditable>free</div>"""


@dataclass(slots=True)
class Travel:
    """asked: method, path with query, and body of every request, as it arrived."""

    port: int = 0
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def posts(self, path: str) -> list[bytes]:
        return [body for method, asked, body in self.asked if (method, asked) == ("POST", path)]


def page(title: str, body: str = "", *, head: str = "") -> web.Response:
    text = f"<!doctype html><title>{title}</title>{head}<h1>{title}</h1>{body}"
    return web.Response(content_type="text/html", text=text)


@contextlib.asynccontextmanager
async def travel_app(pages: dict[str, str] | None = None) -> AsyncIterator[Travel]:
    """Serve until the block ends. pages: further ones, whole, by their paths."""
    travel = Travel()
    numbers = itertools.count(1)

    async def handle(request: web.Request) -> web.StreamResponse:
        path = request.path
        travel.asked.append((request.method, request.raw_path, await request.read()))
        travel.fields[path] = {name.lower(): value for name, value in request.headers.items()}
        if text := (pages or {}).get(path):
            charset = request.query.get("charset", "utf-8")
            body = text.encode(charset, "xmlcharrefreplace")
            return web.Response(content_type="text/html", charset=charset, body=body)
        match path:
            case "/form":
                # `next` is where it goes, `to` where that leads.
                action = html.escape(request.query.get("next", "/posted"))
                form = f"<form method=post action='{action}'>{FIELDS}<button>Send</button></form>"
                return page("A form", f"{form}<a id=on href=/plain>on</a>{TALL}")
            case "/posted":
                text = f"<p>by {request.method}, number {next(numbers)}</p>"
                return page("Posted", f"{text}<a id=on href=/plain>on</a>")
            case "/see-other":
                raise web.HTTPSeeOther("/plain")
            case "/keep":
                raise web.HTTPPermanentRedirect("/posted")
            case "/dirty":
                script = "<script>onbeforeunload = (event) => event.preventDefault();</script>"
                return page("A dirty page", f"<button id=press>x</button>{script}")
            case "/spa":
                return page("A single page", SPA)
        return page(f"Plain {request.raw_path}", f"<a id=on href=/plain>on</a>{TALL}")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    travel.port = runner.addresses[0][1]
    try:
        yield travel
    finally:
        await runner.cleanup()


SPA = """<p id=where></p><button id=one>one</button><a id=hash href="#part">part</a>
  <script>
  window.events = [];
  const show = () => { where.textContent = location.pathname + location.search; };
  show();
  for (const type of ["popstate", "hashchange"]) addEventListener(type, (event) => {
    events.push(type + (type === "popstate" ? JSON.stringify(event.state) : ""));
    show();
  });
  one.onclick = () => { history.pushState({ n: history.length }, "", "/spa?view=one"); show(); };
  </script>"""
