"""`--allow-email` and the options of the provider: where they come from, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.program import p2claw

ISSUER = "https://login.example.org"
PROVIDER = ("--oidc-issuer", ISSUER, "--oidc-client", "box")
ALLOWED = ("--allow-email", "Ada@example.org", "--allow-email", "@example.com")


def kept(home: Path) -> dict[str, object]:
    """The guard of the app, as it is written down."""
    guards = json.loads((home / "access.json").read_text())["guards"]
    found: dict[str, object] = guards["dog"]
    return found


def test_who_may_enter_is_written_down_and_the_secret_shown_nowhere(home: Path) -> None:
    secret = home / "secret"
    secret.write_text("hush\n")
    options = (*ALLOWED, *PROVIDER, "--oidc-secret-file", str(secret))
    exposed = p2claw(home, "expose", "dog", "3000", *options, "--json")
    emails = ["ada@example.org", "@example.com"]
    assert exposed.json["guarded"] == ["oidc", "invitation"]
    assert exposed.json["login"] == {
        "issuer": ISSUER,
        "client": "box",
        "emails": emails,
        "redirect_uris": [],
    }
    assert kept(home)["login"] == {
        "issuer": ISSUER,
        "client": "box",
        "emails": emails,
        "secret": "hush",
    }
    assert "hush" not in exposed.out + p2claw(home, "routes", "--json").out
    again = p2claw(home, "expose", "dog", "3001", "--json").json
    assert (again["guarded"], again["login"]) == (["oidc", "invitation"], None)
    assert p2claw(home, "expose", "dog", "3001", "--public", "--json").json["guarded"] == []


def test_a_provider_of_the_box_stands_in_its_file_and_the_environment_goes_before(
    home: Path,
) -> None:
    file = home / "config" / "p2claw" / "p2claw.toml"
    file.parent.mkdir(parents=True)
    (file.parent / "secret").write_text("of the file\n")
    lines = ("[agent]", f'oidc-issuer = "{ISSUER}"', 'oidc-client = "boxes"')
    file.write_text("\n".join((*lines, 'oidc-secret-file = "secret"')))
    command = ("expose", "dog", "3000", *ALLOWED, "--json")
    assert p2claw(home, *command).json["login"]["client"] == "boxes"
    assert "'secret': 'of the file'" in str(kept(home))
    client = {"P2CLAW_OIDC_CLIENT": "other", "P2CLAW_OIDC_SECRET": "of the environment"}
    assert p2claw(home, *command, **client).json["login"]["client"] == "other"
    assert "'secret': 'of the environment'" in str(kept(home))
    shown = p2claw(home, "config", "show", "--json", **client).json["agent"]
    assert [shown[key]["source"] for key in ("oidc-issuer", "oidc-client")] == [
        "file",
        "environment",
    ]


@pytest.mark.parametrize(
    "options, code",
    [
        (ALLOWED, "oidc-missing"),
        (PROVIDER, "oidc-nobody"),
        ((*PROVIDER, "--allow-email", "example.com"), "email-invalid"),
        ((*ALLOWED, "--oidc-issuer", "http://login.example.org", *PROVIDER[2:]), "oidc-invalid"),
        ((*ALLOWED, *PROVIDER, "--oidc-secret-file", "/nowhere"), "oidc-unreadable"),
        ((*ALLOWED, *PROVIDER, "--public"), "usage"),
    ],
)
def test_what_guards_nothing_exposes_nothing(
    home: Path, options: tuple[str, ...], code: str
) -> None:
    ran = p2claw(home, "expose", "dog", "3000", *options, "--json")
    assert (ran.code, ran.error["code"]) == (2, code)
    assert p2claw(home, "routes", "--json").json["routes"] == []
