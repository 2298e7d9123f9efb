"""Fixtures of the browser tests: each browser once, one stack for all, a fresh app for each test.

An app's name is part of its host, so a fresh app is a fresh origin: every test is a first visit.
Plain servers share the cookies of their host, whatever their port: these are deleted.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.older_limits import limit_of
from tests.e2e.probe_app import Probe, Seen, probe_app
from tests.e2e.stack import AppUrl, Stack, stack
from tests.support.browser import Browser, Kind

KINDS: tuple[Kind, ...] = ("chromium", "firefox")
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OLDER = HERE / "older_browser.js"
_names = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Site:
    """The probe app under a name of its own. `app` is that name."""

    app: str
    address: AppUrl
    probe: Probe
    stack: Stack

    @property
    def url(self) -> str:
        """Without the slash at the end, so that a path can follow."""
        return self.address.url.rstrip("/")

    def asked_for(self, path: str) -> list[Seen]:
        return self.probe.asked_for(path)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--older-browser",
        action="store_true",
        help="tests/e2e: run in Chromium without what the oldest Safari lacks",
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    older = config.getoption("--older-browser", default=False)
    return True if collection_path.name == "test_older_browser.py" and not older else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "running_browser" in metafunc.fixturenames:
        older = metafunc.config.getoption("--older-browser", default=False)
        metafunc.parametrize("running_browser", KINDS[:1] if older else KINDS, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    older = config.getoption("--older-browser", default=False)
    # Browsers and servers live longer than one test, so all of them share one event loop.
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            if older and (reason := limit_of(item.nodeid)):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_browser(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Browser]:
    browser = await Browser.launch(request.param, tmp_path_factory.mktemp(request.param))
    yield browser
    await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(running_browser: Browser) -> AsyncIterator[Browser]:
    """Chromium, then Firefox; a test's tabs are closed after it, its cookies are deleted."""
    yield running_browser
    await running_browser.close_tabs()
    await running_browser.forget_cookies()


@pytest.fixture(scope="session")
def bootstrap(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path | None:
    """The browser side that the stacks serve; None: the package's."""
    if not request.config.getoption("--older-browser", default=False):
        return None
    folder = tmp_path_factory.mktemp("bootstrap")
    build = ("node", "build/build.mjs", "--out", str(folder), "--first", str(OLDER))
    subprocess.run(build, cwd=ROOT / "bootstrap", check=True, capture_output=True, timeout=60)
    return folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_stack(
    tmp_path_factory: pytest.TempPathFactory, bootstrap: Path | None
) -> AsyncIterator[Stack]:
    """For tests that leave it as it was."""
    async with stack(tmp_path_factory.mktemp("stack"), bootstrap=bootstrap) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def own_stack(tmp_path: Path, bootstrap: Path | None) -> AsyncIterator[Stack]:
    """For tests that kill parts of it."""
    async with stack(tmp_path, bootstrap=bootstrap) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_probe() -> AsyncIterator[Probe]:
    async with probe_app() as probe:
        yield probe


@pytest.fixture
def probe(running_probe: Probe) -> Iterator[Probe]:
    """An upstream that remembers what it was asked in this test."""
    running_probe.seen.clear()
    yield running_probe


@pytest.fixture
def fresh_name() -> str:
    """An app name that no test has used."""
    return f"t{next(_names)}"


@pytest_asyncio.fixture(loop_scope="session")
async def site(shared_stack: Stack, probe: Probe, fresh_name: str) -> AsyncIterator[Site]:
    address = await shared_stack.expose(fresh_name, probe.upstream)
    yield Site(fresh_name, address, probe, shared_stack)
    await shared_stack.unexpose(fresh_name)
