"""The self-check of aioice: it passes on what is installed, and names what is missing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aioice import Connection

from p2claw.errors import LinkError
from p2claw.link.stock import check_stock


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    check_stock.cache_clear()
    yield
    check_stock.cache_clear()


async def test_the_installed_versions_will_do() -> None:
    check_stock()


async def test_a_name_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Connection, "_check_periodic")
    with pytest.raises(LinkError, match="_check_periodic") as caught:
        check_stock()
    assert (caught.value.code, "pip install" in caught.value.hint) == ("aioice-incompatible", True)
