"""Set-Cookie strings, written from RFC 6265bis §5.6 (parsing) and §5.7 (storage); "@" is the host."""

from __future__ import annotations

# The pair: names and values as odd as they come.
PAIRS = [
    "a=b", "a=", "=b", "b", "=", "", ";", " ", "a=b=c", "a==b", "==b", "=a=b", "a = b", "  a=b", "a=b  ", "a\t=\tb",
    "\ta=b", "a b=c d", "a=b c", 'a="b"', 'a="b c"', 'a="b;c"', 'a="', 'a=""', 'a="b', "a='b'", '"a"=b', "a,b=c", "a=b,c",
    "a=b,c=d", "a:b=c", "a/b=c", "a?b=c", "a@b=c", "a[b]=c", "a{b}=c", "(a)=b", "<a>=b", "a\\b=c\\d", "a%20b=c%3Bd", "a+b=c+d",
    "ü=b", "a=ü", "a=写真", "a=🦀", "写=b", "a=b\x01c", "a=b\x7fc", "a\x01=b", "a=\x0b", "a=b\tc", "a=1&b=2", "a=#b", "#a=b", "$a=b",
    "$Version=1", "a.b=c", "a-b=c", "a_b=c", "A=b", "a=B", "123=456", "__Host-=x", "__Secure-=x", "a=" + "v" * 1000,
    "a=" + "v" * 4000, "a=" + "v" * 4094, "a=" + "v" * 4095, "a=" + "v" * 4096, "n" * 2000 + "=" + "v" * 2000,
    "n" * 4096 + "=", "n" * 4095 + "=vv", "a=" + "ü" * 2047, "a=" + "ü" * 2048, "a=b; ", "a=b;", "a=b;;;", "a=b; ;", "a=b;c=d",
    "a=b; c", "a=b; =c", "a=b; Unknown=1", "a=b; Version=1", "a=b; Comment=x", "constructor=1", "__proto__=1", "toString=1",
    "a=true", "a=null", "a=undefined", "a=[1,2]", 'a={"b":1}', "a=%", "a=%zz", "a=b/*c*/", "a=//", "path=/x", "expires=1", "secure=1",
    "httponly", "secure", "Path=/", "a=;b", "a=b\u00a0", "\u00a0a=b", "a=\u2028b", "a=b\ufeff", "a=" + "; b=1" * 50,
]  # fmt: skip

# Attributes: spelling, space, quotes, repetition, prefixes.
ATTRIBUTES = [
    "a=b; Secure", "a=b; secure", "a=b; SECURE", "a=b; Secure=", "a=b; Secure=false", "a=b; Secure=true", "a=b; secur", "a=b;Secure",
    "a=b; Secure ", "a=b; HttpOnly", "a=b; httponly", "a=b; HTTPONLY", "a=b; HttpOnly=no", "a=b; HttpOnly; Secure", "a=b; http-only",
    "a=b; SameSite", "a=b; SameSite=", "a=b; SameSite=Lax", "a=b; SameSite=lax", "a=b; SameSite=LAX", "a=b; SameSite=Strict",
    "a=b; SameSite=None", "a=b; SameSite=None; Secure", "a=b; SameSite=Bad", "a=b; SameSite=Strict; SameSite=None", "a=b; samesite=none; secure",
    "a=b; Partitioned", "a=b; Partitioned; Secure", "a=b; Partitioned; Secure; SameSite=None", "a=b; Partitioned; Secure; Path=/",
    "a=b; Priority=High", "a=b; Priority=Low", "a=b; SameParty",
    "a=b; Max-Age=10", "a=b; max-age=10", "a=b; MAX-AGE=10", "a=b; Max-Age=0", "a=b; Max-Age=-1", "a=b; Max-Age=-0", "a=b; Max-Age=+10",
    "a=b; Max-Age=", "a=b; Max-Age", "a=b; Max-Age=1.5", "a=b; Max-Age=10x", "a=b; Max-Age=x10", "a=b; Max-Age=1e3", 'a=b; Max-Age="10"',
    "a=b; Max-Age= 10 ", "a=b; Max-Age=010", "a=b; Max-Age=0x10", "a=b; Max-Age=99999999999999999999", "a=b; Max-Age=-99999999999999999999",
    "a=b; Max-Age=10; Max-Age=0", "a=b; Max-Age=0; Max-Age=10", "a=b; Max-Age=x; Max-Age=0", "a=b; Max-Age=0; Max-Age=x",
    "a=b; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=10",
    "a=b; Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT", "a=b; Max-Age=bad; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "a=b; Domain=", "a=b; Domain", "a=b; Domain=.", "a=b; Domain=localhost", "a=b; Domain=.localhost", "a=b; Domain=example.com",
    "a=b; Domain=other.localhost", "a=b; Domain=127.0.0.1", "a=b; Domain=[::1]", "a=b; Domain=com", "a=b; Domain=x.y.z", "a=b; Domain=ü.de",
    "a=b; Domain=example.com; Domain=", "a=b; Domain=; Domain=example.com", "a=b; Domain=bad domain", "a=b; Domain=%6c",
    "__Secure-a=b", "__Secure-a=b; Secure", "__Secure-a=b; Secure; HttpOnly", "__secure-a=b; Secure", "__SECURE-a=b", "__Secure-a=b; Domain=localhost; Secure",
    "__Host-a=b", "__Host-a=b; Secure", "__Host-a=b; Secure; Path=/", "__Host-a=b; Secure; Path=/stage", "__Host-a=b; Path=/", "__host-a=b; Secure; Path=/",
    "__HOST-a=b", "__Host-a=b; Secure; Path=/; Domain=", "__Host-a=b; Secure; Path=/; HttpOnly", "__Host-a=b; Secure; Path=/; Path=/x",
    "__Http-a=b; Secure; HttpOnly", "__Http-a=b; Secure", "__Host-Http-a=b; Secure; HttpOnly; Path=/", "__Host-Http-a=b; Secure; Path=/",
    "=__Host-a=b", "=__Secure-a=b", "__Host-", "__Host-a", "=__Host-a", " __Host-a=b",
    "a=b; Path=/" + "x" * 1022, "a=b; Path=/" + "x" * 1030, "a=b; Unknown=" + "x" * 1022, "a=b; Unknown=" + "x" * 5000,
    "a=b; Domain=" + "x" * 1030, "a=b; \x01Secure", "a=b; Secure\x01", "a=b; Path=/\x01", "a=b; Path=\t/", "a=b\x00c", "a\x00=b",
    "a=b ; Path=/ ; Max-Age=10", "a=b;Path=/;Max-Age=10", "a=b;    Path=/", "a=b; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=10",
    "a=b, Path=/", "a=b; Path=/, c=d; Path=/", "a=b; 'Path=/'", 'a="b; Path=/"', "a=b; Path = /", "a=b; Max-Age = 0",
]  # fmt: skip

PATHS = [
    "a=b", "a=b; Path", "a=b; Path=", "a=b; Path=/", "a=b; Path=/stage", "a=b; Path=/stage/", "a=b; Path=/stage/jar", "a=b; Path=/stage/jar/",
    "a=b; Path=/stage/jar/deep", "a=b; Path=/stage/ja", "a=b; Path=/stage/JAR", "a=b; Path=/STAGE", "a=b; Path=stage", "a=b; Path=x",
    "a=b; Path=.", "a=b; Path=./x", "a=b; Path=../", "a=b; Path=//", "a=b; Path=//stage", "a=b; Path=/stage//jar", "a=b; Path=/stage/./jar",
    "a=b; Path=/stage/x/../jar", 'a=b; Path="/stage"', 'a=b; Path="/"', "a=b; Path='/'", "a=b; Path=/%73tage", "a=b; Path=/stage/jar?x",
    "a=b; Path=/stage/jar#x", "a=b; Path=/stage/jar;x", "a=b; Path=\\stage", "a=b; Path=/other", "a=b; Path=/ ", "a=b; Path= /stage",
    "a=b; Path=/; Path=/other", "a=b; Path=/other; Path=/", "a=b; Path=/other; Path", "a=b; Path=/other; Path=", "a=b; Path=/other; Path=x",
    "a=b; path=/stage", "a=b; PATH=/stage", "a=b; Path=http://localhost/", "a=b; Path=*", "a=b; Path=/ü", "a=b; Path=/see", "a=b; Path=/stage/jars",
    "a=b; Path=/stage/jar/see", "a=b; Path=/stage/jar/page", "a=b; Path=/stage/jar/set",
]  # fmt: skip

DATES = [f"a=b; Expires={date}" for date in (
    "Fri, 01 Jan 2100 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01-Jan-2100 00:00:00 GMT", "Fri Jan  1 00:00:00 2100",
    "Friday, 01-Jan-70 00:00:00 GMT", "Friday, 01-Jan-69 00:00:00 GMT", "01 Jan 2100 00:00:00 GMT", "01 Jan 2100 00:00:00", "1 Jan 2100 0:0:0",
    "2100-01-01T00:00:00Z", "2100 Jan 01 00:00:00", "Jan 01 2100 00:00:00", "Fri, 01 Jan 2100 00:00:00 +0100", "Fri, 01 Jan 2100 00:00:00 PST",
    "Fri, 01 Jan 2100", "Fri, 01 Jan 2100 00:00", "00:00:00 01 Jan 2100", "Fri, 01 January 2100 00:00:00 GMT", "Fri, 01 janx 2100 00:00:00 GMT",
    "fri, 01 JAN 2100 00:00:00 gmt", "Xxx, 01 Jan 2100 00:00:00 GMT", "Fri, 32 Jan 2100 00:00:00 GMT", "Fri, 31 Feb 2100 00:00:00 GMT",
    "Fri, 00 Jan 2100 00:00:00 GMT", "Fri, 01 Foo 2100 00:00:00 GMT", "Fri, 01 Jan 2100 24:00:00 GMT", "Fri, 01 Jan 2100 00:60:00 GMT",
    "Fri, 01 Jan 2100 00:00:60 GMT", "Fri, 01 Jan 1600 00:00:00 GMT", "Fri, 01 Jan 1601 00:00:00 GMT", "Fri, 01 Jan 9999 23:59:59 GMT",
    "Fri, 01 Jan 10000 00:00:00 GMT", "Fri, 01 Jan 99 00:00:00 GMT", "Fri, 01 Jan 0 00:00:00 GMT", "Fri, 01 Jan 69 00:00:00 GMT",
    "Fri, 01 Jan 38 00:00:00 GMT", "Fri, 01 Jan 70 00:00:00 GMT", "0", "-1", "", "now", "Session", "1", "4102444800", "garbage",
    "Fri, 01 Jan 2100 00:00:00 GMT garbage", "Fri,01 Jan 2100 00:00:00 GMT", "Fri 01 Jan 2100 00:00:00 GMT", "Fri; 01 Jan 2100 00:00:00 GMT",
    '"Fri, 01 Jan 2100 00:00:00 GMT"', '"Thu, 01 Jan 1970 00:00:00 GMT"', "Fri, 01/Jan/2100 00:00:00 GMT", "Fri, 01_Jan_2100 00:00:00 GMT",
    "Fri, 1 Jan 2100 1:2:3 GMT", "Fri, 001 Jan 2100 00:00:00 GMT", "Fri, 01 Jan 02100 00:00:00 GMT", "Fri, 01 Jan 2100 000:00:00 GMT",
    "Mon, 18 Jan 2038 03:14:07 GMT", "Wed, 20 Jan 2038 03:14:08 GMT", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994", "Fri, 29 Feb 2104 00:00:00 GMT", "Fri, 29 Feb 2101 00:00:00 GMT", "Fri, 31 Apr 2100 00:00:00 GMT",
    "Fri, 01 Jan 2100 00:00:00 GMT, Thu, 01 Jan 1970 00:00:00 GMT",
)] + ["a=b; Expires", "a=b; expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=b; Expires = Thu, 01 Jan 1970 00:00:00 GMT",
      "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
      "a=b; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
      "a=b; Expires=garbage; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]  # fmt: skip

PAST = "Expires=Thu, 01 Jan 1970 00:00:00 GMT"
# Several in one response or assigned in turn: order, replacing, deleting.
SEQUENCES = {
    "two": ["a=1", "b=2"], "order": ["b=1", "a=2", "c=3"], "replace": ["a=1", "a=2"], "replace-keeps-place": ["a=1", "b=2", "a=3"],
    "same-keeps-place": ["a=1", "b=2", "a=1"], "same-value-keeps-place": ["a=1", "b=2", "a=1; Max-Age=100"],
    "case": ["a=1", "A=2"], "paths": ["a=1; Path=/", "a=2; Path=/stage", "a=3; Path=/stage/jar"],
    "paths-other-way": ["a=3; Path=/stage/jar", "a=2; Path=/stage", "a=1; Path=/"], "long-path-first": ["a=1; Path=/", "b=2; Path=/stage/jar", "c=3; Path=/stage"],
    "delete": ["a=1", "a=; Max-Age=0"], "delete-date": ["a=1", f"a=; {PAST}"], "delete-other-path": ["a=1; Path=/", "a=; Path=/stage; Max-Age=0"],
    "delete-then-set": ["a=1", "a=; Max-Age=0", "a=2"], "delete-keeps-no-place": ["a=1", "b=2", "a=; Max-Age=0", "a=3"],
    "httponly-replaced": ["a=1; HttpOnly", "a=2"], "httponly-replacing": ["a=1", "a=2; HttpOnly"], "httponly-deleted": ["a=1; HttpOnly", "a=; Max-Age=0"],
    "secure-replaced": ["a=1; Secure", "a=2"], "secure-shadowed": ["a=1; Secure; Path=/stage", "a=2; Path=/stage/jar"], "session-after": ["a=1; Max-Age=100", "a=2"],
    "nameless": ["=1", "=2"], "nameless-and-named": ["=a=1", "a=1"], "nameless-text": ["x", "=y"], "empty-value": ["a=1", "a="], "domain-and-host": ["a=1", "a=2; Domain=localhost"],
    "prefix-pair": ["__Host-a=1; Secure; Path=/", "__Host-a=2; Path=/"], "lax-strict": ["a=1; SameSite=Lax", "b=2; SameSite=Strict", "c=3; SameSite=None; Secure"],
    "path-deleted": ["a=1; Path=/stage/jar", "a=; Path=/stage/jar; Max-Age=0"], "equal-lengths": ["b=1; Path=/stage", "a=2; Path=/stage"],
    "comma-joined": ["a=1, b=2", "c=3"], "ten": [f"n{number}={number}" for number in range(10)],
    "long-two": ["a=" + "v" * 3000, "b=" + "w" * 3000], "slash-paths": ["a=1; Path=/stage", "a=2; Path=/stage/"],
}  # fmt: skip
