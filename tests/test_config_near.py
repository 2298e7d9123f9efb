"""p2claw.config.near: which regions are near, as options say."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from p2claw.config import Relay, ServerConfig, parse_near
from p2claw.config.near import MOST_REGIONS, MOST_VALUES
from p2claw.errors import UsageError

RELAYS = (Relay("a", ("turn:a",), "eu"), Relay("b", ("turn:b",), "us"))
PROXY = (ip_network("10.0.0.0/8"),)


def refused(**settings: object) -> str:
    with pytest.raises(UsageError) as raised:
        ServerConfig(relays=RELAYS, turn_secret="x", **settings)  # type: ignore[arg-type]
    assert raised.value.code == "near-invalid"
    return raised.value.message


def test_every_value_has_its_regions_in_order_whatever_its_case() -> None:
    assert parse_near(["DE, FR=eu", "US=us,eu"]) == {
        "de": ("eu",),
        "fr": ("eu",),
        "us": ("us", "eu"),
    }


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (["DE"], "after ="),
        (["DE="], "after ="),
        (["=eu"], "no value"),
        (["DE,=eu"], "no value"),
        (["DE=eu", "de=us"], "already"),
        (["ü=eu"], "no value"),
        (["DE=" + ",".join("abcdefghi")], f"1 to {MOST_REGIONS}"),
        ([f"v{number}=eu" for number in range(MOST_VALUES + 1)], "more than"),
    ],
)
def test_what_is_no_list_of_regions_is_refused_by_what_is_wrong(texts: list[str], why: str) -> None:
    with pytest.raises(UsageError) as raised:
        parse_near(texts)
    assert raised.value.code == "near-invalid"
    assert why in raised.value.message


def test_a_field_is_for_proxies_that_are_trusted() -> None:
    assert "--trusted-proxy" in refused(region_field="CF-IPCountry")


def test_values_need_their_field() -> None:
    assert "--region-field" in refused(near={"de": ("eu",)}, trusted_proxies=PROXY)


def test_a_region_is_one_of_the_relays() -> None:
    near = {"br": ("sa",)}
    assert "sa" in refused(near=near, region_field="X-Region", trusted_proxies=PROXY)


def test_a_name_that_is_none_is_refused() -> None:
    assert "no name of a field" in refused(region_field="X Region", trusted_proxies=PROXY)
