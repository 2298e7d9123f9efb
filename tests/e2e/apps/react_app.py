"""The React app of Vite's own template, built and served by `vite preview`."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, run

CREATE_VITE = "9.3.0"


def make(folder: Path) -> None:
    template = ("--template", "react", "--no-interactive")
    run("npm", "create", "--yes", f"vite@{CREATE_VITE}", "source", "--", *template, cwd=folder)
    run("npm", "install", "--no-audit", "--no-fund", cwd=folder / "source")
    run("npx", "vite", "build", cwd=folder / "source")


def command(folder: Path, port: int) -> list[str]:
    vite = folder / "source" / "node_modules" / ".bin" / "vite"
    return [str(vite), "preview", "--port", str(port), "--strictPort"]


REACT_APP = ForeignApp("react", CREATE_VITE, make, command, workdir="source")
