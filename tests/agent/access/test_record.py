"""`access.json` is for its owner alone, keeps what must last, and is never taken for empty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from p2claw.agent.access.ledger import Guard
from p2claw.agent.access.passwords import hash_of
from p2claw.agent.access.record import AccessFile, serialize
from p2claw.errors import UsageError

HASH = hash_of("correct horse battery")
NOW = 1_800_000_000
LOGIN = {"issuer": "https://a.example", "client": "box", "emails": ["@example.org"]}


def written(path: Path) -> tuple[str, str]:
    """A session and an invitation that are in the file."""
    with AccessFile(path).changing() as ledger:
        ledger.guard("dog", Guard(HASH))
        _, session = ledger.enter_by_password("dog", NOW, b"s" * 16)
        _, invitation = ledger.invite("dog", "guests", 3, 3_600, NOW, b"i" * 16)
    return session, invitation


def test_what_is_written_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "access.json"
    session, invitation = written(path)
    ledger = AccessFile(path).load()
    assert ledger.session_of("dog", session, NOW) is not None
    assert not isinstance(ledger.enter_by_invitation("dog", invitation, NOW, b"x" * 16), str)
    assert ledger.guards == {"dog": Guard(HASH)}


def test_only_its_owner_may_read_the_secrets(tmp_path: Path) -> None:
    written(tmp_path / "access.json")
    assert (tmp_path / "access.json").stat().st_mode & 0o777 == 0o600


def test_no_token_and_no_password_stands_in_the_file(tmp_path: Path) -> None:
    tokens = written(tmp_path / "access.json")
    content = (tmp_path / "access.json").read_text()
    assert not any(token in content for token in tokens)
    assert "correct horse" not in content


def test_a_file_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "access.json"
    written(path)
    path.chmod(0o666)
    with pytest.raises(UsageError) as raised:
        AccessFile(path).load()
    assert raised.value.code == "access-exposed"


BREAK: list[Any] = [
    lambda document: document.pop("key"),
    lambda document: document.update(more=1),
    lambda document: document.update(version=2),
    lambda document: document.update(key="short"),
    lambda document: document["guards"]["dog"].update(password="plain text"),
    lambda document: document["guards"]["dog"].update(password=None),
    lambda document: document["guards"]["dog"].update(login={"issuer": "https://a.example"}),
    lambda document: document["guards"]["dog"].update(login={**LOGIN, "emails": []}),
    lambda document: document["guards"]["dog"].update(
        login={**LOGIN, "issuer": "http://a.example"}
    ),
    lambda document: document["guards"].update(dog=None),
    lambda document: document["sessions"][0].pop("until_s"),
    lambda document: document["sessions"][0].update(until_s="later"),
    lambda document: document["sessions"][0].update(until_s=True),
    lambda document: document["invitations"][0].update(uses=1.5),
    lambda document: document.update(sessions={}),
    lambda document: document.update(guards=[]),
]


@pytest.mark.parametrize("damage", BREAK)
def test_a_damaged_file_is_an_error_and_lets_nobody_in(tmp_path: Path, damage: Any) -> None:
    path = tmp_path / "access.json"
    written(path)
    document = json.loads(path.read_text())
    damage(document)
    path.write_text(json.dumps(document))
    try:
        ledger = AccessFile(path).load()
    except UsageError as error:
        assert error.code == "access-damaged"
    else:
        assert not ledger.sessions


def test_a_cut_file_is_an_error_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "access.json"
    written(path)
    content = path.read_bytes()
    for size in range(0, len(content) - 2, 37):
        path.write_bytes(content[:size])
        with pytest.raises(UsageError):
            AccessFile(path).load()


def test_nothing_is_changed_if_a_change_fails(tmp_path: Path) -> None:
    path = tmp_path / "access.json"
    written(path)
    before = path.read_bytes()
    with pytest.raises(RuntimeError), AccessFile(path).changing() as ledger:
        ledger.forget("dog")
        raise RuntimeError
    assert path.read_bytes() == before == serialize(AccessFile(path).load())
