"""A bootstrap of a few bytes, laid out as the real build lays it out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

SHELL = (
    b"<!doctype html><title>shell</title><style>p{color:red}</style><script>let shell</script>\n"
)
RESET = b"<!doctype html><title>reset</title><style>p{color:red}</style><script>1</script>\n"
LICENCES = b"MIT License\n"
WORKER = b"// the service worker\n"
ASSET = b"export const answer = 42;\n" * 40
ASSET_NAME = "shell-0123abcd.js"


def write_static_site(folder: Path, *, brotli: bytes | None = None) -> Path:
    """Write it into a folder and return the folder. `brotli`: stands for the packed asset."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"shell": "shell.html", "reset": "reset.html", "licences": "licences.txt"}
    manifest = {**pages, "sw": "sw.js", "assets": {"shell.js": ASSET_NAME}}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "shell.html").write_bytes(SHELL)
    (folder / "reset.html").write_bytes(RESET)
    (folder / "licences.txt").write_bytes(LICENCES)
    (folder / "sw.js").write_bytes(WORKER)
    (folder / ASSET_NAME).write_bytes(ASSET)
    (folder / f"{ASSET_NAME}.gz").write_bytes(gzip.compress(ASSET, mtime=0))
    if brotli is not None:
        (folder / f"{ASSET_NAME}.br").write_bytes(brotli)
    return folder
