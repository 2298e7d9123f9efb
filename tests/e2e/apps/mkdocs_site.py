"""The documentation of Python-Markdown, built and served by MkDocs, with its search.

Its source distribution 3.3.7 carries the whole site and needs no plugin but MkDocs' own search,
which runs in a web worker of the page.
"""

from __future__ import annotations

from pathlib import Path

from tests.e2e.apps.foreign import ForeignApp, source_of, virtual_env

MKDOCS = "1.6.1"
MARKDOWN = "3.3.7"


def make(folder: Path) -> None:
    tools = (f"mkdocs=={MKDOCS}", "mkdocs-nature==0.6", "mdx-gh-links==0.4", "click<8.2")
    source_of(folder, virtual_env(folder, *tools), f"markdown=={MARKDOWN}")


def command(folder: Path, port: int) -> list[str]:
    python = folder / "venv" / "bin" / "python"
    return [str(python), "-m", "mkdocs", "serve", "--dev-addr", f"localhost:{port}"]


MKDOCS_SITE = ForeignApp("docs", f"{MKDOCS}-{MARKDOWN}", make, command, workdir="source")
