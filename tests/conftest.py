"""What every test stands on."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support import postgresql, redis_server
from tests.support.server import RunningServer, running_server

HERE = Path(__file__).parent
# Here real browsers, other stacks, whole networks and processes of ours run in real time beside
# whatever else this machine does. Such a test has a second and a third try, and the report names
# each that was needed. One fault of ours in two runs would show as many, so many are a failure.
IN_REAL_TIME = frozenset(
    {
        *("autobahn", "cache_suite", "chaos", "e2e", "interop", "lab", "parity"),
        *("agent", "cli", "cluster", "coord", "edge", "hostile", "peers", "visitor"),
    }
)
MOST_FURTHER_TRIES = 6
LONGEST = frozenset({"parity"})


def pytest_configure() -> None:
    """Children get SIGINT as it is by default, however this process was started.

    A shell starts its background jobs with SIGINT ignored, and what is ignored is inherited; the
    programs under test would never get it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what has further tries, and what stays together where several processes run tests.

    A file's tests stay in one process, apart by browser: each process changes its browser once.
    What takes longest begins first: begun last, it would run while the other process has nothing.
    """
    for item in items:
        if _room(item) in IN_REAL_TIME:
            item.add_marker(pytest.mark.flaky(reruns=2))
        browser = getattr(item, "callspec", None) and item.callspec.params.get("running_browser")
        item.add_marker(pytest.mark.xdist_group(f"{item.path.relative_to(HERE)} {browser or ''}"))
    items.sort(key=lambda item: _room(item) not in LONGEST)


def _room(item: pytest.Item) -> str:
    return item.path.relative_to(HERE).parts[0]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if len(_further_tries(session.config)) > MOST_FURTHER_TRIES and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """What failed at first, whole: nobody could look into it otherwise."""
    if not (tries := _further_tries(config)):
        return
    title = f"{len(tries)} further tries; more than {MOST_FURTHER_TRIES} fail"
    terminalreporter.section(title)
    for report in tries:
        terminalreporter.write_line(f"____ {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)


def _further_tries(config: pytest.Config) -> list[pytest.TestReport]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return list(reporter.stats.get("rerun", ())) if reporter else []


@pytest.fixture(scope="session")
def pg() -> Iterator[postgresql.Postgresql]:
    """One PostgreSQL for all tests; each empties its database, or makes one of its own."""
    if postgresql.programs() is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    with postgresql.postgresql() as running:
        yield running


@pytest.fixture(scope="session")
def one_redis() -> Iterator[redis_server.RedisServer]:
    """One Redis for all tests."""
    if not redis_server.is_installed():
        pytest.skip("Redis is not installed: apt-get install redis-server")
    with redis_server.redis_server() as running:
        yield running


@pytest.fixture
def rd(one_redis: redis_server.RedisServer) -> Iterator[redis_server.RedisServer]:
    """The same, empty, and running afterwards whatever a test did to it."""
    one_redis.forget_all()
    yield one_redis
    if not one_redis.is_up:
        one_redis.start()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[RunningServer]:
    """Coordinator and edge, in this process."""
    async with running_server(tmp_path) as running:
        yield running
