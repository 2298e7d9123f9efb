"""A visitor in Python, which opens an app's URL as a browser does: for fetch, tests and benches."""

from p2claw.visitor.pins import PinStore
from p2claw.visitor.response import Response
from p2claw.visitor.signalling import list_apps
from p2claw.visitor.visitor import Visitor

__all__ = ["PinStore", "Response", "Visitor", "list_apps"]
