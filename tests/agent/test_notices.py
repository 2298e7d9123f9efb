"""What an app does to its visitors without noticing is said to its owner, and once."""

from __future__ import annotations

import pytest

from p2claw.agent import notices
from p2claw.agent.notices import MOST_AN_APP, Notices

HOSTS = ("dog-crab.p2claw.example:8443",)


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def warning(self, phrase: str, *, app: str, domain: str) -> None:
        self.lines.append((app, domain))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    monkeypatch.setattr(notices, "log", log)
    return log


def test_a_cookie_for_another_domain_is_said_once_an_app(log: Log) -> None:
    said = Notices()
    fields = (("set-cookie", "a=b; Domain=.example.com"), ("set-cookie", "c=d; domain=example.com"))
    for app in ("dog", "dog", "cat"):
        said.response(app, fields, HOSTS)
    assert log.lines == [("dog", "example.com"), ("cat", "example.com")]


def test_a_cookie_of_the_apps_own_is_nothing_to_say(log: Log) -> None:
    own = ("set-cookie", "a=b; Domain=dog-crab.p2claw.example")
    Notices().response("dog", (own, ("set-cookie", "c=d"), ("x-cookie", "; Domain=a.b")), HOSTS)
    assert log.lines == []


def test_an_app_that_names_ever_new_domains_is_not_said_for_ever(log: Log) -> None:
    said = Notices()
    for number in range(MOST_AN_APP * 2):
        said.response("dog", (("set-cookie", f"a=b; Domain={number}.example"),), HOSTS)
    assert len(log.lines) == MOST_AN_APP
