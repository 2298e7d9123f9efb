"""Every error has a page: what its code means, and what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import p2claw
from p2claw.cli.errors.pages import error_pages
from p2claw.cli.verbs import VERBS
from p2claw.wire.frames.codes import Code
from tests.cli import program

PACKAGE = Path(p2claw.__file__).parent
DOCS = PACKAGE.parent / "docs"
WORD = re.compile(r"[a-z]+(-[a-z]+)*")

# Parameters `code` of these are no codes of errors: what is counted, and why something ended.
OTHER = {"count", "reset", "_error", "fail"}
# Codes that are made of a noun and one of these.
LOCKED_FILES = ("access", "coordinators", "known-boxes", "routes", "team")
FAULTS_OF_FILES = ("damaged", "exposed", "locked", "unwritable")


@cache
def sources() -> list[ast.Module]:
    files = sorted(PACKAGE.rglob("*.py"))
    return [ast.parse(file.read_text(encoding="utf-8")) for file in files]


def nodes() -> Iterator[ast.AST]:
    return (node for source in sources() for node in ast.walk(source))


def codes_of_the_source() -> set[str]:
    """What is given as `code=`, what a class has as `code`, what stands in that place of a call."""
    places: dict[str, int] = {}
    for node in nodes():
        if isinstance(node, ast.FunctionDef) and node.name not in {"__init__", *OTHER}:
            names = [one.arg for one in node.args.args if one.arg != "self"]
            if "code" in names:
                places[node.name] = names.index("code")
    found: list[ast.expr] = []
    for node in nodes():
        if isinstance(node, ast.ClassDef):
            assigned = [one for one in node.body if isinstance(one, ast.Assign)]
            found += [one.value for one in assigned if ast.unparse(one.targets[0]) == "code"]
        elif isinstance(node, ast.Call):
            found += [one.value for one in node.keywords if one.arg == "code"]
            place = places.get(ast.unparse(node.func).rpartition(".")[2])
            found += node.args[place : place + 1] if place is not None else []
    texts = {one.value for one in found if isinstance(one, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and WORD.fullmatch(text)}


def codes_of_the_documents() -> set[str]:
    """The first column of their tables of codes."""
    operations = (DOCS / "OPERATIONS.md").read_text(encoding="utf-8")
    access = (DOCS / "ACCESS.md").read_text(encoding="utf-8")
    tables = operations.partition("\n## Errors")[2].partition("\n## ")[0]
    tables += access.partition("\n## Codes")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in tables.splitlines() if line.startswith("| `")]
    codes = [code for cell in cells for code in re.findall(r"`([^`]+)`", cell)]
    assert len(codes) > 150
    return {code for code in codes if not code.endswith("…")}


def test_every_code_has_a_page() -> None:
    made = {f"{noun}-{fault}" for noun in LOCKED_FILES for fault in FAULTS_OF_FILES}
    codes = codes_of_the_source() | codes_of_the_documents() | made | {one.text for one in Code}
    assert len(codes) > 250
    assert sorted(codes - error_pages().keys()) == []


def test_every_page_is_of_a_code_that_there_is() -> None:
    literals = {node.value for node in nodes() if isinstance(node, ast.Constant)}
    literals |= {f"{noun}-{fault}" for noun in LOCKED_FILES for fault in FAULTS_OF_FILES}
    literals |= {one.text for one in Code}
    assert sorted(error_pages().keys() - literals) == []


def test_every_page_is_in_sentences_and_names_what_to_do() -> None:
    for page in error_pages().values():
        for text in (page.means, page.do):
            assert text[-1] in ".!?" and len(text) > 6 and text.count("`") % 2 == 0, page


def test_no_verb_has_the_name_of_an_error() -> None:
    assert error_pages().keys() & VERBS.keys() == set()


def test_an_error_leads_to_its_page(home: Path) -> None:
    failed = program.p2claw(home, "status")
    assert "`p2claw help agent-not-running` explains it" in failed.err
    shown = program.p2claw(home, "help", "agent-not-running")
    assert (shown.code, shown.out.splitlines()[0]) == (0, "agent-not-running")
    assert "What to do: " in shown.out
    facts = program.p2claw(home, "help", "agent-not-running", "--json").json
    assert facts.keys() == {"code", "means", "do"}


def test_a_code_that_there_is_not_is_met_with_the_nearest(home: Path) -> None:
    failed = program.p2claw(home, "help", "agent-not-runing", "--json").error
    assert failed["code"] == "verb-unknown"
    assert "`p2claw help agent-not-running`" in failed["hint"]
