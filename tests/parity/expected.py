"""Differences that are right: what a visitor through p2claw sees otherwise by design, and why.

A row whose observations are all equal is out of date, and fails the run.
"""

from __future__ import annotations

from dataclasses import dataclass

BOTH = ("chromium", "firefox")


@dataclass(frozen=True, slots=True)
class Expected:
    """pattern: of observations' ids, with `*` (fnmatch)."""

    pattern: str
    reason: str
    browsers: tuple[str, ...] = BOTH


EXPECTED = (
    Expected("*:seen.field.x-forwarded-for", "the box sends the app who visits"),
    Expected(
        "*:seen.field.x-forwarded-host", "the box sends the app the name in the visitor's URL"
    ),
    Expected(
        "*:seen.field.x-forwarded-proto", "the box sends the app the scheme by which it is visited"
    ),
    Expected(
        "requests/order/*:seen.order",
        "the order of fields of different names means nothing, nor does case (RFC 9110 §5.3)",
    ),
    Expected(
        "*:seen.field.connection",
        "connections between box and app are the box's own (RFC 9110 §7.6.1)",
    ),
    Expected(
        "*:seen.field.accept-encoding",
        "the browser does not decode what a Service Worker hands it, so only such codings are asked"
        " for as the Service Worker can decode",
    ),
    Expected(
        "*:seen.field.priority",
        "Firefox sends the server how urgent a request is; no Service Worker is shown it, and on"
        " the link urgency is in the frames (WIRE §4)",
        ("firefox",),
    ),
    Expected(
        "*:hop",
        "fields of the connection between box and app end at the box (RFC 9110 §7.6.1)",
    ),
    Expected(
        "*:coded",
        "a decoded response has no coded length, which would mislead progress bars",
    ),
    *(
        Expected(
            pattern,
            "a browser streams a body over HTTP/2 only, and not past a redirect; the link can",
            ("chromium",),
        )
        for pattern in (
            "requests/body/*-stream:*",
            "requests/typed/stream-*:*",
            "requests/object/stream:*",
            "redirects/body/*-stream:*",
        )
    ),
    Expected(
        "sockets/echo/mega*:seen.frames",
        "how a message is cut into frames means nothing (RFC 6455 §5.4)",
    ),
    *(
        Expected(
            f"sockets/{pattern}:seen.frames",
            "an app that breaks a rule gets the box's reason, with a code of RFC 6455",
        )
        for pattern in (
            *(f"closed/{code}" for code in (999, 1005, 1006, 1015, 5000)),
            *(
                f"frames*/{name}"
                for name in (
                    *("bad-utf8", "cut-utf8", "surrogate-utf8", "rsv1", "rsv2", "opcode-3"),
                    *("opcode-11", "masked", "lone-continuation", "text-in-fragments", "long-ping"),
                    *("cut-ping", "close-1-byte", "close-bad-utf8", "overlong-16"),
                    *("length-sign-bit",),
                )
            ),
        )
    ),
    *(
        Expected(f"sockets/closed/{code}:*", "no code of a Close: RFC 6455 §7.4 ends at 4999")
        for code in (999, 5000)
    ),
    *(
        Expected(f"sockets/{pattern}", reason, ("firefox",))
        for patterns, reason in (
            (
                ("closed/1005:*", "frames*/close-1-byte:*"),
                "Firefox takes for a clean end what RFC 6455 §7.4.1 forbids a peer to send",
            ),
            (("frames*/masked:*",), "Firefox takes masked frames of a server (RFC 6455 §5.1)"),
        )
        for pattern in patterns
    ),
    *(
        Expected(
            f"bodies/{pattern}:*",
            "where a browser shows its own page of a response that is none, ours is shown",
        )
        for pattern in (
            *(f"shape-frame/{kind}" for kind in ("silent-*", "short*", "*-cut", "chunk*")),
            "coding-frame/*-not",
        )
    ),
    *(
        Expected(
            f"bodies/{pattern}:*",
            "Firefox shows its own page of it, and ours is shown",
            ("firefox",),
        )
        for pattern in (
            "shape-frame/none*",
            *(f"coding-frame/{kind}" for kind in ("bad-*", "not-*", "gzip-206")),
        )
    ),
    Expected(
        "workers/*/keys:value",
        "WebSocketStream is taken away, so that an app takes WebSocket",
        ("chromium",),
    ),
    Expected(
        "bodies/coding*/gzip-identity:*",
        "identity is no coding (RFC 9110 §8.4.1); Chromium gives up the whole list",
        ("chromium",),
    ),
    Expected(
        "events/beacon/big100k:*",
        "the shell sends it, which has no quota for beacons",
        ("chromium",),
    ),
    Expected(
        "events/type/latin:*",
        "an event stream is UTF-8 whatever its type says (HTML §9.2.5); Chromium refuses it",
        ("chromium",),
    ),
    *(
        Expected(
            f"events/answer/{name}:seen.count", "how often a browser tries a broken connection"
        )
        for name in ("close", "reset")
    ),
    Expected(
        "redirects/location/empty:outcome",
        "an empty Location leads to the same address (Fetch §4.4); Chromium takes it for none",
        ("chromium",),
    ),
    Expected(
        "redirects/location*/tab:url",
        "a URL has no tab (URL §4.4); Firefox writes %09",
        ("firefox",),
    ),
    *(
        Expected(
            f"requests/element/{pattern}:*",
            "the first load of object and embed begins before any script of ours sees it",
        )
        for pattern in ("object-*", "embed")
    ),
    *(
        Expected(
            f"requests/set*/{name}:seen.field.{name}", "what a proxy sends the app, no visitor may"
        )
        for name in ("forwarded", "x-real-ip")
    ),
    Expected("requests/set*/http2-settings:*", "a field of the connection (RFC 9113 §3.2.1)"),
    *(
        Expected(f"requests/set*/x-p2claw-{name}:*", "fields of that name are the box's own")
        for name in ("own", "request")
    ),
    Expected("shapes/world/top-self.*:value", "`window.top` cannot be masked"),
    Expected(
        "requests/element/link-prefetch:seen.field.sec-purpose",
        "to a Service Worker, Firefox does not show a prefetch apart from a fetch",
        ("firefox",),
    ),
    Expected("shapes/world/location-ancestorOrigins-loc.*:value", "it cannot be masked"),
    *(
        Expected(f"bodies/{topic}/*:bodyError", "how Firefox words a broken body", ("firefox",))
        for topic in ("coding", "shape")
    ),
    *(
        Expected(f"sockets/closed/{code}:*", "as 1005: RFC 6455 §7.4.1", ("firefox",))
        for code in (1006, 1015)
    ),
    Expected(
        "sockets/frames*/close-then-text:*",
        "what an app says after its Close is nobody's (RFC 6455 §1.4); Chromium calls it a fault",
        ("chromium",),
    ),
    Expected(
        "bodies/coding-xhr/*:events",
        "Firefox counts coded bytes in its progress, of which a page here has none",
        ("firefox",),
    ),
    *(
        Expected(
            f"{pattern}:seen.field.{name}",
            "the app's page is itself a frame: a Service Worker is shown no difference between it"
            " and the frames within, nor whether a person led there",
        )
        for pattern in ("forms/*", "requests/element/iframe*")
        for name in ("sec-fetch-dest", "sec-fetch-user")
    ),
    Expected(
        "cache/vary/*:*",
        "several responses of one address are kept (RFC 9111 §4.1), where browsers keep the last",
    ),
    *(
        Expected(f"cache/{pattern}:*", reason, browsers)
        for pattern, reason, browsers in (
            (
                "status/*",
                "a response with a date until which it is fresh is kept whatever its status"
                " (RFC 9111 §3), as Chromium does; Firefox keeps few",
                ("firefox",),
            ),
            (
                "unsafe/*-404",
                "only what succeeds makes a response invalid (RFC 9111 §4.4), as in Chromium",
                ("firefox",),
            ),
            (
                "unsafe/HEAD-*",
                "HEAD is safe, and may be served by what was kept of GET (RFC 9111 §4.3.5)",
                ("firefox",),
            ),
            (
                "unsafe/PUT-200",
                "what succeeds makes a response invalid (RFC 9111 §4.4); Chromium passes PUT by",
                ("chromium",),
            ),
            (
                "range/*",
                "a whole that is kept serves a single range, and a 206 is never kept",
                ("chromium", "firefox"),
            ),
        )
    ),
    *(
        Expected(f"performance/{pattern}:*", "the shell sends it: the page has no entry of it")
        for pattern in ("resource/beacon",)
    ),
    *(
        Expected(
            f"redirects/location-frame/{name}:*",
            "where a browser asks another program, or shows its own page of a site that does not"
            " response, the frame keeps about:blank; here the tab is led there",
            browsers,
        )
        for name, browsers in (
            ("ftp", BOTH),
            ("mailto", BOTH),
            ("https", ("firefox",)),
            ("no-port", ("firefox",)),
        )
    ),
    Expected(
        "sockets/protocol/empty-*:*",
        "a subprotocol that was not asked for fails the handshake (RFC 6455 §4.1), but in Firefox",
        ("firefox",),
    ),
    Expected(
        "cookies/date*/a-b-Expires-Fri-01-Jan-0-00.0e9e83be:*",
        "a year has two digits or four (RFC 6265 §5.1.1), as in Firefox; Chromium takes one",
        ("chromium",),
    ),
    *(
        Expected(
            pattern,
            "an app that says the name it has at the box as Domain means itself, whatever it is"
            " visited by",
        )
        for pattern in (
            *(f"cookies/attribute/*a-b-Domain-{name}.*:*" for name in ("localhost", "127-0-0-1")),
            "cookies/attribute/a-b-Domain-1.61796a3b:*",
            "cookies/sequence/domain-and-host:*",
            "cookies/in-turn/domain-and-host:*",
        )
    ),
    *(
        Expected(pattern, "the status of a Response is one of 200 to 599 (Fetch §5.5)", browsers)
        for pattern, browsers in (
            *((f"fields/start/status-{status}:outcome", BOTH) for status in (0, 99, 600, 999)),
            ("fields/start/four-digits:outcome", ("chromium",)),
            *((f"bodies/shape{how}/line-cut:*", BOTH) for how in ("", "-stream", "-xhr")),
        )
    ),
    *(
        Expected(
            f"fields/length/{length.encode().hex() or 'none'}:headers",
            "the box says the length as it has understood it, or nothing: who passes on a length"
            " that may be read in two ways invites smuggling (RFC 9112 §6.3)",
        )
        for length in ("+2", "-1", "002", "2, 2", "2x", "")
    ),
    Expected(
        "bodies/shape*/both:headers",
        "beside Transfer-Encoding a length does not count (RFC 9112 §6.3), and is not passed on",
    ),
    Expected(
        "bodies/shape-xhr/both:events",
        "Firefox reports 3 bytes of 2 where a length stands beside Transfer-Encoding; it does not"
        " count (RFC 9112 §6.3), and is not passed on",
        ("firefox",),
    ),
    *(
        Expected(
            f"redirects/location-frame/{name}:*",
            "where a browser shows its own page of a redirect to nowhere, ours is shown",
        )
        for name in ("about", "bad*", "blob", "data", "file", "javascript", "user")
    ),
)
