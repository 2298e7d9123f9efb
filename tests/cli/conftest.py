"""Fixtures: a home that is nobody's yet, and one demo that all tests of the package visit."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.demos import Demo, demo


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty P2CLAW_HOME. Short, because the path of a unix socket is."""
    folder = Path(tempfile.mkdtemp(prefix="p2c-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder(home: Path) -> Path:
    """The same, for a demo."""
    return home


@pytest.fixture(scope="session")
def running() -> Iterator[Demo]:
    """A demo with the sample app. Tests leave its routes as they were."""
    folder = Path(tempfile.mkdtemp(prefix="p2c-"))
    with demo(folder) as running:
        assert running.facts, running.output()
        yield running
    shutil.rmtree(folder)
