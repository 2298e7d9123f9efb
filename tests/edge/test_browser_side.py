"""The list of the files that browsers get, as a release has it."""

from __future__ import annotations

import hashlib

import pytest

from p2claw import __version__
from p2claw.edge.bootstrap import STATIC, load_bootstrap
from p2claw.edge.browser_side import BrowserSide
from p2claw.errors import UsageError


def test_every_file_that_the_edge_serves_is_listed() -> None:
    bootstrap = load_bootstrap()
    listed = BrowserSide.of(bootstrap)
    assert listed.version == __version__
    assert len(listed.digests) == 4 + len(bootstrap.assets)
    shell = hashlib.sha256((STATIC / "shell.html").read_bytes()).hexdigest()
    assert listed.digests["/"] == shell


def test_a_list_is_read_as_it_was_written() -> None:
    listed = BrowserSide.of(load_bootstrap())
    assert BrowserSide.parse(listed.content(), "list.json") == listed


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"p2claw": "1"}'),
        *(b'{"p2claw": "1", "sha256": {}}', b'{"p2claw": "1", "sha256": 4}'),
        b'{"p2claw": "1", "sha256": {"/": "abc"}}',
        b'{"p2claw": "1", "sha256": {"/": 7}}',
        b'{"p2claw": "1", "sha256": {"http://elsewhere/": "' + b"0" * 64 + b'"}}',
    ],
)
def test_what_is_no_list_is_named(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"list\.json is not the list") as raised:
        BrowserSide.parse(content, "list.json")
    assert raised.value.code == "browser-side-invalid"
