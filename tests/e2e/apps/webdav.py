"""WsgiDAV on cheroot, a WebDAV server in Python: everybody may write."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, virtual_env

WSGIDAV = "4.4.0"
CHEROOT = "11.1.2"


def make(folder: Path) -> None:
    virtual_env(folder, f"wsgidav=={WSGIDAV}", f"cheroot=={CHEROOT}")
    (folder / "files").mkdir()
    (folder / "files" / "index.html").write_text("<!doctype html><p>A page among the files")


def command(folder: Path, port: int) -> list[str]:
    python = folder / "venv" / "bin" / "python"
    where = ("--host", "127.0.0.1", "--port", str(port), "--root", str(folder / "files"))
    return [str(python), "-m", "wsgidav.server.server_cli", *where, "--auth", "anonymous"]


WEBDAV = ForeignApp("webdav", WSGIDAV, make, command)
