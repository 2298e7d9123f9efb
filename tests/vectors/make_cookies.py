"""cookies.json: what browsers keep of Set-Cookie, and what they send back.

The cases are those of the published test suites for RFC 6265 and its successor (web-platform-tests
and tough-cookie), worded afresh, and tried on Chromium 156 and Firefox ESR 153. Where the two are
of one mind, that is what counts; where they differ (nameless cookies, the place of one that is
replaced, a tab in a value), this is what Chromium does, and bootstrap/test/cookies says the rest.
"""

from __future__ import annotations

from typing import Any

# An octet string, or parts that repeat.
Text = str | list[tuple[str, int]]

FROM = "/shop/cart"
LATER = "Fri, 07 Aug 2037 08:04:19 GMT"
PAST = "Tue, 07 Aug 2007 08:04:19 GMT"


def case(name: str, *given: Text, sent: Text, to: str = FROM, at: str = FROM) -> dict[str, Any]:
    """given: the values of Set-Cookie at one path, of which `sent` comes to another."""
    return {"name": name, "at": at, "set": list(given), "to": to, "sent": sent}


PAIRS = [
    case("a pair", "a=1", sent="a=1"),
    case("an empty value", "a=", sent="a="),
    case("blanks around name and value", " \t a \t = \t 1 \t ", sent="a=1"),
    case("blanks within", "a b=1  2", sent="a b=1  2"),
    case("quotes are part of it", '"a"="1"', sent='"a"="1"'),
    case("a comma is part of it", "a=1, b=2", sent="a=1, b=2"),
    case("a later = belongs to the value", "a=1=2==", sent="a=1=2=="),
    case("nothing is decoded", "%61=%31", sent="%61=%31"),
    case("without a name", "lonely", sent="lonely"),
    case("an empty name", "=lonely", sent="lonely"),
    case("an empty name and a = in the value", "==a=1", sent=""),
    case("nameless ones are one", "x", "=y", sent="y"),
    case("a nameless one beside others", "a=1", "x", "b=2", sent="a=1; x; b=2"),
    case("nothing", "", sent=""),
    case("blanks", " \t ", sent=""),
    case("= alone", "=", sent=""),
    case("nothing before the attributes", "; Path=/", "a=1", sent="a=1"),
    case("an empty pair leaves others alone", "a=1", "=", "", sent="a=1"),
    case(
        "signs of all kinds",
        "!#$%&'*+-.^_`|~=()<>@:\\/[]?{}",
        sent="!#$%&'*+-.^_`|~=()<>@:\\/[]?{}",
    ),
    case("octets above ASCII", "a=\xc3\xa9\xff", sent="a=\xc3\xa9\xff"),
    case("a tab within", "a=1\t2", sent=""),
    case("a control character in the value", "a=1\x012", sent=""),
    case("a control character in the name", "a\x1f=1", sent=""),
    case("DEL", "a=\x7f", sent=""),
    case("a control character in an attribute", "a=1; Path=/\x02", sent=""),
]

ORDER = [
    case("as they were made", "z=1", "a=2", "m=3", sent="z=1; a=2; m=3"),
    case("one with another value goes last", "z=1", "a=2", "z=3", sent="a=2; z=3"),
    case("one with the same value keeps its place", "z=1", "a=2", "z=1", sent="z=1; a=2"),
    case(
        "one that ended and came again goes last",
        "z=1",
        "a=2",
        "z=; Max-Age=0",
        "z=3",
        sent="a=2; z=3",
    ),
    case(
        "longer paths first", "a=1; Path=/", "a=2; Path=/shop", "b=3; Path=/", sent="a=2; a=1; b=3"
    ),
    case("one name under two paths", "a=1; Path=/shop", "a=2; Path=/shop/", sent="a=2; a=1"),
    case("names differ in case", "a=1", "A=2", sent="a=1; A=2"),
]

ATTRIBUTES = [
    case("unknown ones", 'a=1; lol; "lol"; lol=; x=y,z; ;;=; ===', sent="a=1"),
    case("a ; within quotes ends it", 'a="1;2"; x="y;z"', sent='a="1'),
    case("Secure", "a=1; Secure", sent="a=1"),
    case("Secure with a value", "__Secure-a=1; sEcUrE =no", sent="__Secure-a=1"),
    case("quoted Secure is none", '__Secure-a=1; "Secure"', sent=""),
    case("more than Secure is none", "__Secure-a=1; Secure yes", sent=""),
    case("HttpOnly", "a=1; HttpOnly", sent="a=1"),
    case(
        "SameSite",
        "a=1; SameSite=Strict",
        "b=2; samesite=LAX",
        "c=3; SameSite=x",
        sent="a=1; b=2; c=3",
    ),
    case("SameSite=None without Secure", "a=1; SameSite=None", sent=""),
    case("SameSite=None with Secure", "a=1; SameSite=None; Secure", sent="a=1"),
    case("Max-Age", "a=1; Max-Age=60", sent="a=1"),
    case(
        "Max-Age of zero and less", "a=1; Max-Age=0", "b=2; max-age=-1", "c=3; max-age=-20", sent=""
    ),
    case("Max-Age with a fraction", "a=1; Max-Age=0.5", sent="a=1"),
    case("Max-Age with a comma", "a=1; Max-Age=0,5", sent="a=1"),
    case("an empty Max-Age", "a=1; Max-Age=", sent="a=1"),
    case("Max-Age ends one that is kept", "a=1", "b=2", "a=x; Max-Age=0", sent="b=2"),
    case("Max-Age goes before Expires", f"a=1; Max-Age=60; Expires={PAST}", sent="a=1"),
    case("Max-Age goes before Expires, to end it", f"a=1; Max-Age=0; Expires={LATER}", sent=""),
    case("Max-Age beyond all", "a=1; Max-Age=99999999999999999999", sent="a=1"),
    case("the last Max-Age", "a=1; Max-Age=0; Max-Age=60", sent="a=1"),
    case("Expires", f"a=1; Expires={LATER}", sent="a=1"),
    case("Expires in the past", f"a=1; Expires={PAST}", sent=""),
    case("Expires ends one that is kept", "a=1", f"a=1; Expires={PAST}", sent=""),
    case("Expires that is no date", "a=1; Expires=tomorrow", sent="a=1"),
    case("Expires and more", f"a=1; Expires={LATER}, b=2", sent="a=1"),
    case("the last Expires", f"a=1; Expires={PAST}; Expires={LATER}", sent="a=1"),
    case("the last Expires, which is no date", f"a=1; Expires={PAST}; Expires=never", sent="a=1"),
    case("the last Expires, which is empty", f"a=1; Expires={PAST}; Expires=", sent="a=1"),
    case("the last Max-Age, which is no number", "a=1; Max-Age=0; Max-Age=x", sent="a=1"),
    case("the last Max-Age, which is empty", "a=1; Max-Age=0; Max-Age=", sent="a=1"),
    case("no number behind Expires", f"a=1; Expires={PAST}; Max-Age=x", sent=""),
    case("the last SameSite", "a=1; SameSite=None; SameSite=Lax", sent="a=1"),
    case("the last SameSite, which is none", "a=1; SameSite=None; SameSite=x", sent="a=1"),
    case("Max-Age with a plus", "a=1; Max-Age=+0", sent="a=1"),
    case("Max-Age with zeros", "a=1; Max-Age=000", sent=""),
    case("Max-Age in blanks", "a=1; Max-Age =  0 ", sent=""),
    case("a lone minus", "a=1; Max-Age=-", sent="a=1"),
    case("minus zero", "a=1; Max-Age=-0", sent=""),
]

PATHS = [
    case("the default path is the folder", "a=1", to="/shop/other", sent="a=1"),
    case("not above the default path", "a=1", to="/shop", sent="a=1"),
    case("not beside the default path", "a=1", to="/shopping", sent=""),
    case("the default path of the root", "a=1", at="/", to="/x/y", sent="a=1"),
    case("the default path of a name in the root", "a=1", at="/x", to="/y/z", sent="a=1"),
    case("a path is a whole name", "a=1; Path=/sho", sent=""),
    case("a path with a slash at the end", "a=1; Path=/shop/", sent="a=1"),
    case("a slash at the end is more than the name", "a=1; Path=/shop/cart/", sent=""),
    case("the very page", "a=1; Path=/shop/cart", sent="a=1"),
    case("paths differ in case", "a=1; Path=/SHOP", sent=""),
    case("a path that does not begin with a slash", "a=1; Path=shop", to="/shop/x", sent="a=1"),
    case("an empty path", "a=1; Path=", sent="a=1"),
    case("a path without =", "a=1; Path", sent="a=1"),
    case("another path", "a=1; Path=/other", sent=""),
    case("another path, and asked for", "a=1; Path=/other", to="/other/x", sent="a=1"),
    case("the last path", "a=1; Path=/other; Path=/", sent="a=1"),
    case("an empty path behind another", "a=1; Path=/other; Path=", sent="a=1"),
    case("quotes make no path", 'a=1; Path="/other"', sent="a=1"),
    case("the query is none of the path", "a=1; Path=/shop/cart", to="/shop/cart?x=/y", sent="a=1"),
    case("a path in % signs", "a=1; Path=/sh%6Fp", sent=""),
]

DOMAINS = [
    case("the host itself", "a=1; Domain={host}", sent="a=1"),
    case("a dot before the host", "a=1; domain=.{host}", sent="a=1"),
    case("the host in capitals", "a=1; Domain={HOST}", sent="a=1"),
    case("the parent", "a=1; Domain={parent}", sent=""),
    case("a dot before the parent", "a=1; Domain=.{parent}", sent=""),
    case("another site", "a=1; Domain=example.org", sent=""),
    case("a host below", "a=1; Domain=x.{host}", sent=""),
    case("a port is no part of it", "a=1; Domain={host}:80", sent=""),
    case("two dots", "a=1; Domain=..{host}", sent=""),
    case("quotes are no part of it", 'a=1; Domain="{host}"', sent=""),
    case("an empty domain", "a=1; Domain=", sent="a=1"),
    case("the last domain, another", "a=1; Domain={host}; Domain=example.org", sent=""),
    case("the last domain, which is empty", "a=1; Domain=example.org; Domain=", sent="a=1"),
    case("a lone dot", "a=1; Domain=.", sent=""),
    case("the last domain, the host", "a=1; Domain=example.org; Domain={host}", sent="a=1"),
]

PREFIXES = [
    case("__Secure-", "__Secure-a=1; Secure", sent="__Secure-a=1"),
    case("__Secure- and not so", "__Secure-a=1", sent=""),
    case("__Host-", "__Host-a=1; Secure; Path=/", sent="__Host-a=1"),
    case("__Host- without a path", "__Host-a=1; Secure", sent=""),
    case("__Host- with another path", "__Host-a=1; Secure; Path=/shop", sent=""),
    case("__Host- with a domain", "__Host-a=1; Secure; Path=/; Domain={host}", sent=""),
    case("__Host- without a path, in the root", "__Host-a=1; Secure", at="/", sent=""),
    case("__host- in small letters", "__host-a=1; Path=/", sent=""),
    case(
        "a prefix in a nameless one", "__Secure-a; Secure", "=__Host-a=1; Secure; Path=/", sent=""
    ),
]

SIZES = [
    case("4,096 octets", [("a=", 1), ("x", 4095)], sent=[("a=", 1), ("x", 4095)]),
    case("4,097 octets", [("a=", 1), ("x", 4096)], sent=""),
    case("a name of 4,096 octets", [("x", 4096), ("=", 1)], sent=[("x", 4096), ("=", 1)]),
    case("4,097 octets leave what there was", "a=1", [("a=", 1), ("x", 4096)], sent="a=1"),
    case("a path of 1,024 octets", [("a=1; Path=/", 1), ("x", 1023)], sent=""),
    case("a longer path is none", [("a=1; Path=/", 1), ("x", 1024)], sent="a=1"),
    case(
        "a longer path leaves the one before",
        [("a=1; Path=/other; Path=/", 1), ("x", 1024)],
        sent="",
    ),
    case("a longer domain is none", [("a=1; Domain=", 1), ("x", 1025)], sent="a=1"),
]

# The algorithm of RFC 6265 §5.1.1, but that years before 1601 count, as to both browsers they do;
# null: not a date.
DATES: list[tuple[str, str | None]] = [
    ("Mon, 05 Nov 2007 08:49:37 GMT", "2007-11-05T08:49:37Z"),
    ("Monday, 05-Nov-07 08:49:37 GMT", "2007-11-05T08:49:37Z"),
    ("Mon Nov  5 08:49:37 2007", "2007-11-05T08:49:37Z"),
    ("Mon, 05-Nov-2007 08:49:37 GMT", "2007-11-05T08:49:37Z"),
    ("Mon,05/nov\\2007 08:49:37", "2007-11-05T08:49:37Z"),
    (", 5-Nov-2007 08:49:37", "2007-11-05T08:49:37Z"),
    ("crab, 5 - November-07 08:49:37", "2007-11-05T08:49:37Z"),
    ("08:49:37 2007 Novembre 05 UTC+9", "2007-11-05T08:49:37Z"),
    ("05 07 Nov 08:49:37", "2007-11-05T08:49:37Z"),
    ("Nov 05 08:49:37 07", "2007-11-05T08:49:37Z"),
    ("5-Mon, Nov 08:49:37 GMT 2007", "2007-11-05T08:49:37Z"),
    ("Mon, 05 Nov 2007 08:49:37 GMT-0400 (EDT)", "2007-11-05T08:49:37Z"),
    ("Mon, 05 Nov 2007 08:49:37 11:22:33", "2007-11-05T08:49:37Z"),
    ("Mon, 05 Nov 2007 ::00 08:49:37", "2007-11-05T08:49:37Z"),
    ("Mon, 05 Nov 2007 z:z 08:49:37", "2007-11-05T08:49:37Z"),
    ("Mon, 05 Nov 2007 8:9:7 GMT", "2007-11-05T08:09:07Z"),
    ("Mon, 05 Nov 2007 08:49:37pm", "2007-11-05T08:49:37Z"),
    ("5th Nov 2007 08:49:37", "2007-11-05T08:49:37Z"),
    ("Tue, 05 Nov 77 08:49:37 GMT", "1977-11-05T08:49:37Z"),
    ("Tue, 05 Nov 69 08:49:37 GMT", "2069-11-05T08:49:37Z"),
    ("Tue, 05 Nov 70 08:49:37 GMT", "1970-11-05T08:49:37Z"),
    ("Thu, 01-Jan-1970 00:00:00 GMT", "1970-01-01T00:00:00Z"),
    ("Thu, 29 Feb 2024 00:00:00 GMT", "2024-02-29T00:00:00Z"),
    ("Sun, 01 Jan 1601 00:00:00 GMT", "1601-01-01T00:00:00Z"),
    ("Sun, 31 Dec 1600 00:00:00 GMT", "1600-12-31T00:00:00Z"),
    ("Fri, 01 Jan 0 00:00:00 GMT", None),
    ("Mon, 30 Feb 2009 00:00:00 GMT", None),
    ("Mon, 29 Feb 2023 00:00:00 GMT", None),
    ("Mon, 32 Nov 2007 00:00:00 GMT", None),
    ("Mon, 0 Nov 2007 00:00:00 GMT", None),
    ("Mon, 005 Nov 2007 00:00:00 GMT", None),
    ("Mon, 05 Nov 20071 00:00:00 GMT", None),
    ("Mon, 05 Nov 2007 00: 00:00 GMT", None),
    ("Mon, 05 Nov 2007 24:00:00 GMT", None),
    ("Mon, 05 Nov 2007 00:60:00 GMT", None),
    ("Mon, 05 Nov 2007 00:00:60 GMT", None),
    ("Mon, 05 Nov 2007 91:22:33 08:49:37", None),
    ("Mon, 05 Nov 2007 08:49:999999", None),
    ("Mon, 05 Nov 2007", None),
    ("05 2007 08:49:37", None),
    ("Nov 2007 08:49:37", None),
    ("tomorrow", None),
    ("", None),
]


def cookies_json() -> dict[str, Any]:
    """`cases` and `dates`, as README.md says."""
    groups = (PAIRS, ORDER, ATTRIBUTES, PATHS, DOMAINS, PREFIXES, SIZES)
    return {
        "cases": [one for group in groups for one in group],
        "dates": [{"text": text, "is": moment} for text, moment in DATES],
    }
