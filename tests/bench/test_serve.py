"""What the bench of served requests concludes from its figures."""

from __future__ import annotations

import pytest

from bench.serve.cases import CASES, FILES
from bench.serve.h2load import times_of
from p2claw.errors import P2clawError


def test_every_case_asks_for_a_file_that_there_is_and_ends_evenly() -> None:
    for case in CASES.values():
        assert case.file in FILES
        assert case.bytes * case.requests >= 10**8 or (
            case.requests >= 10 * case.visitors * case.parallel
        )
        assert case.requests % case.visitors == 0


def test_the_times_of_h2load_are_milliseconds_and_a_failure_is_none() -> None:
    assert times_of("1700000000000000\t200\t1500\n1700000000000001\t200\t250\n") == [1.5, 0.25]
    with pytest.raises(P2clawError):
        times_of("1700000000000000\t502\t1500\n")
