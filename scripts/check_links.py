"""Checks that every relative link in the Markdown files leads to a file, and to a heading of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|<img[^>]*\ssrc=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)


def main() -> int:
    files = [ROOT / name for name in _tracked() if (ROOT / name).is_file()]
    broken = [line for file in files for line in _broken(file)]
    print(*broken, sep="\n", end="\n" if broken else "", file=sys.stderr)
    print(f"{len(files)} Markdown files, {len(broken)} broken links")
    return 1 if broken else 0


def _tracked() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return listed.stdout.split()


def _broken(file: Path) -> list[str]:
    text = FENCE.sub("", file.read_text(encoding="utf-8"))
    found = []
    for match in LINK.finditer(text):
        target = match[1] or match[2]
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (file.parent / path).resolve() if path else file
        wrong = not linked.exists()
        if not wrong and anchor and linked.suffix == ".md":
            wrong = anchor not in _anchors(linked)
        if wrong:
            found.append(f"{file.relative_to(ROOT)}: {target}")
    return found


def _anchors(file: Path) -> set[str]:
    """The anchors that code hosts make of headings: lower case, blanks to hyphens, marks gone."""
    text = FENCE.sub("", file.read_text(encoding="utf-8"))
    headings = (re.sub(r"[`*_]|\[|\]\([^)]*\)", "", h).lower() for h in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}


if __name__ == "__main__":
    sys.exit(main())
