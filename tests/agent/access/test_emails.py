"""Lists of addresses: what an owner may write, and what is on it."""

from __future__ import annotations

import pytest

from p2claw.agent.access.emails import ADDRESSES, is_allowed, plain_address, read_allowed
from p2claw.errors import UsageError


def test_addresses_and_domains_are_kept_in_lower_case_and_once() -> None:
    given = ["Ada@Example.org", " @EXAMPLE.com", "ada@example.org"]
    assert read_allowed(given) == ("ada@example.org", "@example.com")


@pytest.mark.parametrize(
    "text",
    [
        *("", "@", "ada", "ada@", "@org", "ada@localhost", "@example.", "@.example.org", "*@a.org"),
        *("ada@exa mple.org", "ada@example.org, eve@example.org", "ada@@example.org", "ädä@a.org"),
        *(
            "@-a.org",
            "@a..org",
            "ada@[127.0.0.1]",
            "@1.2.3.4",
            "@example.org\nx",
            "a" * 300 + "@a.b",
        ),
    ],
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_allowed([text])
    assert raised.value.code == "email-invalid"


def test_a_list_has_an_end() -> None:
    with pytest.raises(UsageError) as raised:
        read_allowed(f"a{number}@example.org" for number in range(ADDRESSES + 1))
    assert raised.value.code == "emails-full"


@pytest.mark.parametrize(
    "address, allowed",
    [
        *[("ada@example.org", True), ("bob@example.com", True), ("bob@example.org", False)],
        *[("ada@mail.example.com", False), ("@example.com", False), ("", False)],
    ],
)
def test_a_domain_lets_in_its_own_addresses_alone(address: str, allowed: bool) -> None:
    assert is_allowed(("ada@example.org", "@example.com"), address) is allowed


def test_what_a_provider_writes_is_an_address_or_nothing() -> None:
    assert plain_address("O'Hara+x@Example.ORG") == "o'hara+x@example.org"
    assert plain_address("ada@example.org ") == plain_address(["ada@example.org"]) == ""
