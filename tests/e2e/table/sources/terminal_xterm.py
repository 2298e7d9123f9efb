"""A page with a terminal, after the examples of terminado and of xterm.js."""

import asyncio
import sys
from pathlib import Path

import tornado.web
from terminado import TermSocket, UniqueTermManager

MODULES = Path(__file__).parent / "node_modules" / "@xterm"
PAGE = """<!doctype html><title>Terminal</title><link rel=stylesheet href=/m/xterm/css/xterm.css>
<style>html, body, #here { height: 100%; margin: 0 }</style><div id=here></div>
<script src=/m/xterm/lib/xterm.js></script><script src=/m/addon-fit/lib/addon-fit.js></script>
<script>
const terminal = new Terminal({ scrollback: 100000 });
const fit = new FitAddon.FitAddon();
terminal.loadAddon(fit);
terminal.open(document.querySelector("#here"));
fit.fit();
const socket = new WebSocket(location.origin.replace(/^http/, "ws") + "/websocket");
socket.onopen = () => {
  socket.send(JSON.stringify(["set_size", terminal.rows, terminal.cols, 600, 800]));
  terminal.onData((text) => socket.send(JSON.stringify(["stdin", text])));
};
socket.onmessage = ({ data }) => {
  const [kind, text] = JSON.parse(data);
  if (kind === "stdout") terminal.write(text);
};
socket.onclose = ({ code }) => terminal.write(`[closed ${code}]`);
</script>"""


class Page(tornado.web.RequestHandler):
    def get(self):
        self.write(PAGE)


async def main():
    shells = UniqueTermManager(shell_command=["bash", "--norc"])
    files = tornado.web.StaticFileHandler
    handlers = [
        (r"/", Page),
        (r"/websocket", TermSocket, {"term_manager": shells}),
        (r"/m/(.*)", files, {"path": str(MODULES)}),
    ]
    tornado.web.Application(handlers).listen(int(sys.argv[1]), "localhost")
    await asyncio.Event().wait()


asyncio.run(main())
