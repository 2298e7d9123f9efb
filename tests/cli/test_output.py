"""How numbers and tables look to people."""

from __future__ import annotations

import pytest

from p2claw.cli.output import bytes_text, duration_text, print_facts, print_table


@pytest.mark.parametrize(
    "count, text",
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_000_000, "2.0 MB"), (5e12, "5000.0 GB")],
)
def test_bytes_have_the_unit_that_fits(count: int, text: str) -> None:
    assert bytes_text(count) == text


@pytest.mark.parametrize(
    "seconds, text",
    [
        (7.6, "8 s"),
        (61, "1 min"),
        (3_900, "1 h 5 min"),
        (36_010, "10 h"),
        (86_400, "1 d"),
        (100_000, "1 d 3 h"),
    ],
)
def test_durations_have_the_units_that_fit(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_table_aligns_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("APP", "URL"), [("dog", None), ("aardvark", "x")])
    assert capsys.readouterr().out == "APP       URL\ndog       –\naardvark  x\n"


def test_a_table_aligns_numbers_on_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("APP", "LINKS"), [("dog", 7), ("cat", 1234567)])
    assert capsys.readouterr().out == "APP  LINKS\ndog        7\ncat  1234567\n"


def test_facts_align_their_values(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts([("a", 1), ("long", None)])
    assert capsys.readouterr().out == "a     1\nlong  –\n"
