"""Header fields through the box: what the upstream sees, what the visitor gets back."""

from __future__ import annotations

import pytest

from p2claw.agent.home.public_names import PublicNames
from p2claw.agent.home.routes import Route
from p2claw.agent.http.fields import RequestFields, Visit, response_fields, trailer_fields
from p2claw.agent.http.request_fields import request_fields
from p2claw.agent.request_faults import BadRequestFault
from p2claw.agent.upstream.address import parse_upstream
from p2claw.wire.frames.heads import RequestHead

HOST = "dog-purplecrab.p2claw.example"
KEY_HOST = f"dog-{'a' * 26}.p2claw.example"
NAMES = PublicNames("https://{label}.p2claw.example", "purplecrab", "a" * 26)
VISIT = Visit("dog", NAMES, "203.0.113.0/24")
ROUTE = Route("dog", parse_upstream("http://localhost:3000"))
PRESERVING = Route("dog", ROUTE.upstream, preserve_host=True)


def passed(
    *fields: tuple[str, str],
    route: Route = ROUTE,
    method: str = "GET",
    target: str = "/",
    visit: Visit = VISIT,
) -> RequestFields:
    return request_fields(RequestHead(method, target, fields), route, visit)


def seen(*fields: tuple[str, str], route: Route = ROUTE) -> dict[str, str]:
    """What the upstream sees, each name once."""
    upstream = passed(*fields, route=route)
    assert len({name for name, _ in upstream.fields}) == len(upstream.fields)
    return {"host": upstream.host, **dict(upstream.fields)}


def got(*fields: tuple[str, str], route: Route = ROUTE) -> list[tuple[str, str]]:
    asked = passed(("referer", f"https://{HOST}/"), route=route)
    return list(response_fields(fields, route, VISIT, asked))


def test_the_upstream_is_called_by_its_own_name() -> None:
    assert seen()["host"] == "localhost:3000"


def test_ordinary_fields_pass_in_order() -> None:
    fields = (("accept", "a"), ("x-cat", "1"), ("x-cat", "2"), ("accept-encoding", "br"))
    assert passed(*fields).fields[:4] == fields


@pytest.mark.parametrize("host", [HOST, KEY_HOST])
def test_an_origin_of_this_app_becomes_the_upstreams(host: str) -> None:
    assert seen(("origin", f"https://{host}"))["origin"] == "http://localhost:3000"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://example.com",
        "https://cat-purplecrab.p2claw.example",
        f"http://{HOST}",
        f"https://{HOST}:444",
        f"https://{HOST}.example.com",
    ],
)
def test_an_origin_of_anybody_else_stays(origin: str) -> None:
    assert seen(("origin", origin))["origin"] == origin


def test_a_second_origin_is_dropped() -> None:
    origin = f"https://{HOST}"
    assert seen(("origin", origin), ("origin", origin))["origin"] == "http://localhost:3000"


def test_a_referer_of_this_app_becomes_the_upstreams() -> None:
    referer = seen(("referer", f"https://{HOST}/a/b?c=d"))["referer"]
    assert referer == "http://localhost:3000/a/b?c=d"


def test_a_referer_of_anybody_else_stays() -> None:
    assert seen(("referer", "https://example.com/a"))["referer"] == "https://example.com/a"


@pytest.mark.parametrize("name", ["destination", "hx-current-url"])
def test_another_url_of_this_app_becomes_the_upstreams(name: str) -> None:
    assert seen((name, f"https://{HOST}/a%20b"))[name] == "http://localhost:3000/a%20b"
    assert seen((name, "https://example.com/a"))[name] == "https://example.com/a"
    assert seen((name, f"https://{HOST}/a"), route=PRESERVING)[name] == f"https://{HOST}/a"


def test_urls_among_the_locks_of_a_condition_become_the_upstreams() -> None:
    condition = f'<https://{HOST}/a> (<urn:uuid:1> ["e"]) <https://example.com/> (Not <DAV:no>)'
    expected = condition.replace(f"https://{HOST}", "http://localhost:3000")
    assert seen(("if", condition))["if"] == expected


def test_an_upstream_that_insists_on_https_is_sent_it_with_an_origin_that_agrees() -> None:
    origin = ("origin", f"https://{HOST}")
    upstream = request_fields(
        RequestHead("POST", "/", (origin, ("referer", f"https://{HOST}/a"))),
        ROUTE,
        VISIT,
        secure=True,
    )
    fields = dict(upstream.fields)
    assert fields["origin"] == "https://localhost:3000"
    assert fields["referer"] == "https://localhost:3000/a"
    assert fields["x-forwarded-proto"] == "https"
    assert "x-forwarded-host" not in fields
    assert upstream.host == "localhost:3000"


def test_the_upstream_is_sent_who_visits_what_and_how() -> None:
    fields = seen()
    assert fields["x-forwarded-for"] == "203.0.113.0"
    assert fields["x-forwarded-host"] == HOST
    assert fields["x-forwarded-proto"] == "https"


@pytest.mark.parametrize("visitor", ["", "203.0.113.0, 127.0.0.1", "x\r\ny: z", "host.example"])
def test_a_visitor_without_an_address_is_unknown(visitor: str) -> None:
    fields = passed(visit=Visit("dog", NAMES, visitor)).fields
    assert ("x-forwarded-for", "unknown") in fields


def test_beside_a_rewritten_origin_no_other_host_and_no_other_scheme_are_named() -> None:
    fields = seen(("origin", f"https://{HOST}"))
    assert fields["origin"] == "http://localhost:3000"
    assert "x-forwarded-host" not in fields
    assert fields["x-forwarded-proto"] == "http"
    assert "x-forwarded-for" in fields


def test_the_name_that_is_visited_is_the_one_that_is_forwarded() -> None:
    assert seen(("referer", f"https://{KEY_HOST}/"))["x-forwarded-host"] == KEY_HOST


def test_an_upstream_may_see_the_public_names() -> None:
    origin = f"https://{HOST}"
    fields = seen(("origin", origin), ("referer", f"{origin}/a"), route=PRESERVING)
    assert (fields["host"], fields["origin"], fields["referer"]) == (HOST, origin, f"{origin}/a")
    assert fields["x-forwarded-host"] == HOST


@pytest.mark.parametrize(
    "name",
    [
        "host",
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
        "expect",
        "trailer",
        "forwarded",
        "x-real-ip",
        "proxy-authorization",
        "content-length",
        "x-p2claw-user",
        "x-forwarded-server",
        "x_p2claw_user",
        "transfer_encoding",
        "x_forwarded_for",
        "proxy",
        "forwarded-for",
        "x.forwarded.for",
        "x-forwarded",
        "client-ip",
        "x-client_ip",
        "true-client-ip",
        "cf-connecting-ip",
        "fastly-client-ip",
        "x-cluster-client-ip",
        "x_real.ip",
        "x-original-url",
        "x_original_uri",
        "x-rewrite-url",
        "remote-user",
        "remote.user",
        "x-remote-user",
        "x-webauth-user",
        "x-auth-request-email",
        "ssl-client-verify",
        "x-ssl-client-dn",
    ],
)
def test_what_a_visitor_may_not_send_is_dropped(name: str) -> None:
    head = RequestHead("GET", "/", ((name, "0"),))
    assert name not in dict(request_fields(head, ROUTE, VISIT).fields)


@pytest.mark.parametrize(
    "name",
    [
        "x-http-method-override",
        "x-original-filename",
        "x-client-id",
        "x-client-version",
        "x-realm",
        "x-auth-user",
        "x-remote-control",
        "client-hints",
        "x-ip",
        "ratio-ip",
        "x-forward",
        "originating-page",
    ],
)
def test_what_apps_use_themselves_stays(name: str) -> None:
    assert seen((name, "0"))[name] == "0"


@pytest.mark.parametrize("name", ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"])
def test_what_a_visitor_claims_of_itself_is_not_believed(name: str) -> None:
    assert seen((name, "forged"))[name] != "forged"


def test_what_connection_names_is_dropped() -> None:
    fields = seen(("connection", "close, X-Hop"), ("x-hop", "1"), ("x-stay", "2"))
    assert "x-hop" not in fields
    assert "x-stay" in fields


def test_connection_cannot_remove_a_cookie() -> None:
    assert "cookie" in seen(("connection", "cookie"), ("cookie", "a=b"))


def test_cookies_in_crumbs_are_joined() -> None:
    assert seen(("cookie", "a=b"), ("cookie", "c=d"))["cookie"] == "a=b; c=d"


@pytest.mark.parametrize(
    "fields",
    [
        (("x-cat", "a\r\nb: c"),),
        (("x-cat", "a\0b"),),
        (("x-cat", "caf\u0107"),),
        (("x cat", "a"),),
        (("x-cat:", "a"),),
        (("", "a"),),
        (("content-length", "1"), ("content-length", "1")),
        (("content-length", "1"), ("content_length", "2")),
        (("content-length", "1, 1"),),
        (("content-length", "+1"),),
        (("content-length", "0x1"),),
        (("content-length", ""),),
        (("content-length", "٣"),),
        (("content-length", "9" * 30),),
    ],
)
def test_a_field_that_could_be_read_as_another_is_refused(
    fields: tuple[tuple[str, str], ...],
) -> None:
    with pytest.raises(BadRequestFault):
        passed(*fields)


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("CONNECT", "/"),
        ("G T", "/"),
        ("GET\r\n", "/"),
        ("", "/"),
        ("GET", "http://169.254.169.254/"),
        ("GET", "*"),
        ("GET", ""),
        ("GET", "/a b"),
        ("GET", "/\r\nx: y"),
        ("GET", "/é"),
    ],
)
def test_a_request_line_that_is_none_is_refused(method: str, target: str) -> None:
    with pytest.raises(BadRequestFault):
        passed(method=method, target=target)


def test_options_of_the_whole_server_may_be_asked() -> None:
    assert passed(method="OPTIONS", target="*").host == "localhost:3000"


def test_the_content_length_is_read() -> None:
    assert passed(("content-length", "42")).length == 42


def test_a_location_of_the_upstream_is_mapped_back() -> None:
    assert got(("location", "http://localhost:3000/a")) == [("location", "/a")]


def test_a_content_location_of_the_upstream_is_mapped_back() -> None:
    assert got(("content-location", "http://localhost:3000/a")) == [("content-location", "/a")]


def test_a_refresh_to_the_upstream_is_mapped_back() -> None:
    assert got(("refresh", "1; url=http://localhost:3000/a")) == [("refresh", "1; url=/a")]


def test_the_upstreams_own_origin_is_allowed_as_the_public_one() -> None:
    name = "access-control-allow-origin"
    assert got((name, "http://localhost:3000")) == [(name, f"https://{HOST}")]


@pytest.mark.parametrize("value", ["*", "null", "https://example.com", "http://localhost:3000/a"])
def test_any_other_allowed_origin_stays(value: str) -> None:
    name = "access-control-allow-origin"
    assert got((name, value)) == [(name, value)]


def test_with_preserved_host_nothing_is_mapped_back() -> None:
    field = ("location", "http://localhost:3000/a")
    assert got(field, route=PRESERVING) == [field]


@pytest.mark.parametrize("route", [ROUTE, PRESERVING])
def test_cookies_for_the_upstream_are_for_the_app_and_others_stay_so(route: Route) -> None:
    own = ("set-cookie", "a=b; Domain=localhost")
    others = ("set-cookie", "c=d; Domain=p2claw.example")
    assert got(own, others, route=route) == [("set-cookie", "a=b"), others]


@pytest.mark.parametrize("name", ["connection", "keep-alive", "transfer-encoding", "upgrade"])
def test_what_was_meant_for_the_box_stays_here(name: str) -> None:
    assert got((name, "x"), ("etag", "1")) == [("etag", "1")]


def test_what_connection_names_stays_here() -> None:
    assert got(("connection", "X-Hop"), ("x-hop", "1")) == []


def test_trailers_cannot_carry_what_belongs_in_a_head() -> None:
    assert trailer_fields((("x-sum", "7"), ("set-cookie", "a=b"), ("content-length", "1"))) == (
        ("x-sum", "7"),
    )


def test_an_unlisted_app_is_not_given_away_by_referer_unless_it_asks_so_itself() -> None:
    secret = Route("dog-abcdefghijklmnopqrstuvwx23", ROUTE.upstream)
    own = ("referrer-policy", "origin")
    assert got(("etag", "1"), route=secret) == [("etag", "1"), ("referrer-policy", "same-origin")]
    assert got(own, route=secret) == [own]
