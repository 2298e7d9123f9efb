"""Where a box registers: never anywhere by itself."""

from __future__ import annotations

import pytest

from p2claw.agent.home.choice import Choice, choose
from p2claw.agent.home.coordinators import Joined
from p2claw.errors import UsageError

A, B, C = "https://a.example", "https://b.example", "http://localhost:8787"


def refused(joined: Joined, named: str | None = None, setting: str = "") -> UsageError:
    with pytest.raises(UsageError) as caught:
        choose(joined, named, setting=setting)
    return caught.value


def test_a_box_that_joined_nothing_goes_nowhere() -> None:
    assert refused(Joined()).code == "coordinator-unknown"


def test_without_a_name_it_goes_where_it_has_joined() -> None:
    assert choose(Joined((A,))).url == A
    assert choose(Joined((A, B), B)).url == B


def test_of_several_without_a_default_one_has_to_be_named() -> None:
    error = refused(Joined((A, B)))
    assert error.code == "coordinator-ambiguous"
    assert f"{A} and {B}" in error.message and "--at" in error.hint


def test_the_first_one_that_is_named_is_to_be_remembered() -> None:
    assert choose(Joined(), "https://A.example/") == Choice(A, Joined(), remember=True)


def test_the_command_line_leads_elsewhere_this_time_only() -> None:
    assert choose(Joined((A,)), B) == Choice(B, Joined((A,)), elsewhere=True)


def test_one_of_several_is_chosen_by_its_name() -> None:
    assert choose(Joined((A, B)), B) == Choice(B, Joined((A, B)))


def test_a_setting_counts_where_nothing_is_joined_and_is_not_remembered_beside_itself() -> None:
    assert choose(Joined(), A, setting="P2CLAW_COORDINATOR") == Choice(A, Joined())


def test_a_setting_may_choose_among_those_that_were_joined() -> None:
    joined = Joined((A, B), A)
    assert choose(joined, B, setting="P2CLAW_COORDINATOR") == Choice(B, joined)


def test_a_setting_does_not_carry_a_box_away() -> None:
    error = refused(Joined((A, B)), C, setting="P2CLAW_COORDINATOR")
    assert error.code == "coordinator-differs"
    assert error.message == f"P2CLAW_COORDINATOR names {C}, and this box has joined {A} and {B}"


@pytest.mark.parametrize("setting", ["", "P2CLAW_COORDINATOR"])
def test_what_is_no_address_is_refused(setting: str) -> None:
    assert refused(Joined(), "a.example", setting).code == "coordinator-invalid"
