"""Apps that are exposed for good, and apps that are shared meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2claw.agent.exposed import Exposed
from p2claw.agent.home.routes import Route, RouteFile, Routes
from p2claw.agent.upstream.address import parse_upstream
from p2claw.errors import UsageError


def route(app: str, upstream: str = "3000") -> Route:
    return Route(app, parse_upstream(upstream))


@pytest.fixture
def file(tmp_path: Path) -> RouteFile:
    return RouteFile(tmp_path / "routes.json")


@pytest.fixture
def announced() -> list[list[str]]:
    """The names of the apps, each time that they changed."""
    return []


@pytest.fixture
def exposed(file: RouteFile, announced: list[list[str]]) -> Exposed:
    def changed(routes: Routes) -> None:
        announced.append(sorted(routes))

    return Exposed(file, changed)


async def test_a_shared_app_is_there_and_not_written_down(
    exposed: Exposed, file: RouteFile, announced: list[list[str]]
) -> None:
    await exposed.put(route("cat"))
    shared = route("dog")
    await exposed.share(shared)
    assert list(file.load()) == ["cat"]
    await exposed.load()
    assert await exposed.unshare(shared)
    assert announced == [["cat"], ["cat", "dog"], ["cat", "dog"], ["cat"]]


async def test_a_taken_name_is_not_shared(exposed: Exposed) -> None:
    await exposed.put(route("cat"))
    await exposed.share(route("dog"))
    for taken in (route("cat", "3001"), route("dog", "3001"), route("dog")):
        with pytest.raises(UsageError) as caught:
            await exposed.share(taken)
        assert caught.value.code == "app-taken"
    with pytest.raises(UsageError) as caught:
        await exposed.put(route("dog"))
    assert caught.value.code == "app-taken"


async def test_what_is_exposed_for_good_stays_when_it_was_shared_too(
    exposed: Exposed, file: RouteFile
) -> None:
    await exposed.put(route("cat"))
    again = route("cat")
    await exposed.share(again)
    assert not await exposed.unshare(again)
    assert list(exposed.routes) == list(file.load()) == ["cat"]


async def test_a_share_that_was_taken_away_takes_nothing_with_it(exposed: Exposed) -> None:
    first, second = route("dog"), route("dog")
    await exposed.share(first)
    await exposed.remove("dog")
    await exposed.share(second)
    assert not await exposed.unshare(first)
    assert list(exposed.routes) == ["dog"]


async def test_a_shared_app_is_taken_away_by_its_name_and_no_other(exposed: Exposed) -> None:
    await exposed.put(route("cat"))
    await exposed.share(route("dog"))
    await exposed.unshare_app("dog")
    for app in ("dog", "cat"):
        with pytest.raises(UsageError) as caught:
            await exposed.unshare_app(app)
        assert caught.value.code == "app-unknown"
    assert list(exposed.routes) == ["cat"]


async def test_shared_apps_count_as_apps_of_the_box(
    exposed: Exposed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("p2claw.agent.exposed.ROUTES", 1)
    await exposed.share(route("dog"))
    with pytest.raises(UsageError) as caught:
        await exposed.share(route("cat"))
    assert caught.value.code == "routes-full"
