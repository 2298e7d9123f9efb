"""The TURN key of a server on the command line: its faults are printed, its token is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from p2claw.coord.store.sqlite import SqliteStore
from tests.cli.program import Ran, p2claw
from tests.support.turn_key_service import KEY_ID, TOKEN, TurnKeyService, turn_key_service


@pytest.fixture
def service() -> Iterator[TurnKeyService]:
    with turn_key_service() as running:
        yield running


@pytest.fixture
def options(home: Path, service: TurnKeyService) -> Path:
    """A file of options with a good key, and the file of its token beside it."""
    path = home / "config" / "p2claw" / "p2claw.toml"
    path.parent.mkdir(parents=True)
    (path.parent / "token").write_text(f"{TOKEN}\n")
    path.write_text(
        f'[server]\nturn-key = "{KEY_ID}"\nturn-key-api = "{service.url}"\n'
        'turn-key-token-file = "token"\ndata = "data"\n'
    )
    return path


async def stored(options: Path) -> None:
    """Make the database of a server."""
    store = await SqliteStore.open(options.parent / "data")
    await store.close()


def relays(ran: Ran) -> tuple[int, str]:
    assert TOKEN not in ran.out + ran.err
    return ran.code, ran.json["relays"]["code"]


async def test_server_check_tries_the_key(
    home: Path, options: Path, service: TurnKeyService
) -> None:
    await stored(options)
    good = p2claw(home, "server", "check", "--json")
    assert relays(good) == (0, "")
    assert good.json["relays"]["urls"][0] == "turn:turn.example:3478?transport=udp"
    service.respond = (404, b"", {})
    checked = p2claw(home, "server", "check")
    assert (checked.code, "does not know the TURN key" in checked.out) == (1, True)
    assert "Compare --turn-key" in checked.out


def test_doctor_tries_the_key_of_a_server_on_this_machine(
    home: Path, options: Path, service: TurnKeyService
) -> None:
    def found() -> tuple[str, str]:
        ran = p2claw(home, "doctor", "--json")
        assert TOKEN not in ran.out + ran.err
        (check,) = [one for one in ran.json["checks"] if one["check"] == "relays"]
        return check["level"], check["text"] + check["advice"]

    assert found()[0] == "ok"
    service.respond = (401, b"", {})
    level, text = found()
    assert level == "fail" and "turn-key-refused" in text and "--turn-key-token-file" in text


@pytest.mark.parametrize(
    ("token", "code"), [("", "usage"), ("two words", "turn-key-token-invalid")]
)
def test_config_check_finds_a_token_that_cannot_be(
    home: Path, options: Path, token: str, code: str
) -> None:
    (options.parent / "token").write_text(token)
    (problem,) = p2claw(home, "config", "check", "--json").json["problems"]
    assert problem["code"] == code


def test_the_token_may_be_in_the_environment(home: Path, options: Path) -> None:
    text = options.read_text().replace('turn-key-token-file = "token"\n', "")
    options.write_text(text)
    (problem,) = p2claw(home, "config", "check", "--json").json["problems"]
    assert problem["code"] == "turn-key-incomplete"
    ran = p2claw(home, "config", "check", P2CLAW_TURN_KEY_TOKEN=TOKEN)
    assert ran.code == 0


def test_a_token_without_its_key_is_not_passed_over(home: Path) -> None:
    ran = p2claw(home, "server", "--json", P2CLAW_TURN_KEY_TOKEN=TOKEN)
    assert (ran.code, ran.error["code"]) == (2, "turn-key-incomplete")
    assert TOKEN not in ran.out + ran.err


def test_config_show_has_the_key_and_not_its_token(home: Path, options: Path) -> None:
    ran = p2claw(home, "config", "show", "--json", P2CLAW_TURN_KEY_TOKEN=TOKEN)
    assert ran.json["server"]["turn-key"]["value"] == KEY_ID
    assert TOKEN not in ran.out + ran.err
