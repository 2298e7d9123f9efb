"""The pages of ours: where one enters a guarded app and leaves it, and how one is linked to an app.

They need no script. A password manager finds a name and a password in an ordinary form.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from html import escape
from importlib.resources import files

from p2claw.agent.access.login_settings import CALLBACK

# Below it is everything of ours at an app. Folders keep their files beside it.
PREFIX = "/.p2claw/access/"
ENTER = f"{PREFIX}enter"
INVITATION = f"{PREFIX}invitation"
LEAVE = f"{PREFIX}leave"
LINK = f"{PREFIX}link"
STYLE = f"{PREFIX}style.css"
# Below it a browser shows the cookie of its login.
LOGIN = f"{PREFIX}login"
FINISH = f"{LOGIN}/finish"
SCRIPT = f"{CALLBACK}.js"

Fields = tuple[tuple[str, str], ...]

# script-src is for the script that our Service Worker puts first in every page, and for `SCRIPT`.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'self'"
)
# What a browser had kept of the app goes, whenever it is shown a page of ours instead.
PAGE_FIELDS: Fields = (
    ("content-type", "text/html; charset=utf-8"),
    ("cache-control", "no-store"),
    ("clear-site-data", '"cache"'),
    ("content-security-policy", _POLICY),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
)
# For a page that is not about who may enter: what the browser keeps of the app stays.
LINK_FIELDS: Fields = tuple(field for field in PAGE_FIELDS if field[0] != "clear-site-data")
_FILE_FIELDS: Fields = (
    ("cache-control", "private, max-age=31536000, immutable"),
    ("x-content-type-options", "nosniff"),
)
FILES = {
    STYLE: ("style.css", "text/css; charset=utf-8"),
    SCRIPT: ("callback.js", "text/javascript; charset=utf-8"),
}

_WHY = {
    "password-wrong": "That is not the password. Try again.",
    "access-tries": "Too many wrong tries. Try again in {wait}.",
    "access-busy": "The box is busy. Try again in {wait}.",
    "access-foreign": "This form was not sent from this page. Enter the password here.",
    "access-form": "The form could not be read. Enter the password here.",
    "login-stale": "This login was over, or began in another browser. Log in again.",
    "login-refused": "Logging in was given up, or refused. Try again, or with another account.",
    "login-provider": "{provider} does not respond as it should. Try again later.",
    "login-token": "What {provider} sent back is not a login for this app. Try again.",
    "login-unverified": "{provider} has not confirmed an e-mail address of this account.",
    "login-email": "The address of this account is not one of those that may enter.",
    "login-none": "One cannot log in to this app any more.",
    "invitation-invalid": "This invitation is not valid, or it was withdrawn.",
    "invitation-expired": "This invitation has ended.",
    "invitation-used-up": "This invitation was used as often as it may be.",
}


@dataclass(frozen=True, slots=True)
class Door:
    """What a visitor sees before an app. to: where it wanted to go. password: whether it has one.

    provider: where one may log in, "" if nowhere. why: a code of docs/ACCESS.md, "" if nothing
    went wrong yet. retry_s: as in the reply.
    """

    app: str
    box: str
    to: str
    password: bool
    provider: str = ""
    why: str = ""
    retry_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LinkView:
    """What a visitor may see of its own link. path: `direct`, `relayed` or `unknown`.

    rtt_s: None if it was not measured yet. moved, relayed: bytes, both ways.
    """

    path: str = "unknown"
    rtt_s: float | None = None
    moved: int = 0
    relayed: int = 0


def file_of(path: str) -> tuple[Fields, bytes]:
    """The fields and the content of one of FILES."""
    name, kind = FILES[path]
    return (("content-type", kind), *_FILE_FIELDS), _content(name)


@cache
def _content(name: str) -> bytes:
    return (files("p2claw.agent.access") / "page" / name).read_bytes()


def _versioned(path: str) -> str:
    """Its URL, another one whenever its content is."""
    version = hashlib.sha256(_content(FILES[path][0])).hexdigest()[:12]
    return f"{path}?v={version}"


def door_page(door: Door) -> bytes:
    """The page where one enters."""
    why = _WHY.get(door.why, "").format(wait=_wait(door.retry_s), provider=door.provider)
    notice = f'<p class="why" id="why" role="alert">{escape(why)}</p>\n' if why else ""
    if not door.password and not door.provider:
        return _page(
            f"{door.app} is for the invited",
            f"""<h1>{escape(door.app)}</h1>
<p class="lead">You need an invitation to enter.</p>
{notice}<p class="hint">Whoever runs this app can send you a link that lets you in.
If you have one, open it in this browser.</p>""",
            door.box,
        )
    lead, hint = _LEADS[door.password, bool(door.provider)]
    parts = [_login_form(door)] if door.provider else []
    parts += (
        [_password_form(door, is_wrong=bool(why) and door.why not in _OF_LOGIN)]
        if door.password
        else []
    )
    forms = '\n<p class="or">or</p>\n'.join(parts)
    return _page(
        f"Enter {door.app}",
        f"""<h1>{escape(door.app)}</h1>
<p class="lead">{lead}</p>
{notice}{forms}
<p class="hint">{hint}</p>""",
        door.box,
    )


# By whether there is a password, and whether one may log in.
_LEADS = {
    (True, False): ("This app is behind a password.", "Whoever runs this app has the password."),
    (False, True): ("Log in to enter.", "Whoever runs this app decides which addresses may enter."),
    (True, True): (
        "Log in, or enter the password.",
        "Whoever runs this app decides which addresses may enter, and has the password.",
    ),
}


def _login_form(door: Door) -> str:
    again = '\n<input type="hidden" name="again" value="1">' if door.why in _OTHER_ACCOUNT else ""
    return f"""<form method="post" action="{LOGIN}">
<input type="hidden" name="to" value="{escape(door.to)}">{again}
<button>Log in with <span class="at">{escape(door.provider)}</span></button>
</form>"""


_OF_LOGIN = frozenset(code for code in _WHY if code.startswith("login-"))
# The provider would else send whoever is logged in there back at once.
_OTHER_ACCOUNT = frozenset(("login-email", "login-unverified", "login-refused"))


def _password_form(door: Door, *, is_wrong: bool) -> str:
    described = ' aria-invalid="true" aria-describedby="why"' if is_wrong else ""
    focus = "" if door.provider else " autofocus"
    return f"""<form method="post" action="{ENTER}">
<input type="hidden" name="to" value="{escape(door.to)}">
<input class="away" type="text" name="username" value="{escape(door.app)}" autocomplete="username" \
readonly tabindex="-1" aria-hidden="true">
<label for="password">Password</label>
<input id="password" type="password" name="password" autocomplete="current-password" \
maxlength="1024" required{focus}{described}>
<button{' class="second"' if door.provider else ""}>Enter</button>
</form>"""


def callback_page(app: str, box: str) -> bytes:
    """The page to which a provider leads back: its script sends the box what stands in the URL."""
    return _page(
        f"Enter {app}",
        f"""<h1>{escape(app)}</h1>
<p class="lead" role="status">Logging you in…</p>
<form id="finish" method="post" action="{FINISH}" hidden>
<input name="code"><input name="state"><input name="iss"><input name="error">
</form>
<script src="{_versioned(SCRIPT)}"></script>""",
        box,
    )


def leave_page(app: str, box: str, *, has_left: bool) -> bytes:
    """The page where one leaves, or has just left."""
    if has_left:
        body = f"""<h1>{escape(app)}</h1>
<p class="lead">You have left.</p>
<p class="hint"><a href="/">Enter again</a></p>"""
    else:
        body = f"""<h1>{escape(app)}</h1>
<p class="lead">Leave this app in this browser?</p>
<form method="post" action="{LEAVE}"><button>Leave</button></form>
<p class="hint"><a href="/">Back to the app</a></p>"""
    return _page(f"Leave {app}", body, box)


_PATHS = {
    "direct": ("Directly", "What you see goes straight between this browser and the box."),
    "relayed": (
        "Through a relay",
        "The two networks let nothing through to each other. The relay passes everything on,"
        " and cannot read it.",
    ),
}


def link_page(app: str, box: str, view: LinkView) -> bytes:
    """The page that shows by which path this visitor is linked to the box."""
    path, explained = _PATHS.get(
        view.path, ("By a path that is not known yet", "Look again in a while.")
    )
    rtt = "not measured yet" if view.rtt_s is None else f"{view.rtt_s * 1000:.0f} ms"
    return _page(
        f"Your link to {app}",
        f"""<h1>{escape(app)}</h1>
<p class="lead">{path}</p>
<p>{explained}</p>
<dl>
<dt>Path</dt><dd>{escape(view.path)}</dd>
<dt>Round trip</dt><dd>{rtt}</dd>
<dt>Moved in this visit</dt><dd>{_amount(view.moved)}</dd>
<dt>Of it relayed</dt><dd>{_amount(view.relayed)}</dd>
</dl>
<p class="hint"><a href="{LINK}">Look again</a> · <a href="/">Back to the app</a></p>""",
        box,
    )


def month_page(app: str, box: str, until_s: float, retry_s: int) -> bytes:
    """The page in the place of an app that may move no more this month. until_s: Unix seconds."""
    until = datetime.fromtimestamp(until_s, UTC)
    day = f"{until.day} {until:%B %Y}"
    return _page(
        f"{app} has used up its month",
        f"""<h1>{escape(app)}</h1>
<p class="lead">This app has used up its month.</p>
<p>Its owner limits how much it sends and receives per month, and that much has gone through.</p>
<dl>
<dt>It is back on</dt><dd><time datetime="{until:%Y-%m-%dT%H:%MZ}">{day}</time></dd>
<dt>That is in</dt><dd>{_long_wait(retry_s)}</dd>
</dl>
<p class="hint">If the app is yours, <code>p2claw top</code> shows what went where, and \
<code>p2claw expose</code> with <code>--monthly-bytes</code> sets another limit.</p>""",
        box,
    )


def _long_wait(seconds: int) -> str:
    hours = math.ceil(seconds / 3_600)
    if hours < 48:
        return "an hour" if hours <= 1 else f"{hours} hours"
    return f"{math.ceil(hours / 24)} days"


def _amount(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB" if count >= 100_000 else f"{count / 1_000:,.1f} kB"


def _wait(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} minutes"


def _page(title: str, body: str, box: str) -> bytes:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{_versioned(STYLE)}">
</head>
<body>
<main>
{body}
</main>
<footer>on the box <b>{escape(box)}</b></footer>
</body>
</html>
""".encode()
