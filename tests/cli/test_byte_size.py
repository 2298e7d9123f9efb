"""p2claw.cli.byte_size: numbers of bytes as people write them."""

from __future__ import annotations

import click
import pytest

from p2claw.cli.byte_size import ByteSize


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("1000000", 1_000_000),
        ("50GB", 50_000_000_000),
        ("50 gb", 50_000_000_000),
        ("1.5TB", 1_500_000_000_000),
        ("512MiB", 536_870_912),
        ("1GiB", 1_073_741_824),
        (" 7kB ", 7_000),
    ],
)
def test_a_size_is_read(text: str, count: int) -> None:
    assert ByteSize().convert(text, None, None) == count


@pytest.mark.parametrize("text", ["", "GB", "-1", "1e9", "5 bananas", "1,5GB", "٣GB", "9" * 30])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        ByteSize().convert(text, None, None)


def test_more_than_can_be_counted_is_refused() -> None:
    with pytest.raises(click.BadParameter):
        ByteSize().convert("2000000TB", None, None)
