"""Reads tests/vectors/*.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.vectors.by_hand import denoted

FOLDER = Path(__file__).parents[1] / "vectors"


def read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text())


def cases(items: list[dict[str, Any]]) -> pytest.MarkDecorator:
    """One test a case, named as the case is."""
    return pytest.mark.parametrize("case", items, ids=[item["name"] for item in items])


__all__ = ["cases", "denoted", "read"]
