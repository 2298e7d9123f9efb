"""Which keys a key follows, by what came with it."""

from __future__ import annotations

import dataclasses
import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from p2claw.agent.home.identity import public_bytes, signed_statement
from p2claw.wire.signalling.belonging import line_of
from p2claw.wire.signalling.statements import Kind, Statement
from p2claw.wire.signalling.succession import backup_of, steps_to

KEYS = [Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32) for number in range(70)]
PUBLIC = [public_bytes(key) for key in KEYS]


def rotated(before: int, after: int) -> Statement:
    return signed_statement(KEYS[before], Kind.ROTATE, PUBLIC[after], 1_000)


def named(key: int, backup: int, at_s: int = 1_000) -> Statement:
    return signed_statement(KEYS[key], Kind.BACKUP, PUBLIC[backup], at_s)


def line(key: int, *statements: Statement) -> list[int]:
    return [
        PUBLIC.index(one) for one in line_of(PUBLIC[key], [one.pack() for one in statements], 0)
    ]


def test_a_key_without_statements_follows_none() -> None:
    assert line(1) == [1]


def test_a_chain_is_followed_to_its_beginning_in_whatever_order_it_comes() -> None:
    chain = [rotated(0, 1), rotated(1, 2), rotated(2, 3)]
    random.Random(7).shuffle(chain)
    assert line(3, *chain) == [3, 2, 1, 0]
    assert line(2, *chain) == [2, 1, 0]


def test_a_backup_key_stands_between_the_keys_and_is_none_of_them() -> None:
    assert line(2, rotated(0, 1), named(1, 9), rotated(9, 2)) == [2, 1, 0]


def test_a_backup_key_that_was_named_is_no_successor() -> None:
    assert line(9, named(1, 9)) == [9]


@pytest.mark.parametrize(
    "forged",
    [
        dataclasses.replace(rotated(0, 1), signature=bytes(64)),
        dataclasses.replace(rotated(0, 2), subject=PUBLIC[1]),
        dataclasses.replace(rotated(2, 1), signer=PUBLIC[0]),
        signed_statement(KEYS[0], Kind.DELEGATE, PUBLIC[1], 1_000, 2_000),
        dataclasses.replace(named(0, 1), kind=Kind.ROTATE),
    ],
    ids=["unsigned", "of-another-key", "by-another-key", "of-another-kind", "of-another-purpose"],
)
def test_a_statement_that_is_not_genuine_leads_nowhere(forged: Statement) -> None:
    assert line(1, forged) == [1]


def test_a_forgery_does_not_hide_what_is_genuine() -> None:
    forged = dataclasses.replace(rotated(5, 1), signature=bytes(64))
    assert line(1, forged, rotated(0, 1)) == [1, 0]


def test_what_is_no_statement_is_passed_over() -> None:
    assert line_of(PUBLIC[1], [b"", b"x" * 138, rotated(0, 1).pack()], 0) == [PUBLIC[1], PUBLIC[0]]


def test_a_circle_ends() -> None:
    assert line(1, rotated(0, 1), rotated(1, 0)) == [1, 0]


def test_a_change_holds_whatever_the_clock_is() -> None:
    future = signed_statement(KEYS[0], Kind.ROTATE, PUBLIC[1], 2**32 - 1)
    assert line(1, future) == [1, 0]


def test_a_step_has_what_proves_it() -> None:
    by = (named(0, 9), rotated(9, 1))
    (step,) = steps_to(PUBLIC[1], [one.pack() for one in by])
    assert (step.before, step.after, step.by) == (PUBLIC[0], PUBLIC[1], by)


def test_the_backup_key_is_the_one_that_was_named_last() -> None:
    ones = [named(0, 8, 1_000), named(0, 9, 1_002), named(1, 7, 1_003), named(0, 0, 1_001)]
    assert backup_of(PUBLIC[0], [one.pack() for one in ones]) == ones[1]
    assert backup_of(PUBLIC[2], [one.pack() for one in ones]) is None
