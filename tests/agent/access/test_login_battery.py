"""Attempts to log in without the right: none succeeds, and the app sees none of them.

The provider is ours, because no real one can be made to send what these need.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from p2claw.agent.access import tokens
from p2claw.agent.access.login_settings import login_of
from tests.agent.access.attempts import NAME, RANDOM, refused
from tests.agent.access.logging_in import ALLOWED, CALLBACK, FINISH, LOGIN, LoginBox, login_box
from tests.support.bent_provider import ADA, CLIENT, SECRET, BentProvider, text_of
from tests.support.guarded_box import ORIGIN, PAGE, Fields, cookie_of
from tests.support.proxied import NAMES, Response

Json = dict[str, Any]
KEY_ORIGIN = f"http://{NAMES.hosts('dog')[1]}"


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[LoginBox]:
    """Whatever a test does with it, the app must have seen nothing."""
    async with login_box(tmp_path) as made:
        yield made
        upstream = made.guarded.upstream
        assert (upstream.connections, upstream.requests) == (0, [])


def _without(*names: str) -> Callable[[Json], Any]:
    return lambda claims: [claims.pop(name) for name in names]


def _with(**changed: Any) -> Callable[[Json], Any]:
    return lambda claims: claims.update(changed)


def _moved(name: str, by_s: float) -> Callable[[Json], Any]:
    return lambda claims: claims.update({name: claims["iat"] + by_s})


CLAIMS: dict[str, Callable[[Json], Any]] = {
    "another issuer": _with(iss="https://evil.example"),
    "an issuer with a slash": lambda claims: claims.update(iss=claims["iss"] + "/"),
    "an issuer in a list": lambda claims: claims.update(iss=[claims["iss"]]),
    "no issuer": _without("iss"),
    "another client": _with(aud="another"),
    "a client that begins like ours": _with(aud=CLIENT + "2"),
    "other clients": _with(aud=["another", "third"]),
    "ours among others": _with(aud=[CLIENT, "another"]),
    "ours among others, for one of them": _with(aud=[CLIENT, "another"], azp="another"),
    "ours, for another": _with(azp="another"),
    "ours, for a list": _with(azp=[CLIENT]),
    "no client": _without("aud"),
    "a client in an object": _with(aud={CLIENT: True}),
    "expired": _moved("exp", -61),
    "an end in text": _with(exp="2999999999"),
    "an end that is true": _with(exp=True),
    "no end": _without("exp"),
    "an end beyond numbers": _with(exp=1e300),
    "of the future": _moved("iat", 61),
    "of long ago": _moved("iat", -601),
    "no beginning": _without("iat"),
    "not yet": _moved("nbf", 61),
    "another nonce": _with(nonce="another"),
    "an empty nonce": _with(nonce=""),
    "a nonce that is half a letter": _with(nonce="\ud800"),
    "a nonce in a list": lambda claims: claims.update(nonce=[claims["nonce"]]),
    "no nonce": _without("nonce"),
    "no subject": _without("sub"),
    "an empty subject": _with(sub=""),
    "an address that is not verified": _with(email_verified=False),
    "one verified by 1": _with(email_verified=1),
    "one verified by a word": _with(email_verified="True"),
    "one verified by a list": _with(email_verified=[True]),
    "one that nobody verified": _without("email_verified"),
    "no address": _with(email=None),
    "addresses in a list": _with(email=[ADA]),
    "an address in an object": _with(email={"value": ADA}),
    "somebody else": _with(email="eve@example.org"),
    "a domain that goes on": _with(email="ada@example.org.evil.example"),
    "a listed domain that goes on": _with(email="ada@example.com.evil.org"),
    "a domain that begins elsewhere": _with(email="ada@evilexample.com"),
    "a subdomain": _with(email="ada@mail.example.com"),
    "two signs": _with(email="ada@example.org@evil.example"),
    "two signs, ours last": _with(email="eve@evil.example@example.com"),
    "a quoted name": _with(email='"ada@example.org"@evil.example'),
    "a name in brackets": _with(email="Ada <ada@example.org>"),
    "two addresses": _with(email="eve@evil.example,ada@example.org"),
    "a blank behind it": _with(email="ada@example.org "),
    "a line behind it": _with(email="ada@example.org\n"),
    "NUL behind it": _with(email="ada@example.org\0"),
    "a comment": _with(email="ada(x)@example.org"),
    "Cyrillic": _with(email="ada@ex\u0430mple.com"),
    "a Kelvin sign": _with(email="ada@example.\u212aom"),
    "a wide sign": _with(email="ada\uff20example.org"),
    "only the domain": _with(email="@example.com"),
    "no sign": _with(email="example.com"),
    "a dot behind it": _with(email="ada@example.com."),
    "too long": _with(email="a" * 300 + "@example.com"),
}


def _none(header: Json, claims: Json) -> str:
    parts = [text_of(json.dumps(part).encode()) for part in (header, claims)]
    return ".".join((*parts, ""))


def _shared(secret: bytes) -> Callable[[BentProvider], Any]:
    """Signed by a secret: what the provider publishes, or what both know."""

    def bend(provider: BentProvider) -> None:
        def sign(header: Json, claims: Json) -> str:
            content = secret or json.dumps(provider.jwk()).encode()
            key = OctKey.import_key(content)
            head = {**header, "alg": "HS256"}
            return jws.serialize_compact(head, json.dumps(claims), key, algorithms=["HS256"])

        provider.sign = sign

    return bend


def _by_another_key(provider: BentProvider) -> None:
    """Whose id is that of the right one."""
    other = ECKey.generate_key("P-256")

    def sign(header: Json, claims: Json) -> str:
        return jws.serialize_compact(header, json.dumps(claims), other, algorithms=["ES256"])

    provider.sign = sign


def _with_its_own_key(provider: BentProvider) -> None:
    other = ECKey.generate_key("P-256")
    jwk = other.as_dict(private=False)

    def sign(header: Json, claims: Json) -> str:
        head = {**header, "kid": "new", "jwk": jwk, "jku": f"{provider.issuer}/other"}
        return jws.serialize_compact(head, json.dumps(claims), other, algorithms=["ES256"])

    provider.sign = sign


def _changed(how: Callable[[str], Any]) -> Callable[[BentProvider], Any]:
    def bend(provider: BentProvider) -> None:
        provider.sign = lambda header, claims: how(provider.signed(header, claims))

    return bend


def _other_claims(token: str) -> str:
    head, _, signature = token.split(".")
    claims = text_of(json.dumps({"email": ADA, "email_verified": True}).encode())
    return f"{head}.{claims}.{signature}"


def _unsigned(algorithm: str) -> Callable[[BentProvider], Any]:
    def bend(provider: BentProvider) -> None:
        provider.sign = lambda header, claims: _none({**header, "alg": algorithm}, claims)

    return bend


def _headed(**fields: Any) -> Callable[[BentProvider], Any]:
    def bend(provider: BentProvider) -> None:
        provider.header = lambda header: header.update(fields)

    return bend


def _documents(name: str, change: Callable[[Json], Any]) -> Callable[[BentProvider], Any]:
    return lambda provider: setattr(provider, name, change)


def _secret_published(provider: BentProvider) -> None:
    key = OctKey.import_key(b"x" * 32)
    provider.keys = lambda document: document.update(keys=[{**key.as_dict(), "kid": "oct"}])

    def sign(header: Json, claims: Json) -> str:
        head = {"alg": "HS256", "kid": "oct"}
        return jws.serialize_compact(head, json.dumps(claims), key, algorithms=["HS256"])

    provider.sign = sign


def _for_encryption(provider: BentProvider) -> None:
    provider.keys = lambda document: document["keys"][0].update(use="enc")


def _redirected(provider: BentProvider) -> None:
    provider.status = 302


SIGNED: dict[str, Callable[[BentProvider], Any]] = {
    "not signed": _unsigned("none"),
    "not signed, in capitals": _unsigned("NONE"),
    "not signed, by a real name": _unsigned("ES256"),
    "not signed, by no name": _unsigned(""),
    "by the public key as a secret": _shared(b""),
    "by the secret of the client": _shared(SECRET.encode()),
    "by a secret that is published": _secret_published,
    "by another key": _by_another_key,
    "by a key that it brings along": _with_its_own_key,
    "by an unknown key": _headed(kid="unknown"),
    "by a key whose id is a list": _headed(kid=["x"]),
    "by a key for encryption": _for_encryption,
    "by another name": _headed(alg="RS256"),
    "with rules that nobody knows": _headed(crit=["exp2"], exp2=1),
    "with another signature": _changed(lambda token: token[:-4] + "AAAA"),
    "with half a signature": _changed(lambda token: token[:-40]),
    "without its signature": _changed(lambda token: token.rpartition(".")[0] + "."),
    "with other claims": _changed(_other_claims),
    "in two parts": _changed(lambda token: token.rpartition(".")[0]),
    "in five parts": _changed(lambda token: f"{token}.a.b"),
    "twice": _changed(lambda token: f"{token} {token}"),
    "as a number": _changed(lambda token: 7),
    "as an object": _changed(lambda token: {"token": token}),
    "as a word": _changed(lambda token: "token"),
    "empty": _changed(lambda token: ""),
    "in other letters": _changed(lambda token: "ä" + token),
    "too long": _changed(lambda token: token + "A" * 40_000),
    "no token": _documents("token", _without("id_token")),
    "no keys": _documents("keys", lambda document: document.update(keys=[])),
    "keys that are no list": _documents("keys", lambda document: document.update(keys="all")),
    "of another provider": _documents("discovery", _with(issuer="https://evil.example")),
    "a token from anywhere": _documents("discovery", _with(token_endpoint="http://evil.example/")),
    "keys from anywhere": _documents("discovery", _with(jwks_uri="file:///etc/passwd")),
    "a redirect": _redirected,
    "more than is read": _documents("token", _with(more="x" * 300_000)),
}


def _of_userinfo(**changed: Any) -> Callable[[BentProvider], Any]:
    def bend(provider: BentProvider) -> None:
        provider.change = _without("email", "email_verified")
        provider.userinfo = _with(**changed)

    return bend


USERINFO: dict[str, Callable[[BentProvider], Any]] = {
    "about somebody else": _of_userinfo(sub="eve"),
    "about nobody": _of_userinfo(sub=None),
    "not verified": _of_userinfo(email_verified=False),
    "with another address": _of_userinfo(email="eve@example.org"),
}


@pytest.mark.parametrize("kind", CLAIMS)
async def test_no_claim_lets_in_that_is_not_right(box: LoginBox, kind: str) -> None:
    box.provider.change = CLAIMS[kind]
    assert refused(await box.log_in("/secret"))
    assert len(box.provider.seen) == 1


@pytest.mark.parametrize("kind", SIGNED)
async def test_no_token_lets_in_that_is_not_signed_by_the_provider(
    box: LoginBox, kind: str
) -> None:
    SIGNED[kind](box.provider)
    response = await box.send(LOGIN, {"to": "/secret"})
    if response.status != 303:
        assert refused(response)
        return
    cookie = ("cookie", (response.value("set-cookie") or "").partition(";")[0])
    back = box.provider.log_in(response.value("location") or "")
    assert refused(await box.send(FINISH, back, (cookie,)))


@pytest.mark.parametrize("kind", USERINFO)
async def test_no_address_counts_that_is_not_of_who_has_logged_in(box: LoginBox, kind: str) -> None:
    USERINFO[kind](box.provider)
    assert refused(await box.log_in("/secret"))


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
    box.provider.discovery = _with(authorization_response_iss_parameter_supported=True)
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
    box.provider.change = _with(email="eve@example.org")
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
