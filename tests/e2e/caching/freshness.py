"""How long a response is fresh: RFC 9111 §4.2, and how its fields are read."""

from __future__ import annotations

from tests.e2e.caching.case import Case, case

TAG = ("ETag", '"a"')
LONG_AGO = ("Last-Modified", "@-1000000")


def _age(age: str, outcome: str) -> Case:
    fields = [("Cache-Control", "max-age=3600"), ("Age", age)]
    return case(f"Age: {age} of 3600 s", outcome, fields)  # type: ignore[arg-type]


def _control(value: str, outcome: str) -> Case:
    return case(f"Cache-Control: {value}", outcome, [("Cache-Control", value)])  # type: ignore[arg-type]


def _expires(value: str, outcome: str) -> Case:
    return case(f"Expires: {value}", outcome, [("Expires", value)])  # type: ignore[arg-type]


CASES: list[Case] = [
    *(
        _control(value, "reuse")
        for value in (
            "max-age=3600",
            "max-age=30",
            "MAX-AGE=3600",
            "Max-Age=3600",
            "max-age=003600",
            "max-age=99999999999",
            "public, max-age=3600",
            "private, max-age=3600",
            "max-age=3600, public",
            "max-age=3600,foo",
            "foo, max-age=3600",
            'foo="bar", max-age=3600',
            'foo="a, b", max-age=3600',
            "s-maxage=0, max-age=3600",
            "max-age=3600, s-maxage=0",
            "must-revalidate, max-age=3600",
            "proxy-revalidate, max-age=3600",
            "immutable, max-age=3600",
            "max-age=3600, immutable",
            "max-age=3600, max-age=0",
            "max-age=3600,",
            ", max-age=3600",
            "max-age=3600 , foo",
            "max-age= 3600",
            "x-max-age=0, max-age=3600",
            "no-transform, max-age=3600",
            "max-age=3600, stale-while-revalidate=60",
            "max-age=3600, stale-if-error=60",
            "only-if-cached, max-age=3600",
        )
    ),
    *(
        _control(value, "ask")
        for value in (
            "max-age=0",
            "max-age=-1",
            "max-age=3600.5",
            "max-age=a3600",
            "max-age=3600a",
            'max-age="3600"',  # RFC 9111 §5.2 would allow it; both browsers ask
            "max-age='3600'",
            "max-age =3600",
            "max-age",
            "max-age=",
            "no-store",
            "NO-STORE",
            "no-cache",
            "no-cache, max-age=3600",
            "max-age=3600, no-cache",
            "No-Cache, max-age=3600",
            "no-store, max-age=3600",
            "max-age=3600, no-store",
            "s-maxage=3600",
            "public",
            "private",
            "immutable",
            "must-revalidate",
            "foo",
            "max-age-3600",
            'foo="max-age=3600"',
            'foo="a, max-age=3600"',
            "max-ages=3600",
            "xmax-age=3600",
            "stale-if-error=60",
        )
    ),
    *(_age(age, "reuse") for age in ("0", "3000", "-7200", "abc", "0, 7200", "7200a", "")),
    *(_age(age, "ask") for age in ("3600", "7200", "99999999999", "7200, 0")),
    *(
        _expires(value, "reuse")
        for value in (
            "@3600",
            "@10",
            "Thu, 18 Aug 2050 02:01:18 GMT",
            "thu, 18 aug 2050 02:01:18 gmt",
            "Thu Aug 18 02:01:18 2050",
            # What RFC 9110 §5.6.7 does not allow, and browsers understand.
            "Thursday, 18-Aug-50 02:01:18 GMT",
            "Thu, 18 Aug 50 02:01:18 GMT",
            "Thu 18 Aug 2050 02:01:18 GMT",
            "Thu, 18  Aug  2050 02:01:18 GMT",
            "Thu, 18-Aug-2050 02:01:18 GMT",
            "Thu, 18 Aug 2050 2:01:18 GMT",
            "Thu, 18 Aug 2050 02:01:18 UTC",
            "Thu, 18 Aug 2050 02:01:18 PST",
            "Tue 19 Jan 2038 14:14:08 GMT",
            "Thu, 18 Aug 2050",
            "Thu, 18 Aug 2050 02.01.18 GMT",
            "Thu, 18 Aug 2050 02:01 GMT",
        )
    ),
    *(
        _expires(value, "ask")
        for value in (
            "@-1",
            "@-3600",
            "0",
            "-1",
            "never",
            "",
            "Thu, 18 Aug 1994 02:01:18 GMT",
            "3600",
            "Thu 2050",
            "2050-08-18T02:01:18Z",
            "Thursday, 18-Aug-94 02:01:18 GMT",
        )
    ),
    case(
        "max-age before Expires in the past",
        "reuse",
        [("Cache-Control", "max-age=3600"), ("Expires", "@-100")],
    ),
    case(
        "max-age=0 before Expires to come",
        "ask",
        [("Cache-Control", "max-age=0"), ("Expires", "@3600")],
    ),
    case(
        "s-maxage says nothing beside Expires",
        "reuse",
        [("Cache-Control", "s-maxage=0"), ("Expires", "@3600")],
    ),
    case(
        "two fields of Cache-Control",
        "reuse",
        [("Cache-Control", "foo"), ("Cache-Control", "max-age=3600")],
    ),
    case(
        "no-store in a second field",
        "ask",
        [("Cache-Control", "max-age=3600"), ("Cache-Control", "no-store")],
    ),
    case("Expires counts from Date", "reuse", [("Expires", "@3600"), ("Date", "@-10")]),
    case(
        "a Date long past makes it old",
        "ask",
        [("Cache-Control", "max-age=3600"), ("Date", "@-7200")],
    ),
    case(
        "a Date of half an hour ago",
        "reuse",
        [("Cache-Control", "max-age=3600"), ("Date", "@-1800")],
    ),
    case("a Date to come", "reuse", [("Cache-Control", "max-age=3600"), ("Date", "@1800")]),
    case(
        "a Date that is none", "reuse", [("Cache-Control", "max-age=3600"), ("Date", "yesterday")]
    ),
    case("nothing is declared", "ask", []),
    case("only ETag", "validate", [TAG]),
    case("Last-Modified long ago", "reuse", [LONG_AGO]),
    case("Last-Modified just now", "validate", [("Last-Modified", "@0")]),
    case("Last-Modified to come", "validate", [("Last-Modified", "@3600")]),
    case("Last-Modified that is no date", "validate", [("Last-Modified", "lately")]),
    case("no-cache beats the heuristic", "validate", [LONG_AGO, ("Cache-Control", "no-cache")]),
    case("Expires beats the heuristic", "validate", [LONG_AGO, ("Expires", "0")]),
    case("a tenth of the age", "validate", [("Last-Modified", "@-1000"), ("Date", "@-200")]),
    case(
        "less than a tenth of the age", "reuse", [("Last-Modified", "@-10000"), ("Date", "@-200")]
    ),
    case("Pragma: no-cache alone", "validate", [LONG_AGO, ("Pragma", "no-cache")]),
    case(
        "Pragma beside Cache-Control",
        "ask",
        [("Cache-Control", "max-age=3600"), ("Pragma", "no-cache")],
    ),
    case(
        "Set-Cookie does not keep it out",
        "reuse",
        [("Cache-Control", "max-age=3600"), ("Set-Cookie", "a=1")],
    ),
    case(
        "unknown fields are kept",
        "reuse",
        [("Cache-Control", "max-age=3600"), ("X-Crab", "claw")],
        shows={"fields": {"x-crab": "claw"}},
    ),
    case("a body of no bytes", "reuse", [("Cache-Control", "max-age=3600")], body=""),
    case("a body of one byte", "reuse", [("Cache-Control", "max-age=3600")], body="x"),
    case(
        "a body that is cut",
        "ask",
        [("Cache-Control", "max-age=3600")],
        cut=True,
        responses=[{"fields": []}],
    ),
    case(
        "must-revalidate when stale",
        "validate",
        [("Cache-Control", "must-revalidate, max-age=0"), TAG],
    ),
    case("immutable when stale", "validate", [("Cache-Control", "immutable, max-age=0"), TAG]),
    *(
        case(f"status {status} without a word", outcome, [], status=status)  # type: ignore[arg-type]
        for status, outcome in (
            (404, "ask"),
            (410, "reuse"),
            (500, "ask"),
            (403, "ask"),
            (201, "ask"),
        )
    ),
    *(
        case(f"status {status} by the heuristic", "reuse", [LONG_AGO], status=status)
        for status in (203, 410)
    ),
    *(
        case(f"status {status} has no heuristic", "ask", [LONG_AGO], status=status)
        for status in (201, 202, 204, 400, 403, 404, 405, 414, 500, 501, 502, 503, 504, 599)
    ),
    *(
        case(
            f"status {status} with max-age",
            "reuse",
            [("Cache-Control", "max-age=3600")],
            status=status,
        )
        for status in (
            200,
            201,
            202,
            203,
            204,
            400,
            403,
            404,
            405,
            410,
            414,
            451,
            500,
            501,
            502,
            503,
            504,
            599,
        )
    ),
    *(
        case(f"status {status} with Expires", "reuse", [("Expires", "@3600")], status=status)
        for status in (200, 203, 404, 410, 500)
    ),
    *(
        case(
            f"status {status} with no-store", "ask", [("Cache-Control", "no-store")], status=status
        )
        for status in (200, 203, 404, 410, 500)
    ),
]
