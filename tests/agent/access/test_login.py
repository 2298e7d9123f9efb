"""Logging in at a provider: who enters so, what the app gets to know, and what ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from p2claw.agent.access.ledger import LOGIN_IDLE_S, LOGIN_LONGEST_S, Guard
from p2claw.agent.access.logins import LASTS_S, PENDING_OF_NETWORK
from p2claw.agent.access.tries import TryLimits
from tests.agent.access.attempts import OUTSIDE, refused
from tests.agent.access.logging_in import ALLOWED, CALLBACK, FINISH, LOGIN, LoginBox, login_box
from tests.support.bent_provider import ADA, CLIENT
from tests.support.guarded_box import ORIGIN, PAGE, cookie_of


def asked_of(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


async def test_who_logs_in_with_an_address_on_the_list_enters(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        entered = await box.log_in(to="/a?b=c")
        cookie = cookie_of(entered)
        assert (entered.status, entered.value("location")) == (303, f"{ORIGIN}/a?b=c")
        assert (await box.guarded.box.ask("GET", "/a?b=c", (cookie,))).status == 200
        (request,) = box.guarded.upstream.requests
    assert request.values("x-p2claw-user") == [ADA]
    assert request.values("x-p2claw-access") == ["oidc"]
    (statement,) = request.values("x-p2claw-token")
    assert statement.count(".") == 2
    assert request.values("cookie") == []


async def test_the_door_offers_to_log_in_beside_the_password(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        page = (await box.guarded.box.ask("GET", "/a", PAGE)).body
        box.guarded.box.routes["dog"] = replace(box.guarded.box.routes["dog"], by_password=False)
        alone = (await box.guarded.box.ask("GET", "/a", PAGE)).body
        assert box.provider.asked == []
    assert b"127.0.0.1</span></button>" in page
    assert b'type="password"' in page
    assert b'name="again"' not in page
    assert b'type="password"' not in alone


async def test_the_provider_is_asked_for_a_code_that_no_server_sees(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        location, _ = await box.begin()
        asked = asked_of(location)
    assert asked["redirect_uri"] == ORIGIN + CALLBACK
    assert (asked["scope"], asked["response_mode"]) == ("openid email", "fragment")
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert min(map(len, (asked["state"], asked["nonce"], asked["code_challenge"]))) == 43
    assert "prompt" not in asked


async def test_a_provider_without_fragments_is_not_asked_for_one(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        box.provider.discovery = lambda document: document.update(
            response_modes_supported=["query"]
        )
        location, _ = await box.begin()
    assert "response_mode" not in asked_of(location)


@pytest.mark.parametrize("listed", [True, False])
async def test_who_was_refused_can_choose_another_account(tmp_path: Path, listed: bool) -> None:
    async with login_box(tmp_path) as box:
        if listed:
            values = ["none", "select_account"]
            box.provider.discovery = lambda document: document.update(
                prompt_values_supported=values
            )
        box.provider.change = lambda claims: claims.update(email="eve@example.net")
        door = await box.log_in()
        location, _ = await box.begin(again="1")
    assert b'name="again"' in door.body
    assert asked_of(location)["prompt"] == ("select_account" if listed else "login")


@pytest.mark.parametrize("address", ["ada@example.org", "ADA@Example.ORG", "anyone@example.com"])
async def test_addresses_are_compared_without_their_capitals(tmp_path: Path, address: str) -> None:
    async with login_box(tmp_path) as box:
        box.provider.change = lambda claims: claims.update(email=address)
        cookie = cookie_of(await box.log_in())
        await box.guarded.box.ask("GET", "/", (cookie,))
        (request,) = box.guarded.upstream.requests
    assert request.values("x-p2claw-user") == [address.lower()]


async def test_an_address_that_is_not_in_the_token_is_asked_for(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        box.provider.change = lambda claims: [
            claims.pop(key) for key in ("email", "email_verified")
        ]
        assert cookie_of(await box.log_in())
        assert box.provider.asked[-1] == "/userinfo"


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("kind", ["RS256", "EdDSA", "ES256"])
async def test_keys_of_all_three_kinds_are_believed(tmp_path: Path, kind: str) -> None:
    make: dict[str, Callable[[], Key]] = {
        "RS256": lambda: RSAKey.generate_key(2048, auto_kid=True),
        "EdDSA": lambda: OKPKey.generate_key("Ed25519", auto_kid=True),
        "ES256": lambda: ECKey.generate_key("P-256", auto_kid=True),
    }
    async with login_box(tmp_path) as box:
        box.provider.key, box.provider.algorithm = make[kind](), kind
        assert cookie_of(await box.log_in())


async def test_new_keys_of_a_provider_are_found(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        await box.log_in()
        box.provider.key = ECKey.generate_key("P-256", auto_kid=True)
        again = await box.log_in()
        assert refused(again)  # once per minute, so that nobody makes the box ask for ever
        keeper = box.guarded.keeper._login_keeper()
        (provider,) = keeper._providers.values()
        assert provider._keys_s is not None
        provider._keys_s -= 60
        assert cookie_of(await box.log_in())
        assert box.provider.asked.count("/keys") == 2
        assert box.provider.asked.count("/.well-known/openid-configuration") == 1


async def test_a_client_without_a_secret_shows_its_id_alone(tmp_path: Path) -> None:
    async with login_box(tmp_path, secret="") as box:
        box.provider._is_of = lambda asked, form, request: (  # type: ignore[method-assign]
            "authorization" not in request.headers and form["client_id"] == CLIENT
        )
        assert cookie_of(await box.log_in())
    assert "client_secret" not in box.provider.seen[0]


async def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(tmp_path: Path) -> None:
    methods = ["client_secret_post"]
    async with login_box(tmp_path) as box:
        box.provider.discovery = lambda document: document.update(
            token_endpoint_auth_methods_supported=methods
        )
        box.provider._is_of = lambda asked, form, request: (  # type: ignore[method-assign]
            "authorization" not in request.headers and bool(form["client_secret"])
        )
        assert cookie_of(await box.log_in())


async def test_two_tabs_of_one_browser_log_in_at_once(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        first, cookie = await box.begin("/one")
        second, same = await box.begin("/two", (cookie,))
        assert cookie == same
        for location, to in ((first, "/one"), (second, "/two")):
            back = box.provider.log_in(location)
            entered = await box.send(FINISH, back, (cookie,))
            assert entered.value("location") == ORIGIN + to


async def test_the_page_that_the_provider_leads_back_to_needs_nothing_of_the_url(
    tmp_path: Path,
) -> None:
    async with login_box(tmp_path) as box:
        page = await box.guarded.box.ask("GET", f"{CALLBACK}?code=x&state=y", PAGE)
        script = await box.guarded.box.ask("GET", f"{CALLBACK}.js?v=1")
    assert (page.status, page.value("cache-control")) == (200, "no-store")
    assert b"code=x" not in page.body
    assert b"history.replaceState" in script.body
    assert "text/javascript" in (script.value("content-type") or "")


async def test_who_is_in_already_is_led_in(tmp_path: Path) -> None:
    """Back leads to the page of the login again, whose state is used up."""
    async with login_box(tmp_path) as box:
        cookie = cookie_of(await box.log_in())
        again = await box.send(FINISH, {"state": "used", "code": "x"}, (cookie,))
    assert (again.status, again.value("location")) == (303, f"{ORIGIN}/")


async def test_a_session_ends_when_it_is_not_used_and_in_any_case(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        cookie = cookie_of(await box.log_in())
        clock = box.guarded.clock
        began_s = clock.now_s
        while clock.now_s + LOGIN_IDLE_S - 1 < began_s + LOGIN_LONGEST_S:
            clock.now_s += LOGIN_IDLE_S - 1
            assert (await box.guarded.box.ask("GET", "/", (cookie,))).status == 200
        clock.now_s = began_s + LOGIN_LONGEST_S
        assert refused(await box.guarded.box.ask("GET", "/", (cookie,)))
        box.provider.now_s = clock.now_s
        cookie = cookie_of(await box.log_in())
        clock.now_s += LOGIN_IDLE_S
        assert refused(await box.guarded.box.ask("GET", "/", (cookie,)))


async def test_who_is_taken_off_the_list_is_out_and_others_stay(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        ada = cookie_of(await box.log_in())
        box.provider.change = lambda claims: claims.update(email="bob@example.com")
        bob = cookie_of(await box.log_in())
        password = await box.guarded.cookie()
        keeper = box.guarded.keeper
        guard = keeper._ledger.guards["dog"]
        assert guard.login is not None
        await keeper.guard("dog", replace(guard, login=replace(guard.login, emails=(ADA,))))
        allowed = [(await box.guarded.box.ask("GET", "/", (one,))).status for one in (ada, bob)]
        assert allowed == [200, 401]
        assert (await box.guarded.box.ask("GET", "/", (password,))).status == 200
        await keeper.guard("dog", Guard(guard.password))
        assert (await box.guarded.box.ask("GET", "/", (ada,))).status == 401
        assert (await box.guarded.box.ask("GET", "/", (password,))).status == 200


async def test_a_login_outlives_the_agent_as_a_session_only(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        await box.log_in()
        kept = json.loads((tmp_path / "home" / "access.json").read_text())
        (session,) = kept["sessions"]
        assert (session["user"], session["way"]) == (ADA, "oidc")
        assert kept["guards"]["dog"]["login"]["emails"] == list(ALLOWED)


async def test_a_provider_that_is_away_is_named_on_the_page(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        box.provider.discovery = lambda document: document.update(issuer="https://evil.example")
        response = await box.send(LOGIN, {"to": "/"})
    assert response.status == 502
    assert b"127.0.0.1 does not respond as it should" in response.body


async def test_logins_are_limited_like_passwords(tmp_path: Path) -> None:
    async with login_box(tmp_path, limits=TryLimits()) as box:
        for _ in range(TryLimits().link_burst):
            await box.begin()
        limited = await box.send(LOGIN, {"to": "/"})
        assert (limited.status, limited.value("retry-after") is not None) == (429, True)


async def test_a_login_that_succeeds_does_not_count(tmp_path: Path) -> None:
    async with login_box(tmp_path, limits=TryLimits()) as box:
        for _ in range(2 * TryLimits().link_burst):
            assert cookie_of(await box.log_in())


async def test_those_of_a_network_that_began_many_lose_their_own(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        first, cookie = await box.begin()
        async with box.guarded.box.another("198.51.100.0/24") as visitor:
            other = LoginBox(replace(box.guarded, box=visitor), box.provider)
            location, theirs = await other.begin()
        for _ in range(PENDING_OF_NETWORK):
            await box.begin()
        assert refused(await box.send(FINISH, box.provider.log_in(first), (cookie,)))
        back = box.provider.log_in(location)
        assert cookie_of(await box.send(FINISH, back, (theirs,)))


async def test_a_login_ends_that_took_too_long(tmp_path: Path) -> None:
    async with login_box(tmp_path) as box:
        location, cookie = await box.begin()
        back = box.provider.log_in(location)
        box.guarded.clock.now_s += LASTS_S
        assert refused(await box.send(FINISH, back, (cookie,)))
        assert box.provider.seen == []


@pytest.mark.parametrize("to", OUTSIDE)
async def test_no_login_leads_to_another_site(tmp_path: Path, to: str) -> None:
    async with login_box(tmp_path) as box:
        assert (await box.log_in(to=to)).value("location") == f"{ORIGIN}/"
