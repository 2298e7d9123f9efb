"""p2claw.edge.bootstrap: what was built is read once; what was not is a clear error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from p2claw.edge.bootstrap import load_bootstrap
from p2claw.errors import UsageError
from tests.support.static_site import ASSET_NAME, write_static_site

# But for its assets.
WHOLE = {"shell": "shell.html", "reset": "reset.html", "sw": "sw.js", "licences": "licences.txt"}


def _refusal(folder: Path) -> UsageError:
    with pytest.raises(UsageError) as refusal:
        load_bootstrap(folder)
    return refusal.value


def test_all_assets_of_the_manifest_are_there(tmp_path: Path) -> None:
    assert set(load_bootstrap(write_static_site(tmp_path)).assets) == {ASSET_NAME}


def test_a_bootstrap_that_was_not_built_names_how_to_build_it(tmp_path: Path) -> None:
    refusal = _refusal(tmp_path)
    assert (refusal.code, refusal.hint) == ("bootstrap-missing", "Run `make build`")


def test_a_file_that_the_manifest_names_and_nobody_has_is_an_error(tmp_path: Path) -> None:
    (write_static_site(tmp_path) / ASSET_NAME).unlink()
    assert _refusal(tmp_path).code == "bootstrap-missing"


@pytest.mark.parametrize(
    "manifest",
    [
        "not json",
        [],
        WHOLE,
        {"assets": {}, **WHOLE, "licences": None},
        {"assets": {}, **WHOLE, "shell": "../shell.html"},
        {"assets": {"x": "/etc/passwd"}, **WHOLE},
        {"assets": {}, **WHOLE, "sw": 1},
    ],
)
def test_a_manifest_that_makes_no_sense_is_an_error(tmp_path: Path, manifest: Any) -> None:
    write_static_site(tmp_path)
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    (tmp_path / "manifest.json").write_text(text)
    assert _refusal(tmp_path).code == "bootstrap-damaged"
