"""p2claw.coord.line on a fake clock: who works, who waits, and who comes again when."""

from __future__ import annotations

from p2claw.coord.line import AGAIN_PER_S, MOST_AGAIN_S, Line


def _turns(line: Line) -> list[int]:
    found = []
    while (number := line.next_turn()) is not None:
        found.append(number)
    return found


def _asked(line: Line, *numbers: int, address: str = "a", opened: bool = False) -> list[bool]:
    return [line.ask(number, address, opened=opened) for number in numbers]


def test_as_many_work_at_once_as_may() -> None:
    line = Line(at_work=2, places=10)
    assert _asked(line, 1, 2, 3) == [True, True, False]


def test_who_is_done_lets_the_next_one_work() -> None:
    line = Line(at_work=1, places=10)
    _asked(line, 1, 2, 3)
    assert _turns(line) == []
    line.done(1)
    assert _turns(line) == [2]


def test_nobody_overtakes_those_who_wait() -> None:
    line = Line(at_work=1, places=10)
    _asked(line, 1, 2)
    line.done(1)
    assert not line.ask(3, "a", opened=False)
    assert _turns(line) == [2]


def test_whose_agent_has_replied_comes_before_those_who_have_just_come() -> None:
    line = Line(at_work=1, places=10)
    _asked(line, 1, 2)
    _asked(line, 3, opened=True)
    line.done(1)
    assert _turns(line) == [3]


def test_addresses_take_turns_whatever_each_has_waiting() -> None:
    line = Line(at_work=1, places=100)
    _asked(line, 1)
    _asked(line, 2, 3, 4, address="many")
    _asked(line, 5, address="one")
    order = []
    for done in (1, 2, 5, 3):
        line.done(done)
        order += _turns(line)
    assert order == [2, 5, 3, 4]


def test_who_has_gone_while_it_waited_gets_no_turn() -> None:
    line = Line(at_work=1, places=10)
    _asked(line, 1, 2, 3)
    line.withdraw(2, "a")
    line.done(1)
    assert _turns(line) == [3]
    assert line.waiting == 0


def test_who_has_gone_at_work_lets_the_next_one_work() -> None:
    line = Line(at_work=1, places=10)
    _asked(line, 1, 2)
    line.withdraw(1, "a")
    assert _turns(line) == [2]


def test_an_address_alone_gets_half_of_the_places() -> None:
    line = Line(at_work=1, places=10)
    came = 0
    while line.may_come("many"):
        line.come("many")
        came += 1
    assert came == 5
    assert line.may_come("one")


def test_a_place_that_is_left_is_free_again() -> None:
    line = Line(at_work=1, places=2)
    line.come("a")
    assert not line.may_come("a")
    line.leave("a")
    assert line.may_come("a")


def test_each_that_finds_no_place_comes_again_at_a_time_of_its_own() -> None:
    line = Line(at_work=1, places=0)
    told = [line.again_s(1000.0, 0.5) for _ in range(int(2 * AGAIN_PER_S))]
    assert told == sorted(told)
    for second in (0, 1):
        in_it = sum(second < again_s <= second + 1 for again_s in told)
        assert abs(in_it - AGAIN_PER_S) <= 1


def test_times_begin_when_those_who_have_a_place_are_done() -> None:
    line = Line(at_work=1, places=2_000)
    for number in range(600):
        line.come(str(number))
    assert line.again_s(1000.0, 0.5) > 600 / AGAIN_PER_S


def test_times_that_were_told_pass() -> None:
    line = Line(at_work=1, places=0)
    for _ in range(int(10 * AGAIN_PER_S)):
        line.again_s(1000.0, 0.5)
    assert line.again_s(1005.0, 0.5) > 4.9
    assert line.again_s(1100.0, 0.5) < 1.0


def test_nobody_is_told_a_time_later_than_agents_wait() -> None:
    line = Line(at_work=1, places=0)
    for _ in range(100_000):
        line.again_s(1000.0, 0.5)
    told = [line.again_s(1000.0, drawn) for drawn in (0.0, 0.5, 1.0)]
    assert told == [MOST_AGAIN_S / 2, MOST_AGAIN_S * 3 / 4, MOST_AGAIN_S]
