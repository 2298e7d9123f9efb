"""The recovery code: as text, with mistakes, and sealed."""

from __future__ import annotations

import pytest

from p2claw.agent.home.recovery_key import (
    SECRET_BYTES,
    RecoveryFile,
    RecoveryKey,
    parse_code,
    seal,
    unseal,
)
from p2claw.errors import UsageError

KEY = RecoveryKey(bytes(range(SECRET_BYTES)))


def refused(text: str, passphrase: str | None = None) -> str:
    with pytest.raises(UsageError) as raised:
        RecoveryFile.parse(text).open(passphrase)
    return raised.value.code


def test_a_code_is_nine_groups_of_four_characters() -> None:
    assert [len(group) for group in KEY.code.split("-")] == [4] * 9


def test_a_code_gives_the_same_key_wherever_it_is_typed() -> None:
    assert KEY.peer_id == RecoveryKey(KEY.secret).peer_id
    for typed in (KEY.code, KEY.code.upper(), KEY.code.replace("-", " "), f" {KEY.code}\n"):
        assert parse_code(typed) == KEY


def test_two_codes_are_never_the_same() -> None:
    assert RecoveryKey.make() != RecoveryKey.make()


@pytest.mark.parametrize("at", [0, 7, 20, 43])
def test_a_mistake_of_one_character_is_noticed(at: int) -> None:
    other = "b" if KEY.code[at] != "b" else "c"
    assert refused(KEY.code[:at] + other + KEY.code[at + 1 :]) == "recovery-invalid"


@pytest.mark.parametrize("text", ["", "abcd", "!" * 36, f"{KEY.code}abcd", "box: crab\n", "a: b"])
def test_what_is_no_code_is_refused(text: str) -> None:
    assert refused(text) == "recovery-invalid"


def test_a_file_tells_where_the_box_was_and_what_opens_it() -> None:
    kept = RecoveryFile("https://apps.example", "purplecrab", code=KEY.code)
    read = RecoveryFile.parse(kept.text())
    assert read == kept
    assert read.open(None) == KEY


def test_a_sealed_file_is_opened_by_its_passphrase_alone() -> None:
    kept = RecoveryFile("https://apps.example", "crab", sealed=seal(KEY, "open sesame"))
    assert KEY.code not in kept.text()
    assert RecoveryFile.parse(kept.text()).open("open sesame") == KEY
    assert refused(kept.text(), "open barley") == "passphrase-wrong"
    assert refused(kept.text()) == "passphrase-needed"


def test_the_same_code_is_sealed_differently_each_time() -> None:
    assert seal(KEY, "a") != seal(KEY, "a")


def test_what_is_sealed_is_whole_or_refused() -> None:
    sealed = seal(KEY, "a")
    for broken in (sealed[:-4], "AAAA", "?"):
        with pytest.raises(UsageError) as raised:
            unseal(broken, "a")
        assert raised.value.code == "recovery-invalid"
