"""The entrance, with an app behind it: who enters, what the app gets to know, and what ends."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from p2claw.agent.access import pages
from p2claw.agent.access.ledger import LONGEST_S, Guard
from p2claw.agent.access.ledger_keeper import LedgerKeeper
from p2claw.agent.access.question import Ask, Question
from p2claw.agent.access.tries import TryLimits
from p2claw.errors import StreamResetError
from tests.support.guarded_box import CHEAP, ORIGIN, PAGE, cookie_of, guarded_box
from tests.support.upstreams import Talk, until

INVITATION = "/.p2claw/access/invitation"


async def test_a_page_is_where_one_enters_and_a_script_gets_an_error(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        page = await guarded.box.ask("GET", "/a?b=c", PAGE)
        other = await guarded.box.ask("GET", "/a", (("sec-fetch-dest", "empty"),))
    assert (page.status, page.error, page.value("cache-control")) == (401, "", "no-store")
    assert page.value("clear-site-data") == '"cache"'
    assert b'autocomplete="current-password"' in page.body
    assert b'name="to" value="/a?b=c"' in page.body
    assert (other.status, other.error) == (401, "access-required")
    assert guarded.upstream.requests == []


async def test_the_right_password_leads_to_where_one_wanted_to_go(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        entered = await guarded.enter(to="/a?b=c")
        response = await guarded.box.ask("GET", "/a?b=c", (cookie_of(entered),))
        (request,) = guarded.upstream.requests
    assert (entered.status, entered.value("location")) == (303, f"{ORIGIN}/a?b=c")
    attributes = (entered.value("set-cookie") or "").split("; ")[1:]
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Lax", f"Max-Age={LONGEST_S}"] or (
        attributes[:3] == ["Path=/", "HttpOnly", "SameSite=Lax"]
    )
    assert response.status == 200
    assert request.target == "/a?b=c"


async def test_the_app_learns_who_visits_and_never_sees_the_cookie(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        name, value = await guarded.cookie()
        lies = (("x-p2claw-user", "root"), ("x_p2claw_token", "e30"), ("x-p2claw-access", "no"))
        fields = ((name, f"a=1; {value}"), (name, "b=2"), *lies)
        await guarded.box.ask("GET", "/", fields)
        (request,) = guarded.upstream.requests
    assert request.values("cookie") == ["a=1; b=2"]
    assert request.values("x-p2claw-user") == ["visitor"]
    assert request.values("x-p2claw-access") == ["password"]
    assert [token.count(".") for token in request.values("x-p2claw-token")] == [2]
    assert request.values("x_p2claw_token") == []


async def test_no_cache_shows_what_the_app_sent(tmp_path: Path) -> None:
    async def handler(talk: Talk) -> None:
        while await talk.request():
            head = b"HTTP/1.1 200 OK\r\ncache-control: max-age=9\r\nexpires: 0\r\n"
            await talk.send(head + b"set-cookie: p2claw-access=x\r\ncontent-length: 0\r\n\r\n")

    async with guarded_box(tmp_path, handler=handler) as guarded:
        cookie = await guarded.cookie()
        page = await guarded.box.ask("GET", "/", (cookie, *PAGE))
        other = await guarded.box.ask("GET", "/", (cookie, ("sec-fetch-dest", "image")))
    assert page.value("cache-control") == "max-age=9, private, no-store"
    assert other.value("cache-control") == "max-age=9, private, no-cache"
    assert page.value("expires") is None
    assert page.value("set-cookie") is None


async def test_a_wrong_password_shows_so_and_many_have_to_wait(tmp_path: Path) -> None:
    limits = TryLimits(link_burst=3)
    async with guarded_box(tmp_path, limits=limits) as guarded:
        responses = [await guarded.enter("wrong password") for _ in range(4)]
        right = await guarded.enter()
        async with guarded.box.another("198.51.100.0/24") as other:
            neighbour = replace(guarded, box=other)
            assert (await neighbour.enter()).status == 303
    assert [response.status for response in responses] == [401, 401, 401, 429]
    assert b"not the password" in responses[0].body
    assert int(responses[3].value("retry-after") or 0) > 0
    assert right.status == 429  # this link has to wait, also with the right one


async def test_an_app_for_the_invited_has_no_password(tmp_path: Path) -> None:
    async with guarded_box(tmp_path, password="") as guarded:
        page = await guarded.box.ask("GET", "/", PAGE)
        assert b"need an invitation" in page.body
        assert b"<form" not in page.body
        for password in ("", "wrong password"):
            assert (await guarded.enter(password)).status == 401
        assert guarded.upstream.requests == []


async def test_whoever_leaves_has_to_enter_again(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        cookie = await guarded.cookie()
        asked = await guarded.box.ask("GET", "/.p2claw/access/leave", (cookie, *PAGE))
        assert b"Leave this app" in asked.body
        left = await guarded.box.ask(
            "POST", "/.p2claw/access/leave", (cookie, ("origin", ORIGIN), *PAGE), b""
        )
        assert "Max-Age=0" in (left.value("set-cookie") or "")
        assert (await guarded.box.ask("GET", "/", (cookie, *PAGE))).status == 401
        assert guarded.upstream.requests == []


async def test_what_is_under_way_ends_with_its_session(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def handler(talk: Talk) -> None:
        await talk.head()
        await talk.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n")
        began.set()
        await asyncio.Event().wait()

    async with guarded_box(tmp_path, handler=handler) as guarded:
        stream = guarded.box.begin("GET", "/", (await guarded.cookie(),))
        assert (await stream.response()).status == 200
        assert await stream.read() == b"data: 1\n\n"
        await guarded.keeper.guard("dog", Guard(CHEAP.hash("a new password")))
        with pytest.raises(StreamResetError):
            await asyncio.wait_for(stream.read(), 2)
        await until(lambda: not guarded.box.proxy.entrance._under_way)


async def test_a_request_that_waits_for_the_app_ends_with_its_session(tmp_path: Path) -> None:
    async def handler(talk: Talk) -> None:
        await talk.head()
        await asyncio.Event().wait()

    async with guarded_box(tmp_path, handler=handler) as guarded:
        cookie = await guarded.cookie()
        asked = asyncio.create_task(guarded.box.ask("GET", "/", (cookie,)))
        await until(lambda: bool(guarded.box.proxy.entrance._under_way))
        await guarded.keeper.reply(Question(Ask.LEAVE, "dog", cookie[1].partition("=")[2]))
        response = await asyncio.wait_for(asked, 2)
    assert (response.status, response.error) == (401, "access-ended")


async def test_what_is_under_way_ends_when_the_app_becomes_guarded(tmp_path: Path) -> None:
    async def handler(talk: Talk) -> None:
        await talk.head()
        await asyncio.Event().wait()

    async with guarded_box(tmp_path, handler=handler) as guarded:
        route = guarded.box.routes["dog"]
        guarded.box.routes["dog"] = replace(route, guarded=False, by_password=False)
        asked = asyncio.create_task(guarded.box.ask("GET"))
        await until(lambda: bool(guarded.box.proxy.entrance._under_way))
        guarded.box.routes["dog"] = route
        guarded.box.proxy.apply(guarded.box.routes)
        response = await asyncio.wait_for(asked, 2)
    assert (response.status, response.error) == (401, "access-ended")


async def test_a_restart_keeps_who_has_entered(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        cookie = await guarded.cookie()
        path, clock = tmp_path / "home" / "access.json", guarded.clock
    again = LedgerKeeper(path, "peer", now=clock)
    await again.load()
    reply = await again.reply(Question(Ask.SESSION, "dog", cookie[1].partition("=")[2]))
    await again.close()
    assert reply.grant is not None


async def test_the_style_of_the_page_is_for_everyone(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        style = await guarded.box.ask("GET", "/.p2claw/access/style.css?v=1")
    assert (style.status, style.value("content-type")) == (200, "text/css; charset=utf-8")


@pytest.mark.parametrize("guarded_app", [True, False])
async def test_every_visitor_may_see_how_it_is_linked_and_the_app_sees_nothing_of_it(
    tmp_path: Path, guarded_app: bool
) -> None:
    async with guarded_box(tmp_path) as guarded:
        route = guarded.box.routes["dog"]
        guarded.box.routes["dog"] = replace(route, guarded=guarded_app)
        page = await guarded.box.ask("GET", "/.p2claw/access/link", PAGE)
        style = await guarded.box.ask("GET", "/.p2claw/access/style.css")
        head = await guarded.box.ask("HEAD", "/.p2claw/access/link")
    assert (page.status, style.status, head.status, head.body) == (200, 200, 200, b"")
    assert (page.value("cache-control"), page.value("clear-site-data")) == ("no-store", None)
    assert b"<dt>Path</dt><dd>unknown</dd>" in page.body
    assert guarded.upstream.requests == []


def test_the_page_of_a_link_says_path_round_trip_and_bytes() -> None:
    view = pages.LinkView("relayed", 0.0416, 5_250_000, 1_234)
    text = pages.link_page("dog", "purplecrab", view).decode()
    facts = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", text)
    assert facts == [
        ("Path", "relayed"),
        ("Round trip", "42 ms"),
        ("Moved in this visit", "5.2 MB"),
        ("Of it relayed", "1.2 kB"),
    ]


async def test_an_app_that_is_open_gets_nobodys_name(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        route = guarded.box.routes["dog"]
        guarded.box.routes["dog"] = replace(route, guarded=False, by_password=False)
        await guarded.box.ask("GET", "/", (("x-p2claw-user", "root"),))
        (request,) = guarded.upstream.requests
    assert not [name for name, _ in request.fields if "p2claw" in name]


async def test_no_app_ever_gets_a_password(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        route = guarded.box.routes["dog"]
        guarded.box.routes["dog"] = replace(route, guarded=False, by_password=False)
        response = await guarded.enter()
        assert (response.status, response.value("location")) == (303, "/")
        assert guarded.upstream.requests == []


async def test_an_invitation_lets_in_and_names_for_whom_it_was_made(tmp_path: Path) -> None:
    async with guarded_box(tmp_path, password="") as guarded:
        token = await guarded.invite(uses=1)
        entered = await guarded.box.ask("GET", f"{INVITATION}?t={token}&to=%2Fa%3Fb", PAGE)
        assert (entered.status, entered.value("location")) == (303, "/a?b")
        cookie = cookie_of(entered)
        await guarded.box.ask("GET", "/a?b", (cookie,))
        # The same browser again takes no use away, and another one is too late.
        again = await guarded.box.ask("GET", f"{INVITATION}?t={token}", (cookie, *PAGE))
        assert (again.status, again.value("set-cookie")) == (303, None)
        late = await guarded.box.ask("GET", f"{INVITATION}?t={token}", PAGE)
        assert (late.status, b"as often as it may be" in late.body) == (401, True)
        (request,) = guarded.upstream.requests
    assert request.values("x-p2claw-user") == ["guests"]
    assert request.values("x-p2claw-access") == ["invitation"]


async def test_who_is_put_out_alone_is_out_at_once_and_others_stay(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        cookies = [cookie_of(await guarded.enter(to="/")) for _ in range(2)]
        assert (await guarded.box.ask("GET", "/", (cookies[0], *PAGE))).status == 200
        listed = guarded.keeper.inside()
        assert [(one["app"], one["way"]) for one in listed] == [("dog", "password")] * 2
        for stay in (1, 0):
            gone = await guarded.keeper.end(listed[stay]["id"])
            assert gone["id"] == listed[stay]["id"]
            assert len(guarded.keeper.inside()) == stay
            seen = [(await guarded.box.ask("GET", "/", (one, *PAGE))).status for one in cookies]
            assert seen.count(401) == 2 - stay


async def test_revoking_an_invitation_ends_what_it_let_in(tmp_path: Path) -> None:
    async with guarded_box(tmp_path) as guarded:
        token = await guarded.invite()
        entered = await guarded.box.ask("GET", f"{INVITATION}?t={token}", PAGE)
        (facts,) = guarded.keeper.invitations()
        assert (facts["used"], facts["sessions"], facts["open"]) == (1, 1, True)
        assert (await guarded.keeper.revoke(facts["id"]))["ended"] == 1
        cookie = cookie_of(entered)
        assert (await guarded.box.ask("GET", "/", (cookie, *PAGE))).status == 401
        late = await guarded.box.ask("GET", f"{INVITATION}?t={token}", PAGE)
        assert b"withdrawn" in late.body
        assert guarded.upstream.requests == []
