"""The address that a cloud maps to a machine: noticed where it is sure, and as it was given."""

from __future__ import annotations

import pytest

from p2claw.cli.setup import mapped
from p2claw.cli.setup.mapped import external_ip, mapped_address, source_address
from p2claw.cli.setup.names import own_addresses
from p2claw.errors import UsageError

OWN = ("127.0.0.1", "::1", "10.0.0.5", "fd00::5")
PUBLIC = "52.1.2.3"


@pytest.mark.parametrize(
    ("named", "own", "source", "found"),
    [
        ([PUBLIC], OWN, "10.0.0.5", f"{PUBLIC}/10.0.0.5"),
        ([PUBLIC, "2600::1"], OWN, "100.64.0.5", f"{PUBLIC}/100.64.0.5"),
        # The machine has it, or another public one: then the name leads elsewhere.
        ([PUBLIC], (*OWN, PUBLIC), PUBLIC, ""),
        ([PUBLIC], OWN, "93.184.216.34", ""),
        # Two, none, or one that no stranger reaches.
        ([PUBLIC, "52.1.2.4"], OWN, "10.0.0.5", ""),
        (["2600::1"], OWN, "10.0.0.5", ""),
        (["192.168.1.9"], OWN, "10.0.0.5", ""),
        ([], OWN, "10.0.0.5", ""),
        ([PUBLIC], OWN, "", ""),
    ],
)
def test_a_mapping_is_noticed_where_it_is_sure(
    named: list[str], own: tuple[str, ...], source: str, found: str
) -> None:
    assert mapped_address(named, own, source) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("", ""),
        ("none", ""),
        (PUBLIC, f"{PUBLIC}/10.0.0.5"),
        (f"{PUBLIC}/10.0.0.9", f"{PUBLIC}/10.0.0.9"),
        ("2600::1/fd00::5", "2600::1/fd00::5"),
        ("2600::1", "2600::1"),  # this machine has no IPv6
        ("10.0.0.5", ""),  # its own
    ],
)
def test_what_is_given_becomes_a_pair(
    given: str, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = {4: "10.0.0.5", 6: ""}
    monkeypatch.setattr(mapped, "source_address", sources.__getitem__)
    assert external_ip(given) == found


@pytest.mark.parametrize("given", ["x", "52.1.2.3/", "52.1.2.3/fd00::5", "1.2.3.4/5.6.7.8/9"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(UsageError) as caught:
        external_ip(given)
    assert caught.value.code == "external-ip-invalid"


def test_the_address_from_which_this_machine_speaks_is_one_of_its_own() -> None:
    assert {source_address(4), source_address(6)} - {""} <= own_addresses()
    assert "127.0.0.1" in own_addresses()
