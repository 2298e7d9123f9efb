"""p2claw.config.store_address: what names a store, and that a password is not shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2claw.config import StoreAddress
from p2claw.errors import UsageError


@pytest.mark.parametrize(
    "text, folder",
    [
        ("sqlite:///var/lib/p2claw", "/var/lib/p2claw"),
        ("sqlite:///var/lib/p2claw/coordinator.db", "/var/lib/p2claw"),
        ("sqlite:///var/lib/with%20blank", "/var/lib/with blank"),
    ],
)
def test_sqlite_is_a_folder(text: str, folder: str) -> None:
    assert StoreAddress.parse(text).folder == Path(folder)


def test_postgresql_is_as_it_was_written() -> None:
    url = "postgresql://a,b/p2claw?target_session_attrs=read-write"
    assert StoreAddress.parse(url).postgresql == url


@pytest.mark.parametrize(
    "text", ["here", "sqlite:/x", "sqlite://x", "sqlite:///", "redis://x", "postgresql:x"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        StoreAddress.parse(text)
    assert refused.value.code == "store-invalid"


@pytest.mark.parametrize(
    "url, shown",
    [
        ("postgresql://me:secret@db/p", "postgresql://me:***@db/p"),
        ("postgresql://me:se@cret@db/p", "postgresql://me:***@db/p"),
        ("postgresql://me@db/p?password=secret&a=b", "postgresql://me@db/p?password=***&a=b"),
        ("postgresql://db/p", "postgresql://db/p"),
    ],
)
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    address = StoreAddress.parse(url)
    assert str(address) == shown
    assert "secret" not in repr(address)
