"""Builds the documents: pages in build/docs/html, one of them for each error, and a man page.

The texts are those of this repository, put side by side with what is made of the program itself:
its errors (p2claw/cli/errors) and its verbs. Sphinx fails at a link that leads nowhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from p2claw import __version__
from p2claw.cli.errors.pages import ErrorPage, error_pages
from p2claw.cli.verbs import VERBS, load_verb

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "docs"
# What the pages are made of, and what the man page is made of.
PAGES, MANUAL = OUT / "source", OUT / "manual"

# Pages that stand beside docs/.
BESIDE = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "skills/p2claw/SKILL.md")
LINK = re.compile(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)")
# Code hosts centre pictures by such lines only; Sphinx copies those that Markdown names.
CENTRED = re.compile(r'^<p align="center"><img src="([^"]+)".* alt="([^"]+)"></p>$', re.MULTILINE)

CONF = f"""
project = "p2claw"
author = "the p2claw project"
copyright = author
release = {__version__!r}
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "p2claw"
html_copy_source = False
html_show_sphinx = False
myst_heading_anchors = 4
# Texts lead to each other by tables, and not all by a tree of contents; a heading may be left out.
suppress_warnings = ["myst.header", "toc.not_included"]
man_pages = [("index", "p2claw", "publish web apps of this machine", [author], 1)]
"""

INDEX = """# p2claw

A permanent URL for any web app on your own machine, straight to the browser.

```{toctree}
:maxdepth: 1
:caption: Begin

README
docs/guides/README
```

```{toctree}
:maxdepth: 1
:caption: Use

docs/OPERATIONS
docs/ACCESS
docs/FOLDERS
docs/METRICS
docs/CODING_AGENTS
errors/index
```

```{toctree}
:maxdepth: 1
:caption: Understand

docs/ARCHITECTURE
docs/READING
docs/WIRE
docs/BROWSER
docs/DATAPLANE
docs/THREAT_MODEL
docs/decisions/README
SECURITY
```

```{toctree}
:maxdepth: 1
:caption: Change

CONTRIBUTING
CHANGELOG
```
"""


def main() -> int:
    """Build everything; returns the exit code."""
    shutil.rmtree(OUT, ignore_errors=True)
    _copy()
    _write(PAGES / "index.md", INDEX)
    errors = error_pages()
    _write(PAGES / "errors/index.md", _error_index(list(errors.values())))
    for page in errors.values():
        _write(PAGES / f"errors/{page.code}.md", _error_page(page))
    _write(MANUAL / "index.md", "\n".join(_manual()))
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
        "",
        "```{toctree}",
        ":hidden:",
        "",
        *(page.code for page in listed),
        "```",
    ]
    return "\n".join(lines)


def _error_page(page: ErrorPage) -> str:
    return (
        f"# `{page.code}`\n\n{page.means}\n\n## What to do\n\n{page.do}\n\n[All errors](index.md)"
    )


def _manual() -> Iterator[str]:
    """All verbs and their options, as `--help` has them."""
    yield from ("# p2claw", "", "## Synopsis", "", "`p2claw VERB [OPTIONS] [ARGUMENTS]`", "")
    yield from ("## Verbs", "")
    for name, verb in VERBS.items():
        yield from (f"### p2claw {name}", "", verb.summary, "")
        yield from _options(load_verb(name), f"p2claw {name}")
    yield from ("## Errors", "")
    yield "An error ends in a code; `p2claw help CODE` shows what it means, and what to do."


def _options(command: click.Command, path: str) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield from ("```text", context.get_help(), "```", "")
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from (f"#### {path} {name}", "")
            yield from _options(below, f"{path} {name}")


if __name__ == "__main__":
    sys.exit(main())
