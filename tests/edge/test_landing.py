"""The page of the bare parent."""

from __future__ import annotations

import html.parser

import pytest

from p2claw.edge.landing import FIELDS, landing_page

EXAMPLE = "https://<app>-<alias>.apps.example.org/"


class Page(html.parser.HTMLParser):
    """Its text, its links, and every attribute that loads something."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.text, self.links, self.loads = "", list[str](), list[str]()
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a":
            self.links.append(found["href"] or "")
        self.loads += [name for name in found if name in ("src", "srcset", "onclick")]

    def handle_data(self, data: str) -> None:
        self.text += data


def page(joining: str = "open", operator: str = "", contact: str = "") -> Page:
    return Page(landing_page("apps.example.org", EXAMPLE, joining, operator, contact))


def test_it_names_who_runs_it_and_where_to_report_abuse() -> None:
    found = page(operator="Example Club", contact="abuse@example.org")
    assert "Example Club." in found.text
    assert "mailto:abuse@example.org" in found.links


def test_a_contact_may_be_a_page() -> None:
    assert "https://example.org/abuse" in page(contact="https://example.org/abuse").links


def test_without_a_contact_it_shows_that_there_is_none() -> None:
    found = page()
    assert "has named nobody to write to" in found.text
    assert [link for link in found.links if link.startswith("mailto:")] == []


@pytest.mark.parametrize(
    ("joining", "phrase"),
    [
        ("open", "Any box may join"),
        ("invite", "--invite CODE"),
        ("listed", "boxes that are listed"),
    ],
)
def test_it_shows_how_to_join(joining: str, phrase: str) -> None:
    found = page(joining)
    assert phrase in found.text
    assert "p2claw join https://apps.example.org" in found.text


def test_what_the_operator_wrote_is_text_and_nothing_else() -> None:
    found = page(operator="<script>alert(1)</script>", contact='"><img src=x>@x')
    assert "<script>alert(1)</script>" in found.text
    assert found.loads == []


def test_it_loads_nothing() -> None:
    assert page().loads == []
    assert "default-src 'none'" in FIELDS["Content-Security-Policy"]
