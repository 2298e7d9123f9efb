"""What a coordinator sends about itself to an agent that does not register (docs/WIRE.md §11)."""

from __future__ import annotations

from aiohttp import web

from p2claw import __version__
from p2claw.config import ServerConfig
from p2claw.coord.audience import Audience
from p2claw.coord.join_policy import JoinPolicy
from p2claw.coord.nodes.shared_rate import SharedRate
from p2claw.coord.registration import VERSION
from p2claw.coord.store.base import StoreError
from p2claw.coord.websockets import client_of, reached_address
from p2claw.log import get_log
from p2claw.wire.signalling.greeting import INVITE_FIELD, SOFTWARE, Greeting, encode_greeting

log = get_log("coordinator")

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Greetings:
    """rate: of registrations, which guesses of invitations cost as well."""

    def __init__(
        self, config: ServerConfig, audience: Audience, join_policy: JoinPolicy, rate: SharedRate
    ) -> None:
        self._config = config
        self._audience = audience
        self._join_policy = join_policy
        self._rate = rate
        self._base = base_of(config)

    async def greet(self, request: web.Request) -> web.Response:
        """Send who this is, to an agent that does not register yet, and to whoever looks."""
        asked = request.query.get("audience")
        admits = asked and self._audience.admits(asked.lower(), reached_address(request))
        greeting = Greeting(
            follows=True,
            software=SOFTWARE,
            version=__version__,
            v=VERSION,
            min=VERSION,
            base=self._base,
            admits=None if asked is None else bool(admits),
            joins=self._join_policy.joins,
            invited=await self._invited(request),
        )
        return web.Response(
            status=426,
            body=encode_greeting(greeting),
            content_type="application/json",
            headers={"Upgrade": "websocket", "Cache-Control": "no-store"},
        )

    async def _invited(self, request: web.Request) -> bool | None:
        """Whether the invitation that is shown is good. Guesses cost what registrations cost."""
        code = request.headers.get(INVITE_FIELD)
        if code is None:
            return None
        address = client_of(request, self._config.trusted_proxies)
        if await self._rate.spend(address) > 0:
            return False
        try:
            return await self._join_policy.is_good(code)
        except StoreError as error:
            log.error("store failed", error=error.message)
            return None


def base_of(config: ServerConfig) -> str:
    """The URL of any app, with `{label}` if the first label of its host goes."""
    port = config.listen_port if config.public_port is None else config.public_port
    suffix = "" if port == _DEFAULT_PORTS[config.scheme] else f":{port}"
    return f"{config.scheme}://{{label}}.{config.parent}{suffix}"
