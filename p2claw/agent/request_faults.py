"""Faults: why an app could not serve a request. Each becomes one error response of the box.

Source: docs/WIRE.md §9. The lines are for visitors, so they name no port and no path of the box.
"""

from __future__ import annotations

from types import TracebackType
from typing import ClassVar

from p2claw.errors import LocalProtocolError, P2clawError
from p2claw.wire.frames.codes import Code


class RequestFault(P2clawError):
    """A request ends here.

    status, line: of the error response, if no response has begun. reset: the code that ends the
    stream if one has. The message is for the owner of the box. retry_s: when to ask again; 0: it
    is not known.
    """

    retry_s: int = 0
    status: ClassVar[int] = 502
    line: ClassVar[str] = "The box could not respond."
    reset: ClassVar[Code] = Code.UPSTREAM


class BadRequestFault(RequestFault):
    code = "bad-request"
    status = 400
    line = "The box does not understand this request."
    reset = Code.PROTOCOL


class AppUnknownFault(RequestFault):
    code = "app-unknown"
    status = 404
    line = "This app is not exposed any more."


class AccessRequiredFault(RequestFault):
    """The app is guarded, and nothing shows that this visitor may enter (docs/ACCESS.md)."""

    code = "access-required"
    status = 401
    line = "This app is guarded. Enter it first."
    reset = Code.REFUSED


class AccessEndedFault(AccessRequiredFault):
    """The session by which the request was let in has ended, or the app is gone."""

    code = "access-ended"
    line = "Your access to this app has ended."


class BodyTooLargeFault(RequestFault):
    code = "body-too-large"
    status = 413
    line = "The request is larger than the box accepts."
    reset = Code.LIMIT


class AppDownFault(RequestFault):
    code = "app-down"
    line = "The app is not running. The box is there, but nothing responds at the app's port."


class AppBrokenFault(RequestFault):
    code = "app-broken"
    line = "The app's response could not be understood."


class CertificateFault(RequestFault):
    """An upstream with TLS shows another certificate than its owner confirmed."""

    code = "app-certificate"
    line = "The app shows another certificate than the one that its owner confirmed."


class BoxBusyFault(RequestFault):
    code = "box-busy"
    status = 503
    line = "The box has too much to do at the moment. Try again shortly."
    reset = Code.LIMIT


class RelayLimitFault(RequestFault):
    """The path of this visit is relayed, and its owner lets no more through the relay."""

    code = "relay-limit"
    status = 503
    line = "The box sends no more through the relay between you and it."
    reset = Code.LIMIT


class MonthUsedUpFault(RequestFault):
    """The app has moved as many bytes as its owner lets it per month."""

    code = "month-used-up"
    status = 503
    line = "This app has used up what its owner lets it send and receive this month."
    reset = Code.LIMIT


class AppTimeoutFault(RequestFault):
    code = "app-timeout"
    status = 504
    line = "The app took too long to respond."
    reset = Code.TIMEOUT


class VisitorSilentFault(RequestFault):
    """The visitor stopped in the middle of a request body."""

    code = "bad-request"
    status = 400
    line = "The request stopped in the middle."
    reset = Code.TIMEOUT


class HeadTooLargeFault(RequestFault):
    """The head of the app's response, or its trailers, are larger than may cross a link (§4)."""

    code = "app-head-too-large"
    line = "The fields of the app's response are larger than a box passes on."
    reset = Code.HEAD_TOO_LARGE


class UpstreamClosedFault(AppBrokenFault):
    """The connection ended before any byte of a response. If it was kept from an earlier request,
    the app may only have closed it for being idle."""


class HeadOfApp:
    """A block that sends the head of an app's response: what is wrong in it is the app's fault.

    Raises HeadTooLargeFault, AppBrokenFault.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        """Nothing is kept."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, LocalProtocolError):
            if error.code == "head-too-large":
                raise HeadTooLargeFault(error.message) from None
            if error.code == "head-invalid":
                raise AppBrokenFault(error.message) from None


head_of_app = HeadOfApp()
