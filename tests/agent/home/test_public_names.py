"""Under which names apps are visited, made of what the coordinator says."""

from __future__ import annotations

import pytest

from p2claw.agent.home.public_names import PublicNames
from p2claw.errors import RemoteProtocolError

KEY_ALIAS = "a" * 26


def names(base: str) -> PublicNames:
    return PublicNames(base, "purplecrab", KEY_ALIAS)


def test_an_app_has_a_url_by_alias() -> None:
    base = "http://{label}.localhost:8787"
    assert names(base).url("dog") == "http://dog-purplecrab.localhost:8787/"


def test_an_app_has_a_url_that_proves_itself() -> None:
    base = "http://{label}.localhost:8787"
    assert names(base).key_url("dog") == f"http://dog-{KEY_ALIAS}.localhost:8787/"


def test_the_box_has_a_url_of_its_own() -> None:
    assert names("https://{label}.p2claw.example").url(None) == "https://purplecrab.p2claw.example/"


@pytest.mark.parametrize(
    "base", ["https://{label}.p2claw.example:443", "http://{label}.p2claw.example:80/"]
)
def test_a_default_port_is_not_written(base: str) -> None:
    assert names(base).host("dog") == "dog-purplecrab.p2claw.example"


def test_an_app_has_both_hosts_the_usual_one_first() -> None:
    assert names("http://{label}.localhost:8787").hosts("dog") == (
        "dog-purplecrab.localhost:8787",
        f"dog-{KEY_ALIAS}.localhost:8787",
    )


@pytest.mark.parametrize(
    "base",
    [
        "",
        "http://localhost",
        "ftp://{label}.localhost",
        "http://x.{label}.localhost",
        "http://{label}.localhost/path",
        "http://{label}.localhost:99999",
        "http://{label}",
    ],
)
def test_a_base_that_is_no_url_of_apps_is_refused(base: str) -> None:
    with pytest.raises(RemoteProtocolError):
        names(base)
