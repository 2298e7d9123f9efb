"""What the bench of crowds concludes: when a film stands still."""

from __future__ import annotations

from bench.crowd.film import BYTES_PER_S, LEAST_S, Screen


def test_a_film_that_comes_as_fast_as_it_is_shown_never_stands_still() -> None:
    screen = Screen(0.0)
    for second in range(60):
        screen.add(BYTES_PER_S, float(second))
    screen.advance(60.0)
    assert (screen.stalls, screen.shown_s) == (0, 60.0)


def test_a_film_that_comes_at_half_the_speed_stands_still_again_and_again() -> None:
    screen = Screen(0.0)
    for second in range(60):
        screen.add(BYTES_PER_S // 2, float(second))
    assert screen.stalls > 10
    assert screen.shown_s <= 30.0


def test_a_film_begins_once_there_is_enough_of_it() -> None:
    screen = Screen(0.0)
    screen.add(int(LEAST_S * BYTES_PER_S) - 1, 1.0)
    assert not screen.is_shown
    screen.add(1, 2.0)
    assert screen.is_shown
