"""Settings of the two long-running programs, as frozen values; the one reader of the environment.

Nothing here opens a file or a socket. docs/OPERATIONS.md explains each option to operators.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from p2claw.errors import UsageError
from p2claw.names import is_localhost
from p2claw.units import GIB, KIB, MIB

DEFAULT_LISTEN = "127.0.0.1:8787"
# Where a proxy asks for which names it may get a certificate.
ASK_PATH = "/__p2claw/v1/ask"

DEFAULT_COORDINATOR = "http://localhost:8787"

# One process fills one core, so more workers than cores are of no use, and boxes with more cores
# than this are rare. A typing error shall not fill the memory: each process takes some 70 MB.
MOST_WORKERS = 64

LAST_PORT = 65_535

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_COORDINATOR_PORTS = {"http": 80, "https": 443}
# What may stand between scheme and port: a name, or an address.
_HOST = re.compile(r"[0-9A-Za-z_.:-]+")

_ADDRESS = re.compile(r"(?:\[(?P<v6>[^\]]+)\]|(?P<v4>[0-9.]+)):(?P<port>[0-9]{1,5})")


def home_dir(environ: Mapping[str, str] | None = None) -> Path:
    """`$P2CLAW_HOME`, else `~/.p2claw`: where an agent keeps its key, its routes, its socket."""
    named = (os.environ if environ is None else environ).get("P2CLAW_HOME", "")
    return Path(named).expanduser().absolute() if named else Path.home() / ".p2claw"


def config_path(environ: Mapping[str, str] | None = None) -> Path:
    """`$XDG_CONFIG_HOME/p2claw/p2claw.toml`, else below `~/.config`: options, for who wants a file.

    A relative `XDG_CONFIG_HOME` does not count (XDG Base Directory Specification).
    """
    named = Path((os.environ if environ is None else environ).get("XDG_CONFIG_HOME", ""))
    folder = named if named.is_absolute() else Path.home() / ".config"
    return folder / "p2claw" / "p2claw.toml"


SYSTEM_CONFIG = Path("/etc/p2claw/p2claw.toml")
"""The options of a server that is a service of the machine."""


@dataclass(frozen=True, slots=True)
class UpstreamLimits:
    """Limits of the agent's connections to one upstream."""

    connections: int = 384
    """Of these and of the two below each visitor has a share, and each network: fair_shares.py."""
    lasting: int = 1_024
    """Exchanges that have lasted for gate.LASTING_S: their connections are not of the above."""
    waiting: int = 4_096
    wait_s: float = 60.0
    idle_connections: int = 32
    idle_s: float = 15.0
    connect_s: float = 10.0
    """Enough for a server whose backlog is full: the kernel tries again after 1, 3 and 7 s."""
    head_s: float = 60.0
    """From a request's end to the head of its response; also the longest stall of an upload."""
    head_bytes: int = 240 * KIB
    head_fields: int = 1_000
    """Of a response, as `head_bytes`. Both are a little below what the head of a frame may hold,
    because fields grow when the URLs in them are mapped."""


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Limits of the spool, where request bodies of unknown length wait until it is known."""

    memory_bytes: int = MIB
    request_bytes: int = 2 * GIB
    total_bytes: int = 4 * GIB


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """The limits of one box for all its visitors together."""

    links: int = 512
    """Two thirds are for one network at most: the coordinator names it by a shortened address."""
    link_open_s: float = 30.0
    request_idle_s: float = 300.0
    """The longest silence of a visitor in the middle of a request body."""
    drain_s: float = 10.0
    sockets: int = 1_024
    """WebSockets of all visitors together. Each holds an upstream connection of its own."""
    unread_bytes: int = 64 * MIB
    """Of responses, that wait in memory for their visitors. Above the share of a visitor, and of
    its network, each of its responses waits with the app, but for a frame or two."""
    kept: int = 512
    """Requests of closed tabs that the box goes on with, of all visitors together."""
    kept_per_visitor: int = 64
    """As for links, all behind a shortened address count as one."""
    relayed_bytes_per_visit: int = 0
    relayed_bytes_per_day: int = 0
    """0: any number. What goes straight to a visitor counts for neither."""
    upstream: UpstreamLimits = UpstreamLimits()
    spool: SpoolLimits = SpoolLimits()


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """An address at which a box is reached though it is none of its own. port 0: the UDP port."""

    host: str
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> PublicAddress:
        """Read `198.51.100.7`, `2001:db8::7`, either with a port: `[2001:db8::7]:4100`.

        Raises UsageError `public-address-invalid`.
        """
        match = _ADDRESS.fullmatch(text)
        try:
            if match is None:
                return cls(str(ipaddress.ip_address(text)))
            host = str(ipaddress.ip_address(match["v6"] or match["v4"]))
            port = int(match["port"])
            if not 1 <= port <= LAST_PORT:
                raise ValueError
        except ValueError:
            raise UsageError(
                f"{text!r} is not an address",
                code="public-address-invalid",
                hint="Give an IPv4 or IPv6 address, perhaps with a port: 198.51.100.7:4100",
            ) from None
        return cls(host, port)

    def of_worker(self, number: int) -> PublicAddress:
        """The same for a worker, counted from 0: each has the next port."""
        return PublicAddress(self.host, self.port and self.port + number)


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """The settings of one agent."""

    home: Path = field(default_factory=home_dir)
    coordinator: str = DEFAULT_COORDINATOR
    """As `check_coordinator` writes it."""
    remember: bool = False
    """Whether the coordinator is kept as the one of this box, once it has accepted the box."""
    limits: AgentLimits = AgentLimits()
    workers: int = 1
    """How many processes serve visitors. 1: the agent does it itself."""
    udp_port: int = 0
    """The UDP port of all links; 0: any free one. Worker k, counted from 0, takes udp_port + k."""
    public_addresses: tuple[PublicAddress, ...] = ()
    map_ports: bool = False
    """Whether the router in front of the box is asked to forward the UDP ports of its links."""
    invite: str = field(default="", repr=False)
    """A code by which the coordinator lets this box in, if it does not know it yet."""
    metrics: str = ""
    """Where figures for Prometheus are served over TCP, `host:port`; "": nowhere."""

    def __post_init__(self) -> None:
        if self.metrics:
            parse_listen(self.metrics)
        object.__setattr__(self, "coordinator", check_coordinator(self.coordinator))
        _check_workers(self.workers)
        _check_udp_port(self.udp_port, self.workers)
        if self.map_ports and self.workers > 1 and not self.udp_port:
            raise UsageError(
                "Ports of several workers are forwarded only if they are known",
                code="udp-port-missing",
                hint="Name the first one: --udp-port 4100",
            )

    @property
    def identity_path(self) -> Path:
        return self.home / "identity.key"

    @property
    def routes_path(self) -> Path:
        return self.home / "routes.json"

    @property
    def usage_path(self) -> Path:
        return self.home / "usage.db"

    @property
    def access_path(self) -> Path:
        return self.home / "access.json"

    @property
    def coordinators_path(self) -> Path:
        return self.home / "coordinators.json"

    @property
    def lock_path(self) -> Path:
        return self.home / "agent.lock"

    @property
    def socket_path(self) -> Path:
        return self.home / "agent.sock"

    @property
    def audience(self) -> str:
        """`host[:port]` that the agent dials, lower case: what a registration is signed for."""
        return urlsplit(self.coordinator).netloc


def check_coordinator(url: str) -> str:
    """The address of a coordinator, in the form that is compared and stored: `https://host:444`.

    Lower case, IDNA, no path, and no port where it is the one of the scheme.

    Raises UsageError `coordinator-invalid`.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:
        raise _no_coordinator(url) from None
    plain = not (parts.query or parts.fragment or "@" in parts.netloc) and parts.path in ("", "/")
    if (
        parts.scheme not in _COORDINATOR_PORTS
        or not _HOST.fullmatch(host)
        or port == 0
        or not plain
    ):
        raise _no_coordinator(url)
    netloc = f"[{host}]" if ":" in host else host
    if port not in (None, _COORDINATOR_PORTS[parts.scheme]):
        netloc += f":{port}"
    return f"{parts.scheme}://{netloc}"


def _no_coordinator(url: str) -> UsageError:
    """The error, with the address that was probably meant."""
    netloc = (url.partition("://")[2] or url).partition("/")[0].lower()
    local = is_localhost(netloc.partition(":")[0])
    likely = bool(_HOST.fullmatch(netloc)) and (local or "." in netloc)
    example = f"{'http' if local else 'https'}://{netloc}" if likely else DEFAULT_COORDINATOR
    return UsageError(
        f"{url!r} is not the address of a coordinator",
        code="coordinator-invalid",
        hint=f"Give scheme, host and port alone, for example {example}",
    )


def _check_workers(workers: int) -> None:
    if not 1 <= workers <= MOST_WORKERS:
        raise UsageError(
            f"{workers} is not a number of workers",
            code="workers-invalid",
            hint=f"Give 1 to {MOST_WORKERS}; as many as there are cores are enough",
        )


def _check_udp_port(port: int, workers: int) -> None:
    if port == 0:
        return
    last = port + workers - 1
    if not 1 <= port <= last <= LAST_PORT:
        wanted = f"{workers} workers need the UDP ports {port} to {last}" if workers > 1 else port
        raise UsageError(
            f"{wanted}: a port is 1 to {LAST_PORT}",
            code="udp-port-invalid",
            hint="Each worker has one, counted from the given one; 0 is any",
        )


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What coordinator and edge allow. An address is one IPv4 address or one IPv6 /64.

    A rate is a token bucket: `…_burst` at once, and `…_per_minute` in the long run.
    """

    sockets: int = 32_768
    """Connections at once, or what the limit of descriptors leaves; the last eighth is for agents
    and for monitoring. An address may hold as many as are free."""
    client_head_s: float = 10.0
    """For a TLS handshake, and for the head of a request."""
    client_unread_s: float = 10.0
    """How long a client may read nothing of what waits for it."""
    boxes: int = 10_000
    visits: int = 4_096
    """Visitor sessions under way at once."""
    visits_per_box: int = 64
    visit_burst: int = 300
    visits_per_minute: float = 300.0
    """A school has one address: this is for the work, not for the people."""
    box_visit_burst: int = 600
    box_visits_per_minute: float = 600.0
    """Of one box, whoever visits. The operator may give a box less, or more."""
    failure_burst: int = 60
    failures_per_minute: float = 60.0
    """Visits that no page of ours makes: of names that nobody has, or against the protocol."""
    visit_message_burst: int = 3_000
    visit_messages_per_minute: float = 12_000.0
    """Offers, candidates, ends and posts of all visitors of an address: 40 for each visit."""
    box_message_burst: int = 4_000
    box_messages_per_minute: float = 60_000.0
    """SDP answers, candidates and ends of one box, which may be visited from many addresses."""
    registration_burst: int = 60
    registrations_per_minute: float = 60.0
    alias_burst: int = 20
    aliases_per_minute: float = 0.5
    """Registrations of keys never seen before: each takes an alias for ever."""
    addresses: int = 65_536
    """Addresses remembered by each of the rate limits."""
    outbox_messages: int = 512
    """Messages waiting for one socket that does not read."""
    write_s: float = 20.0
    register_s: float = 10.0
    answer_s: float = 10.0
    visit_s: float = 60.0
    clock_skew_s: int = 120
    keepalive_s: int = 25


JOINING = ("open", "invite", "listed")

DEFAULT_TURN_KEY_API = "https://rtc.live.cloudflare.com"
TURN_KEY_TOKEN_VARIABLE = "P2CLAW_TURN_KEY_TOKEN"

_TURN_KEY_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
# What a field of HTTP can hold, without blanks.
_TURN_KEY_TOKEN = re.compile(r"[!-~]{1,512}")


def turn_key_token(environ: Mapping[str, str] | None = None) -> str:
    """The token of the TURN key, if the environment has it, else ""."""
    return (os.environ if environ is None else environ).get(TURN_KEY_TOKEN_VARIABLE, "").strip()


@dataclass(frozen=True, slots=True)
class TurnKey:
    """A key of a relay service that lends credentials over HTTPS, as Cloudflare's does."""

    key_id: str
    token: str = field(repr=False)
    api: str = DEFAULT_TURN_KEY_API
    """Scheme, host and port of the service."""

    def __post_init__(self) -> None:
        if not _TURN_KEY_ID.fullmatch(self.key_id):
            raise UsageError(
                f"{self.key_id[:80]!r} is not the id of a TURN key",
                code="turn-key-invalid",
                hint="It is the “Turn Token ID” of the dashboard: 32 letters and digits",
            )
        if not self.token:
            raise UsageError(
                "A TURN key was named without its token",
                code="turn-key-incomplete",
                hint=f"Give --turn-key-token-file, or set {TURN_KEY_TOKEN_VARIABLE}",
            )
        if not _TURN_KEY_TOKEN.fullmatch(self.token):
            raise UsageError(
                "The token of the TURN key has blanks, odd characters or is too long",
                code="turn-key-token-invalid",
                hint="The file holds the API token alone, on one line",
            )
        object.__setattr__(self, "api", _check_turn_key_api(self.api))


def _check_turn_key_api(url: str) -> str:
    """Scheme, host and port. The token goes there, so it is not sent in the clear."""
    try:
        base = check_coordinator(url)
    except UsageError:
        base = ""
    if not base.startswith("https://") and not is_localhost(urlsplit(base).hostname or ""):
        raise UsageError(
            f"{url!r} is not the address of a relay service",
            code="turn-key-api-invalid",
            hint=f"Give https, host and port alone, for example {DEFAULT_TURN_KEY_API}",
        )
    return base


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """How one process with a coordinator and an edge runs."""

    listen: str = DEFAULT_LISTEN
    parent: str = "localhost"
    public_port: int | None = None
    """The port in URLs; None: the port that is listened on."""
    scheme: str = "http"
    """Of URLs; `https` with a certificate, or behind a proxy that has one."""
    names: tuple[str, ...] = ()
    """Further `host[:port]` that agents may dial, beside the parent and what is below it."""
    data_dir: Path = field(default_factory=lambda: home_dir() / "server")
    tls_cert: Path | None = None
    tls_key: Path | None = None
    stun_urls: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    turn_secret: str = field(default="", repr=False)
    turn_ttl_s: int = 3_600
    turn_key: TurnKey | None = None
    """Of a service whose relays are named beside those of turn_urls."""
    trusted_proxies: tuple[Network, ...] = ()
    joining: str = "open"
    """Which new boxes may register: of JOINING."""
    listed_boxes: frozenset[bytes] = frozenset()
    """Public keys that may register without an invitation; with `listed` they alone."""
    operator: str = ""
    contact: str = ""
    """Who runs this server, and where to report abuse: an address of mail, or a URL."""
    static_dir: Path | None = None
    """Where the built bootstrap lies; None: beside the package."""
    metrics: str = ""
    """Where figures for Prometheus are served over TCP, `host:port`; "": nowhere."""
    limits: ServerLimits = ServerLimits()

    def __post_init__(self) -> None:
        parse_listen(self.listen)
        if self.metrics:
            parse_listen(self.metrics)
        if (self.tls_cert is None) != (self.tls_key is None):
            raise UsageError(
                "A certificate needs its key, and a key its certificate",
                code="tls-incomplete",
                hint="Give both --tls-cert and --tls-key, or neither",
            )
        if self.joining == "listed" and not self.listed_boxes:
            raise UsageError(
                "No box could ever join: joining is by list, and none is listed",
                code="boxes-missing",
                hint="Give --box with the peer id that `p2claw identity` shows on each box",
            )
        if self.turn_urls and not self.turn_secret:
            raise UsageError(
                "A TURN server was named without its secret",
                code="turn-secret-missing",
                hint="Give --turn-secret-file with the static-auth-secret of the TURN server",
            )

    @property
    def listen_host(self) -> str:
        return parse_listen(self.listen)[0]

    @property
    def listen_port(self) -> int:
        return parse_listen(self.listen)[1]


def parse_listen(text: str) -> tuple[str, int]:
    """Parse `host:port`, `[v6]:port` or `:port` (all addresses).

    Raises UsageError `listen-invalid`.
    """
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    digits = port.isascii() and port.isdigit()
    if not colon or not digits or int(port) > LAST_PORT or (":" in host and not bracketed):
        raise UsageError(
            f"{text!r} is not an address to listen on",
            code="listen-invalid",
            hint=f"Give host and port, for example {DEFAULT_LISTEN}",
        )
    return (host[1:-1] if bracketed else host), int(port)
