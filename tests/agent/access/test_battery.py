"""Attempts to get past the gate without the right: none succeeds, and the app sees none of them.

Each case is one request, or a few. The app behind the gate is a real one that counts what it sees.
"""

from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from p2claw.agent.access import tokens
from p2claw.agent.access.ledger import IDLE_S, LONGEST_S, Guard
from p2claw.agent.access.passwords import hash_of
from p2claw.agent.access.question import Ask, Question
from p2claw.errors import P2clawError
from p2claw.wire.frames.heads import RequestHead
from tests.agent.access.attempts import NAME, OUTSIDE, RANDOM, refused, text_of
from tests.agent.access.test_invitation_battery import INVITED
from tests.support.guarded_box import (
    CHEAP,
    FORM,
    ORIGIN,
    PAGE,
    PASSWORD,
    GuardedBox,
    cookie_of,
    guarded_box,
)
from tests.support.proxied import whole

Fields = tuple[tuple[str, str], ...]
ENTER = "/.p2claw/access/enter"


def _cookie(value: str) -> Fields:
    return (("cookie", f"{NAME}={value}"),)


COOKIES: dict[str, str] = {
    "nothing": "",
    "a word": "true",
    "a number": "1",
    "zeros": "A" * 43,
    "too short": "A" * 42,
    "too long": "A" * 44,
    "very long": "A" * 20_000,
    "random": text_of(secrets.token_bytes(32)),
    "a JSON": '{"user":"root"}',
    "a JWT without a signature": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJyb290In0.",
    "another key": tokens.sign(b"x" * 32, tokens.SESSION, "dog", RANDOM),
    "an empty key": tokens.sign(bytes(32), tokens.SESSION, "dog", RANDOM),
    "the word of SQL": "' OR '1'='1",
    "a path": "../../access.json",
    "NUL and more": "A" * 42 + "%00",
    "letters that are not ASCII": "ä" * 43,
    "Unicode digits": "\xb2" * 43,
}

TARGETS = (
    "/",
    "//",
    "/./",
    "/../",
    "/%2e%2e/",
    "/.p2claw/access/../../secret",
    "/.p2claw/access/%2e%2e/secret",
    "/.p2claw/access/style.css/../../../secret",
    "/.p2claw/access/style.css%2f..%2fsecret",
    "/.p2claw/access/style.css;/secret",
    "/.p2claw/access//secret",
    "/.p2claw/access/",
    "/.P2CLAW/access/style.css",
    "/%2ep2claw/access/style.css",
    "/secret?/.p2claw/access/style.css",
    "/secret#/.p2claw/access/style.css",
    "//evil.example/",
    "/http://127.0.0.1/secret",
    "/\\secret",
    "/secret%00.css",
    "/favicon.ico",
    "/robots.txt",
    "/.well-known/security.txt",
    "/__p2claw/assets/x.js",
)

METHODS = (
    *("HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "get", "PRI"),
    *("CONNECT", "X" * 32),
)

HEADERS: dict[str, Fields] = {
    "a user": (("x-p2claw-user", "root"),),
    "a statement": (("x-p2claw-token", "e30.e30.e30"),),
    "basic": (
        ("authorization", "Basic " + base64.b64encode(b"dog:" + PASSWORD.encode()).decode()),
    ),
    "bearer": (("authorization", f"Bearer {PASSWORD}"),),
    "another method": (("x-http-method-override", "POST"), ("x-method-override", "POST")),
    "another URL": (("x-original-url", "/secret"), ("x-rewrite-url", "/.p2claw/access/style.css")),
    "from the machine itself": (("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1")),
    "another host": (("host", "localhost"), ("x-forwarded-host", "localhost")),
    "the host of another app": (("host", "cat-purplecrab.localhost:8787"),),
    "two hosts": (("host", "localhost"), ("host", "dog-purplecrab.localhost:8787")),
    "early data": (("early-data", "1"),),
    "an upgrade": (("connection", "upgrade"), ("upgrade", "websocket")),
    "h2c": (("connection", "upgrade, http2-settings"), ("upgrade", "h2c")),
    "a cookie named by Connection": (("connection", "cookie"), ("cookie", f"{NAME}=x")),
    "a password in a cookie": (("cookie", f"password={PASSWORD}"),),
    "chunked": (("transfer-encoding", "chunked"),),
    "an origin of ours": (("origin", ORIGIN), ("sec-fetch-site", "same-origin")),
    "a service worker": (("service-worker", "script"), ("sec-fetch-dest", "serviceworker")),
    "a preflight": (("access-control-request-method", "GET"), ("origin", "http://evil.example")),
    "a range": (("range", "bytes=0-"),),
    "a condition": (("if-none-match", "*"),),
    "a purpose": (("purpose", "prefetch"), ("sec-purpose", "prefetch;prerender")),
}

FORMS: dict[str, tuple[Fields, bytes]] = {
    "no origin": ((FORM,), b"password=" + quote(PASSWORD).encode()),
    "another origin": (
        (FORM, ("origin", "http://evil.example")),
        b"password=" + quote(PASSWORD).encode(),
    ),
    "an opaque origin": ((FORM, ("origin", "null")), b"password=" + quote(PASSWORD).encode()),
    "the origin of another app": (
        (FORM, ("origin", "http://cat-purplecrab.localhost:8787")),
        b"password=" + quote(PASSWORD).encode(),
    ),
    "an origin that begins like ours": (
        (FORM, ("origin", ORIGIN + ".evil.example")),
        b"password=" + quote(PASSWORD).encode(),
    ),
    "two origins": (
        (FORM, ("origin", ORIGIN), ("origin", "http://evil.example")),
        b"password=" + quote(PASSWORD).encode(),
    ),
    "across sites": (
        (FORM, ("origin", ORIGIN), ("sec-fetch-site", "cross-site")),
        b"password=" + quote(PASSWORD).encode(),
    ),
    "no form": (
        (("content-type", "text/plain"), ("origin", ORIGIN)),
        b"password=" + quote(PASSWORD).encode(),
    ),
    "JSON": ((("content-type", "application/json"), ("origin", ORIGIN)), b'{"password": true}'),
    "no password": ((FORM, ("origin", ORIGIN)), b"password="),
    "no field": ((FORM, ("origin", ORIGIN)), b"to=%2F"),
    "two passwords": (
        (FORM, ("origin", ORIGIN)),
        b"password=x&password=" + quote(PASSWORD).encode(),
    ),
    "a list": ((FORM, ("origin", ORIGIN)), b"password[]=" + quote(PASSWORD).encode()),
    "the hash itself": ((FORM, ("origin", ORIGIN)), b"password=%24argon2id%24v%3D19"),
    "the beginning of it": (
        (FORM, ("origin", ORIGIN)),
        b"password=" + quote(PASSWORD[:-1]).encode(),
    ),
    "more than it": ((FORM, ("origin", ORIGIN)), b"password=" + quote(PASSWORD + "\0").encode()),
    "capitals": ((FORM, ("origin", ORIGIN)), b"password=" + quote(PASSWORD.upper()).encode()),
    "too long": ((FORM, ("origin", ORIGIN)), b"password=" + b"x" * 20_000),
    "a bad escape": ((FORM, ("origin", ORIGIN)), b"password=%ff%fe"),
    "of another app": ((FORM, ("origin", ORIGIN)), b"password=another+password"),
}


@pytest.mark.parametrize("kind", COOKIES)
async def test_what_the_box_did_not_sign_opens_nothing(guarded: GuardedBox, kind: str) -> None:
    assert refused(await guarded.box.ask("GET", "/secret", _cookie(COOKIES[kind])))


@pytest.mark.parametrize("target", TARGETS)
async def test_no_path_leads_past_the_gate(guarded: GuardedBox, target: str) -> None:
    for fields in ((), PAGE):
        assert refused(await guarded.box.ask("GET", target, fields))


@pytest.mark.parametrize("method", METHODS)
async def test_no_method_leads_past_the_gate(guarded: GuardedBox, method: str) -> None:
    try:
        response = await guarded.box.ask(method, "/secret", PAGE)
    except P2clawError:
        return  # the session itself refuses it
    assert refused(response)


@pytest.mark.parametrize("target", ["http://127.0.0.1/secret", "secret", "*", "127.0.0.1:80"])
async def test_a_target_in_another_form_never_begins(guarded: GuardedBox, target: str) -> None:
    with pytest.raises(P2clawError):
        await guarded.box.ask("GET", target)


@pytest.mark.parametrize("kind", HEADERS)
async def test_no_field_leads_past_the_gate(guarded: GuardedBox, kind: str) -> None:
    for fields in (HEADERS[kind], (*HEADERS[kind], *PAGE)):
        assert refused(await guarded.box.ask("GET", "/secret", fields))


@pytest.mark.parametrize("kind", FORMS)
async def test_no_form_but_ours_with_the_password_lets_in(guarded: GuardedBox, kind: str) -> None:
    fields, body = FORMS[kind]
    assert refused(await guarded.box.ask("POST", ENTER, fields, body))


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "PATCH"])
async def test_the_password_counts_only_in_a_form_that_is_posted(
    guarded: GuardedBox, method: str
) -> None:
    target = f"{ENTER}?password={quote(PASSWORD)}"
    assert refused(await guarded.box.ask(method, target, (("origin", ORIGIN), *PAGE)))


async def _expired(guarded: GuardedBox) -> Fields:
    cookie = await guarded.cookie()
    guarded.clock.now_s += IDLE_S
    return (cookie,)


async def _expired_though_used(guarded: GuardedBox) -> Fields:
    name, value = await guarded.cookie()
    for _ in range(LONGEST_S // (IDLE_S - 1) + 1):
        await guarded.keeper.reply(Question(Ask.SESSION, "dog", value.partition("=")[2]))
        guarded.clock.now_s += IDLE_S - 1
    return ((name, value),)


async def _left(guarded: GuardedBox) -> Fields:
    cookie = await guarded.cookie()
    await guarded.box.ask("POST", "/.p2claw/access/leave", (cookie, ("origin", ORIGIN)), b"")
    return (cookie,)


async def _by_an_old_password(guarded: GuardedBox) -> Fields:
    cookie = await guarded.cookie()
    await guarded.keeper.guard("dog", Guard(CHEAP.hash("a new password")))
    return (cookie,)


async def _of_an_app_that_was_gone(guarded: GuardedBox) -> Fields:
    cookie = await guarded.cookie()
    await guarded.keeper.forget("dog")
    await guarded.keeper.guard("dog", Guard(CHEAP.hash(PASSWORD)))
    return (cookie,)


async def _of_another_app(guarded: GuardedBox) -> Fields:
    asked = Question(Ask.PASSWORD, "cat", "another password", "203.0.113.0/24", "1")
    reply = await guarded.keeper.reply(asked)
    assert reply.token
    return _cookie(reply.token)


async def _of_an_invitation(guarded: GuardedBox) -> Fields:
    return _cookie(await guarded.invite())


async def _in_capitals(guarded: GuardedBox) -> Fields:
    name, value = await guarded.cookie()
    return ((name, value.upper()),)


async def _one_character_changed(guarded: GuardedBox) -> Fields:
    name, value = await guarded.cookie()
    return ((name, value[:-2] + ("A" if value[-2] != "A" else "B") + value[-1]),)


async def _cut(guarded: GuardedBox) -> Fields:
    name, value = await guarded.cookie()
    return ((name, value[:-1]),)


async def _under_another_name(guarded: GuardedBox) -> Fields:
    _, value = await guarded.cookie()
    return (("cookie", f"session={value.partition('=')[2]}"), ("x-p2claw-token", value))


async def _behind_many_false_ones(guarded: GuardedBox) -> Fields:
    _, value = await guarded.cookie()
    return (("cookie", "; ".join([f"{NAME}=x"] * 50 + [value])),)


STALE: dict[str, Callable[[GuardedBox], Awaitable[Fields]]] = {
    "that was not used for long": _expired,
    "that is too old": _expired_though_used,
    "that was left": _left,
    "of an old password": _by_an_old_password,
    "of before the app was gone": _of_an_app_that_was_gone,
    "of another app": _of_another_app,
    "that is an invitation": _of_an_invitation,
    "in capitals": _in_capitals,
    "with another character": _one_character_changed,
    "that is cut": _cut,
    "under another name": _under_another_name,
    "behind many false ones": _behind_many_false_ones,
}


@pytest.mark.parametrize("kind", STALE)
async def test_no_session_lets_in_that_does_not_hold(guarded: GuardedBox, kind: str) -> None:
    fields = await STALE[kind](guarded)
    assert refused(await guarded.box.ask("GET", "/secret", fields))
    assert refused(await guarded.box.ask("GET", "/secret", (*fields, *PAGE)))


async def test_a_websocket_is_refused_before_one_has_entered(guarded: GuardedBox) -> None:
    for fields in ((), _cookie("A" * 43), (("origin", ORIGIN),)):
        for target in ("/", "/.p2claw/access/enter", "/.p2claw/access/style.css"):
            head = RequestHead("CONNECT", target, fields, protocol="websocket")
            response = await whole(guarded.box.visitor.open(head, end=False))
            assert (response.status, response.error) == (401, "access-required")


async def test_a_body_that_comes_early_reaches_nobody(guarded: GuardedBox) -> None:
    response = await guarded.box.ask("POST", "/upload", (), b"x" * 300_000)
    assert refused(response)


@pytest.mark.parametrize("to", OUTSIDE)
async def test_no_form_leads_to_another_site(guarded: GuardedBox, to: str) -> None:
    entered = await guarded.enter(to=to)
    assert (entered.status, entered.value("location")) == (303, f"{ORIGIN}/")


async def test_who_is_out_cannot_end_the_session_of_who_is_in(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        cookie = await guarded.cookie()
        leave = "/.p2claw/access/leave"
        for fields in (
            (cookie,),
            (cookie, ("origin", "http://evil.example")),
            (cookie, ("origin", ORIGIN), ("sec-fetch-site", "cross-site")),
            (("origin", ORIGIN),),
        ):
            await guarded.box.ask("POST", leave, fields, b"")
        await guarded.box.ask("GET", leave, (cookie, ("origin", ORIGIN)))
        assert (await guarded.box.ask("GET", "/", (cookie,))).status == 200


async def test_a_session_lets_into_its_own_app_alone(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        cookie = await guarded.cookie()
        guarded.box.routes["dog"] = replace(guarded.box.routes["dog"], app="cat")
        value = cookie[1].partition("=")[2]
        assert (await guarded.keeper.reply(Question(Ask.SESSION, "cat", value))).grant is None
        assert (await guarded.keeper.reply(Question(Ask.SESSION, "dog", value))).grant is not None


async def test_a_right_that_ends_while_it_is_looked_at_lets_nobody_in(tmp_path: Path) -> None:
    """The password is changed while it is being hashed."""
    async with guarded_box(tmp_path) as guarded:
        entering = asyncio.create_task(guarded.enter())
        await asyncio.sleep(0.01)
        await guarded.keeper.guard("dog", Guard(CHEAP.hash("a new password")))
        response = await entering
        assert (
            refused(response)
            or (await guarded.box.ask("GET", "/", (cookie_of(response),))).status == 401
        )
        assert guarded.upstream.requests == []


async def test_a_wrong_password_takes_as_long_where_there_is_none(tmp_path: Path) -> None:
    """An app for the invited hashes too: nobody sees by the time whether there is a password."""
    loop = asyncio.get_running_loop()
    took_s: dict[str, float] = {}
    for kind, password in (("one", PASSWORD), ("none", "")):
        async with guarded_box(tmp_path / kind, password=password) as guarded:
            if password:
                await guarded.keeper.guard("dog", Guard(hash_of(password)))
            times = []
            for _ in range(3):
                began_s = loop.time()
                await guarded.enter("wrong password")
                times.append(loop.time() - began_s)
            took_s[kind] = min(times)
    assert took_s["none"] > took_s["one"] / 4


def test_there_are_more_than_a_hundred_attempts() -> None:
    tables = (COOKIES, TARGETS, METHODS, HEADERS, FORMS, OUTSIDE, STALE, INVITED)
    assert sum(map(len, tables)) >= 100
