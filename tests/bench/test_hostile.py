"""What the bench of attacks concludes from its figures, and that it has every attack."""

from __future__ import annotations

import pytest

from bench.hostile import strangers
from bench.hostile.figures import facts_of, summary
from bench.hostile.kinds import BY_A_STRANGER, KINDS
from tests.hostile.attacks import ATTACKS


def test_every_attack_of_the_tests_and_of_strangers_is_measured() -> None:
    by_strangers = {name for name, kind in KINDS.items() if kind.module == BY_A_STRANGER}
    assert by_strangers == strangers.ATTACKS.keys()
    assert KINDS.keys() - by_strangers == ATTACKS.keys()


@pytest.mark.parametrize(
    ("here_ms", "elsewhere_ms", "holds"),
    [(40.0, 20.0, True), (51.0, 20.0, False), (40.0, 10.0, False)],
)
def test_it_holds_within_fifty_milliseconds_and_three_times(
    here_ms: float, elsewhere_ms: float, holds: bool
) -> None:
    facts = facts_of({"here_p99_ms": here_ms, "elsewhere_p99_ms": elsewhere_ms})
    assert facts["holds"] is holds


def test_a_neighbour_that_was_not_served_at_all_is_no_success() -> None:
    facts = summary("here", []) | summary("elsewhere", [1.0, 2.0])
    assert facts["here_count"] == 0
    assert facts_of(facts) == {"holds": False}
