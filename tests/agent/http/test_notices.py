"""What is noticed of an app is kept for its owner, and logged once."""

from __future__ import annotations

import pytest

from p2claw.agent.home.routes import Route
from p2claw.agent.http import notices
from p2claw.agent.http.notices import KINDS, MOST_PER_APP, Notice, Notices
from p2claw.agent.upstream.address import parse_upstream
from p2claw.wire.frames.limits import NOTICE_CHARS

COOKIE = Notice("dog", "cookie-domain", "example.com")


class Log:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def warning(self, phrase: str, *, app: str, code: str, detail: str) -> None:
        self.lines.append((app, code, detail))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    monkeypatch.setattr(notices, "log", log)
    return log


def test_one_thing_is_reported_once_per_app(log: Log) -> None:
    kept = Notices()
    for notice in (COOKIE, COOKIE, Notice("cat", "cookie-domain", "example.com")):
        kept.add(notice)
    assert log.lines == [
        ("dog", "cookie-domain", "example.com"),
        ("cat", "cookie-domain", "example.com"),
    ]


def test_the_owner_reads_what_is_so_and_what_to_do(log: Log) -> None:
    kept = Notices()
    kept.add(COOKIE)
    (facts,) = kept.of("dog")
    assert (facts["code"], facts["detail"]) == ("cookie-domain", "example.com")
    assert facts["text"] == "It sets a cookie for example.com, which no browser keeps here"
    assert facts["advice"]
    assert kept.of("cat") == []


def test_an_app_with_ever_new_reasons_is_not_logged_for_ever(log: Log) -> None:
    kept = Notices()
    for number in range(MOST_PER_APP * 2):
        kept.add(Notice("dog", "cookie-domain", f"{number}.example"))
    assert len(log.lines) == len(kept.of("dog")) == MOST_PER_APP


def test_another_upstream_begins_anew(log: Log) -> None:
    kept = Notices()
    for port in ("3000", "3000", "4000"):
        kept.keep({"dog": Route("dog", parse_upstream(port))})
        before = kept.of("dog")
        kept.add(COOKIE)
        assert before == ([] if not log.lines or port == "4000" else before)
    assert len(log.lines) == 2


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_has_a_text_and_advice(code: str) -> None:
    facts = Notice("dog", code, "a-detail").facts()
    assert "{" not in facts["text"] and facts["advice"]


@pytest.mark.parametrize("code", KINDS)
def test_a_line_ends_with_the_way_out_however_long_the_detail_is(code: str) -> None:
    line = Notice("dog", code, "x" * 5_000).line
    assert len(line) <= NOTICE_CHARS
    assert line.endswith(f". {KINDS[code][1]}.")
