"""Which content codings an Accept-Encoding accepts."""

from __future__ import annotations

import pytest

from p2claw.content_codings import accepted_codings


@pytest.mark.parametrize(
    ("field", "accepted"),
    [
        ("", set()),
        ("identity", set()),
        ("gzip", {"gzip"}),
        ("gzip, deflate, br, zstd", {"br", "gzip"}),
        ("GZIP;Q=0.5 , br ; q=0.9", {"br", "gzip"}),
        ("br;q=0, gzip", {"gzip"}),
        ("br;q=0.000, gzip;q=0.001", {"gzip"}),
        ("*", {"br", "gzip"}),
        ("*;q=0, gzip", {"gzip"}),
        ("gzip;q=0, *", {"br"}),
        ("br;q=much, gzip;q=", set()),
        ("br;q=nan", set()),
        ("br;level=5", {"br"}),
        (",;,=", set()),
    ],
)
def test_a_coding_is_accepted_unless_its_weight_is_nothing(field: str, accepted: set[str]) -> None:
    assert accepted_codings(field) == accepted
