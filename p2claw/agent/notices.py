"""What the box notices of an app and no visitor can see: said to the owner, once each."""

from __future__ import annotations

from p2claw.agent.fields import Fields
from p2claw.agent.rewriting import cookie_domain
from p2claw.log import get_log

log = get_log("agent")

# An app whose answers give ever new reasons is not listened to any longer.
MOST_AN_APP = 16


class Notices:
    def __init__(self) -> None:
        self._said: dict[str, set[str]] = {}

    def response(self, app: str, fields: Fields, hosts: tuple[str, ...]) -> None:
        """Look at an answer as a visitor gets it. hosts: the names that the app is visited by."""
        own = {host.partition(":")[0] for host in hosts}
        for name, value in fields:
            domain = cookie_domain(value) if name == "set-cookie" else ""
            if domain and domain not in own and self._new(app, f"cookie-domain {domain}"):
                log.warning("app sets a cookie for another domain", app=app, domain=domain)

    def _new(self, app: str, what: str) -> bool:
        said = self._said.setdefault(app, set())
        if what in said or len(said) >= MOST_AN_APP:
            return False
        said.add(what)
        return True
