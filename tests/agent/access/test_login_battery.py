"""Attempts to log in without the right: none succeeds, and the app sees none of them.

Those by steps that are left out, repeated or begun elsewhere. What a provider sends is in
`test_login_tokens.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from p2claw.agent.access import tokens
from p2claw.agent.access.login_settings import login_of
from tests.agent.access.attempts import NAME, RANDOM, refused
from tests.agent.access.logging_in import ALLOWED, CALLBACK, FINISH, LOGIN, LoginBox
from tests.agent.access.test_login_tokens import CLAIMS, SIGNED, USERINFO, Json, having
from tests.support.bent_provider import ADA, CLIENT, SECRET
from tests.support.guarded_box import ORIGIN, PAGE, Fields, cookie_of
from tests.support.proxied import NAMES, Response

KEY_ORIGIN = f"http://{NAMES.hosts('dog')[1]}"


STEPS: dict[str, Callable[[LoginBox], Awaitable[Response]]] = {}


def _step(make: Callable[[LoginBox], Awaitable[Response]]) -> None:
    STEPS[make.__name__.strip("_")] = make


@_step
async def _no_state(box: LoginBox) -> Response:
    return await box.log_in(state="")


@_step
async def _a_state_made_up(box: LoginBox) -> Response:
    return await box.log_in(state="A" * 43)


@_step
async def _a_state_used_before(box: LoginBox) -> Response:
    """By a browser that has not got a session by it, or has lost it."""
    location, cookie = await box.begin()
    back = box.provider.log_in(location)
    assert cookie_of(await box.send(FINISH, back, (cookie,)))
    return await box.send(FINISH, {**box.provider.log_in(location), **back}, (cookie,))


@_step
async def _a_code_used_before(box: LoginBox) -> Response:
    location, cookie = await box.begin()
    back = box.provider.log_in(location)
    assert cookie_of(await box.send(FINISH, back, (cookie,)))
    location, cookie = await box.begin()
    state = box.provider.log_in(location)["state"]
    return await box.send(FINISH, {**back, "state": state}, (cookie,))


@_step
async def _the_login_of_another_browser(box: LoginBox) -> Response:
    """An attacker has logged in, and leads a victim to the rest of it."""
    location, _ = await box.begin()
    return await box.send(FINISH, box.provider.log_in(location))


@_step
async def _the_login_of_another_browser_in_place_of_ones_own(box: LoginBox) -> Response:
    location, _ = await box.begin()
    back = box.provider.log_in(location)
    _, victims = await box.begin()
    return await box.send(FINISH, back, (victims,))


@_step
async def _a_code_of_another_login(box: LoginBox) -> Response:
    """Seen on its way: without the verifier, which never leaves the box, it is worth nothing."""
    location, _ = await box.begin()
    stolen = box.provider.log_in(location)["code"]
    mine, cookie = await box.begin()
    return await box.send(FINISH, {**box.provider.log_in(mine), "code": stolen}, (cookie,))


@_step
async def _a_code_made_up(box: LoginBox) -> Response:
    return await box.log_in(code="made-up")


@_step
async def _no_code(box: LoginBox) -> Response:
    return await box.log_in(code="")


@_step
async def _a_code_too_long(box: LoginBox) -> Response:
    return await box.log_in(code="x" * 5_000)


@_step
async def _a_session_in_place_of_the_cookie(box: LoginBox) -> Response:
    location, _ = await box.begin()
    key = box.guarded.keeper._ledger.key
    cookie = ("cookie", f"{NAME}={tokens.sign(key, tokens.SESSION, 'dog', RANDOM)}")
    return await box.send(FINISH, box.provider.log_in(location), (cookie,))


@_step
async def _a_cookie_of_another_app(box: LoginBox) -> Response:
    location, _ = await box.begin()
    key = box.guarded.keeper._ledger.key
    cookie = ("cookie", f"{NAME}={tokens.sign(key, tokens.LOGIN, 'cat', RANDOM)}")
    return await box.send(FINISH, box.provider.log_in(location), (cookie,))


@_step
async def _a_login_to_another_app(box: LoginBox) -> Response:
    routes = box.guarded.box.routes
    dog = routes["dog"]
    routes["dog"] = replace(dog, app="cat")
    location, cookie = await box.begin()
    routes["dog"] = dog
    box.guarded.keeper._ledger.forget("cat")
    return await box.send(FINISH, {**box.provider.log_in(location), "state": "cat"}, (cookie,))


@_step
async def _another_provider(box: LoginBox) -> Response:
    return await box.log_in(iss="https://evil.example")


@_step
async def _no_provider_though_it_names_itself(box: LoginBox) -> Response:
    box.provider.discovery = having(authorization_response_iss_parameter_supported=True)
    return await box.log_in(iss="")


@_step
async def _an_error(box: LoginBox) -> Response:
    return await box.log_in(error="access_denied")


@_step
async def _by_another_name_of_the_box(box: LoginBox) -> Response:
    location, cookie = await box.begin()
    back = box.provider.log_in(location)
    return await box.send(FINISH, back, (cookie,), origin=KEY_ORIGIN)


@_step
async def _from_another_site(box: LoginBox) -> Response:
    location, cookie = await box.begin()
    back = box.provider.log_in(location)
    return await box.send(FINISH, back, (cookie,), origin="https://evil.example")


@_step
async def _from_no_origin(box: LoginBox) -> Response:
    location, cookie = await box.begin()
    return await box.send(FINISH, box.provider.log_in(location), (cookie,), origin="")


@_step
async def _across_sites(box: LoginBox) -> Response:
    location, cookie = await box.begin()
    fields: Fields = (cookie, ("sec-fetch-site", "cross-site"))
    return await box.send(FINISH, box.provider.log_in(location), fields)


@_step
async def _by_a_link(box: LoginBox) -> Response:
    location, cookie = await box.begin()
    back = box.provider.log_in(location)
    target = f"{FINISH}?code={back['code']}&state={back['state']}"
    return await box.guarded.box.ask("GET", target, (cookie, ("origin", ORIGIN), *PAGE))


@_step
async def _begun_by_a_link(box: LoginBox) -> Response:
    return await box.guarded.box.ask("GET", LOGIN, (("origin", ORIGIN), *PAGE))


@_step
async def _begun_by_another_site(box: LoginBox) -> Response:
    return await box.send(LOGIN, {"to": "/"}, origin="https://evil.example")


@_step
async def _though_the_list_is_another_meanwhile(box: LoginBox) -> Response:
    location, cookie = await box.begin()
    keeper = box.guarded.keeper
    guard = keeper._ledger.guards["dog"]
    login = login_of(box.provider.issuer, CLIENT, ("bob@example.org",), SECRET)
    await keeper.guard("dog", replace(guard, login=login))
    return await box.send(FINISH, box.provider.log_in(location), (cookie,))


@_step
async def _though_nobody_may_log_in_any_more(box: LoginBox) -> Response:
    location, cookie = await box.begin()
    keeper = box.guarded.keeper
    await keeper.guard("dog", replace(keeper._ledger.guards["dog"], login=None))
    return await box.send(FINISH, box.provider.log_in(location), (cookie,))


@_step
async def _though_the_list_changes_while_the_provider_is_asked(box: LoginBox) -> Response:
    location, cookie = await box.begin()
    ledger = box.guarded.keeper._ledger

    def change(claims: Json) -> None:
        ledger.guard("dog", replace(ledger.guards["dog"], login=None))

    box.provider.change = change
    return await box.send(FINISH, box.provider.log_in(location), (cookie,))


@_step
async def _the_address_in_the_form(box: LoginBox) -> Response:
    box.provider.change = having(email="eve@example.org")
    return await box.log_in(email=ADA, email_verified="true")


@pytest.mark.parametrize("kind", STEPS)
async def test_no_step_can_be_left_out_repeated_or_begun_elsewhere(
    box: LoginBox, kind: str
) -> None:
    assert refused(await STEPS[kind](box))


@pytest.mark.parametrize(
    "target", [LOGIN, FINISH, CALLBACK, f"{CALLBACK}#code=x", f"{CALLBACK}/../../../secret"]
)
async def test_the_paths_of_a_login_are_the_boxes_own(box: LoginBox, target: str) -> None:
    for method in ("GET", "PUT", "HEAD", "OPTIONS"):
        response = await box.guarded.box.ask(method, target, (("origin", ORIGIN),))
        assert NAME not in (response.value("set-cookie") or "")


async def test_where_nobody_can_log_in_there_is_nothing_to_begin(box: LoginBox) -> None:
    routes = box.guarded.box.routes
    routes["dog"] = replace(routes["dog"], login="")
    assert refused(await box.send(LOGIN, {"to": "/"}))
    assert refused(await box.guarded.box.ask("GET", CALLBACK, PAGE))
    assert box.provider.asked == []


def test_there_are_more_than_a_hundred_attempts() -> None:
    assert len(CLAIMS) + len(SIGNED) + len(USERINFO) + len(STEPS) > 100
    assert ALLOWED == (ADA, "@example.com")
