"""A short, seeded run of every fuzz target; `python -m tests.fuzz.run` makes long ones."""

from __future__ import annotations

import pytest

from tests.fuzz.run import fuzz
from tests.fuzz.targets import load

INPUTS = 20_000
TARGETS = load()


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_no_input_gets_past_the_errors_that_it_may_raise(name: str) -> None:
    outcome = fuzz(TARGETS[name], INPUTS // len(TARGETS), seed=1)
    assert outcome.find is None, outcome.find and outcome.find.hex()


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_the_inputs_reach_what_is_accepted_and_what_is_refused(name: str) -> None:
    outcome = fuzz(TARGETS[name], 1_000, seed=2)
    assert outcome.accepted > 20
    assert outcome.refused > 20
