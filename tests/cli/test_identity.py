"""identity: who the box is."""

from __future__ import annotations

from pathlib import Path

from p2claw.names import key_alias_of, public_key_of
from tests.cli.demos import Demo
from tests.cli.program import p2claw


def test_without_a_key_it_prints_how_to_get_one(home: Path) -> None:
    ran = p2claw(home, "identity", "--json")
    assert (ran.code, ran.error["code"]) == (1, "identity-missing")
    assert "p2claw run" in ran.error["hint"]


def test_a_damaged_key_is_an_error_and_no_new_key(home: Path) -> None:
    (home / "identity.key").write_text("rubbish")
    (home / "identity.key").chmod(0o600)
    ran = p2claw(home, "identity", "--json")
    assert (ran.code, ran.error["code"]) == (1, "identity-damaged")
    assert (home / "identity.key").read_text() == "rubbish"


def test_it_shows_names_that_belong_to_the_key(running: Demo) -> None:
    facts = p2claw(running.box_home, "identity", "--json").json
    names = {"peer_id", "alias", "key_alias", "key_file"}
    assert facts.keys() == names | {"key_changes", "first_peer_id", "backup_peer_id"}
    assert facts["key_alias"] == key_alias_of(public_key_of(facts["peer_id"]))
    assert f"-{facts['alias']}." in running.url


def test_text_names_the_key_file(running: Demo) -> None:
    assert str(running.box_home / "identity.key") in p2claw(running.box_home, "identity").out
