"""How an owner's wish for a guard comes in, with a route: for the local API and the commands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from p2claw.agent.access.ledger import Guard
from p2claw.agent.access.login_settings import login_from, login_to_map
from p2claw.agent.access.passwords import is_hash
from p2claw.agent.home.routes import Route
from p2claw.errors import UsageError


def guard_from(value: object) -> Guard | None:
    """Read a guard: null is none, {} lets the invited in; others by password and login.

    Raises UsageError `route-invalid`, and those of `login_from`.
    """
    if value is None:
        return None
    if isinstance(value, dict) and value.keys() <= {"password", "login"}:
        password, login = value.get("password", ""), value.get("login")
        if isinstance(password, str) and (not password or is_hash(password)):
            return Guard(password, None if login is None else login_from(login))
    raise UsageError(
        "A guard is null, {}, or has a login or the hash of a password by Argon2id",
        code="route-invalid",
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
    if guard is None:
        return None
    password = {"password": guard.password} if guard.password else {}
    return {**password, "login": login_to_map(guard.login)} if guard.login else password


def guarded(route: Route, guard: Guard | None) -> Route:
    """The route of an app that is guarded so."""
    if guard is None:
        return replace(route, guarded=False, by_password=False, login="")
    login = guard.login.provider if guard.login else ""
    return replace(route, guarded=True, by_password=bool(guard.password), login=login)


def guarded_as(route: Route, before: Route | None) -> Route:
    """The same as a route that is replaced: nothing opens an app by leaving something out."""
    if before is None:
        return route
    return replace(
        route, guarded=before.guarded, by_password=before.by_password, login=before.login
    )


def limited_as(route: Route, before: Route | None) -> Route:
    """The same of its limit of bytes per month."""
    return route if before is None else replace(route, monthly_bytes=before.monthly_bytes)
