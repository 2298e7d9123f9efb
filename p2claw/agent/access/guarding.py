"""How an owner's wish for a guard comes in, with a route: for the local API and the commands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from p2claw.agent.access.ledger import Guard
from p2claw.agent.access.passwords import is_hash
from p2claw.agent.home.routes import Route
from p2claw.errors import UsageError


def guard_from(value: object) -> Guard | None:
    """Read a guard: null is none, {} lets the invited in, {"password": HASH} others too.

    Raises UsageError `route-invalid`.
    """
    if value is None:
        return None
    if isinstance(value, dict) and value.keys() <= {"password"}:
        password = value.get("password", "")
        if isinstance(password, str) and (not password or is_hash(password)):
            return Guard(password)
    raise UsageError(
        "A guard is null, {}, or has the hash of a password by Argon2id", code="route-invalid"
    )


def invitation_from(wish: object) -> tuple[str, int, int]:
    """Name, uses and seconds of an invitation that is to be made. Raises UsageError."""
    if isinstance(wish, dict) and wish.keys() == {"name", "uses", "for_s"}:
        name, uses, for_s = wish["name"], wish["uses"], wish["for_s"]
        if isinstance(name, str) and type(uses) is int and type(for_s) is int:
            return name, uses, for_s
    raise UsageError("An invitation has a name, uses and for_s", code="request-invalid")


def guard_to_map(guard: Guard | None) -> dict[str, Any] | None:
    """The inverse of `guard_from`."""
    return None if guard is None else {"password": guard.password} if guard.password else {}


def guarded(route: Route, guard: Guard | None) -> Route:
    """The route of an app that is guarded so."""
    return replace(
        route, guarded=guard is not None, by_password=guard is not None and bool(guard.password)
    )


def guarded_as(route: Route, before: Route | None) -> Route:
    """The same as a route that is replaced: nothing opens an app by leaving something out."""
    if before is None:
        return route
    return replace(route, guarded=before.guarded, by_password=before.by_password)


def limited_as(route: Route, before: Route | None) -> Route:
    """The same of its limit of bytes per month."""
    return route if before is None else replace(route, monthly_bytes=before.monthly_bytes)
