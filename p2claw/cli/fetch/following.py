"""Where a redirect leads, and what is asked there (`-L`): RFC 9110 §15.4, as browsers follow it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

from p2claw.errors import RefusedError, UsageError
from p2claw.names import parse_label

MOST_REDIRECTS = 20
_REDIRECTS = frozenset((301, 302, 303, 307, 308))

# They are for the app that they were given for.
_OF_ONE_APP = frozenset(("authorization", "cookie", "proxy-authorization"))

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """The next request. keeps_body: it has the method and the body of the one before."""

    url: str
    keeps_body: bool
    same_app: bool

    def fields(self, fields: Fields) -> Fields:
        """Of the fields of the request before, those that go along."""
        left_out = set() if self.same_app else set(_OF_ONE_APP)
        if not self.keeps_body:
            left_out |= {"content-length", "content-type", "content-encoding"}
        return tuple(item for item in fields if item[0].lower() not in left_out)


def next_step(url: str, method: str, status: int, location: str | None) -> Step | None:
    """The step that a response asks for; None: it is no redirect.

    Raises RefusedError `redirect-elsewhere` if it leads to what is no app.
    """
    if status not in _REDIRECTS or location is None:
        return None
    here = urlsplit(url)
    target = urldefrag(urljoin(urldefrag(url).url, location)).url
    there = urlsplit(target)
    same_app = (here.scheme, here.netloc.lower()) == (there.scheme, there.netloc.lower())
    if not same_app and not _is_sibling(here.netloc, there.netloc, here.scheme, there.scheme):
        raise RefusedError(
            f"The app sends on to {target[:200]}, which is no app of this server",
            code="redirect-elsewhere",
            hint="Visit that with curl, or without -L",
        )
    turns_to_get = (status == 303 and method != "HEAD") or (
        status in (301, 302) and method == "POST"
    )
    return Step(target, not turns_to_get, same_app)


def _is_sibling(here: str, there: str, *schemes: str) -> bool:
    """Whether the other host is an app under the same parent, by the same scheme and port."""
    mine, theirs = here.lower().partition(".")[2], there.lower().partition(".")[2]
    if mine != theirs or schemes[0] != schemes[1]:
        return False
    try:
        return parse_label(there.lower().partition(".")[0]).app is not None
    except UsageError:
        return False
