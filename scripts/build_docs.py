"""Builds the documents: pages in build/docs/html, one of them for each error, and a man page.

The texts are those of this repository, put side by side with what is made of the program itself:
its errors (p2claw/cli/errors) and its verbs (`manual.py`). `docs_index.py` has their order. Sphinx
fails at a link that leads nowhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from p2claw import __version__
from p2claw.cli.errors.pages import ErrorPage, error_pages
from scripts.docs_index import index, tree
from scripts.manual import manual

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "docs"
# What the pages are made of, and what the man page is made of.
PAGES, MANUAL = OUT / "source", OUT / "manual"

# Pages that stand beside docs/.
BESIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "skills/p2claw/SKILL.md")
BESIDE += ("contrib/p2claw/README.md", "contrib/kubernetes/README.md")
# Pages that have others below them, beside their own file or in the folder that is named.
PARENTS = {"docs/guides/README.md": "*", "docs/decisions/README.md": "*"}
PARENTS |= {"docs/DATAPLANE.md": "dataplane/*"}
LINK = re.compile(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)")
# Code hosts centre pictures by such lines only; Sphinx copies those that Markdown names.
CENTRED = re.compile(r'^<p align="center"><img src="([^"]+)".* alt="([^"]+)"></p>$', re.MULTILINE)

CONF = f"""
from docutils import nodes

project = "p2claw"
author = "the p2claw project"
copyright = author
release = {__version__!r}
extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["p2claw.css"]
html_use_index = False
smartquotes = False  # -- is the beginning of an option
html_title = "p2claw"
html_copy_source = False
html_show_sphinx = False
myst_heading_anchors = 4
# Texts lead to each other by tables, and not all by a tree of contents; a heading may be left out.
suppress_warnings = ["myst.header", "toc.not_included"]
man_pages = [("index", "p2claw", "publish web apps of this machine", [author], 1)]


def setup(app):
    app.connect("doctree-resolved", mark_short)


def mark_short(app, doctree, name):
    for literal in doctree.findall(nodes.literal):
        if len(literal.astext()) <= 28:
            literal["classes"].append("short")
"""

# What the theme leaves to browsers: the name of an option or a file is not broken at its hyphens if
# any line has room for it, and a line of a shell that is too long goes on below.
STYLE = """
code.short { white-space: nowrap; }
.highlight-default pre { font-size: 0.68em; }
td { vertical-align: top !important; }
td code:not(.short) { overflow-wrap: anywhere; }
@media (max-width: 46em) { td code.short { white-space: normal; } }
.highlight-sh pre, .highlight-text pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media (min-width: 97em) { .content { width: 54em; } }
"""


def main() -> int:
    """Build everything; returns the exit code."""
    shutil.rmtree(OUT, ignore_errors=True)
    _copy()
    _write(PAGES / "index.md", index())
    _write(PAGES / "_static/p2claw.css", STYLE)
    text = "\n".join(manual())
    _write(PAGES / "commands.md", text.replace("# p2claw", "# Commands", 1))
    errors = error_pages()
    _write(PAGES / "errors/index.md", _error_index(list(errors.values())))
    for page in errors.values():
        _write(PAGES / f"errors/{page.code}.md", _error_page(page))
    _write(MANUAL / "index.md", text)
    _write(MANUAL / "_static/p2claw.css", "")
    for builder, source in (("html", PAGES), ("man", MANUAL)):
        _write(source / "conf.py", CONF)
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-b", builder]
        done = subprocess.run([*command, source, OUT / builder], check=False)
        if done.returncode:
            return done.returncode
    count = len(list((OUT / "html").rglob("*.html")))
    print(f"{count} pages, {len(errors)} of them of errors: {OUT}/html; {OUT}/man/p2claw.1")
    return 0


def _copy() -> None:
    """The texts, and each file of this repository that one of them links to."""
    texts = [*(ROOT / name for name in BESIDE), *(ROOT / "docs").rglob("*.md")]
    for text in texts:
        content = text.read_text(encoding="utf-8")
        content = CENTRED.sub(r"![\2](\1)", content)
        if (below := PARENTS.get(str(text.relative_to(ROOT)))) is not None:
            content += f"\n{tree(below, glob=True)}"
        _write(PAGES / text.relative_to(ROOT), content)
        for match in LINK.finditer(content):
            linked = (text.parent / match[1]).resolve()
            if linked.is_file() and linked not in texts:
                copy = PAGES / linked.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(linked, copy)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.rstrip() + "\n", encoding="utf-8")


def _error_index(listed: list[ErrorPage]) -> str:
    lines = [
        "# Errors",
        "",
        "Each error ends in a code, which stays, and `p2claw help CODE` shows its page.",
        "",
        "| code | means |",
        "|---|---|",
        *(f"| [`{page.code}`]({page.code}.md) | {page.means} |" for page in listed),
    ]
    return "\n".join(lines)


def _error_page(page: ErrorPage) -> str:
    return (
        f"# `{page.code}`\n\n{page.means}\n\n## What to do\n\n{page.do}\n\n[All errors](index.md)"
    )


if __name__ == "__main__":
    sys.exit(main())
