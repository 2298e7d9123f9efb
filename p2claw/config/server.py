"""The settings of a server: one process with a coordinator and an edge, and what these allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from p2claw.config.addresses import DEFAULT_LISTEN, Network, parse_listen
from p2claw.config.bus_address import BusAddress
from p2claw.config.near import check_near
from p2claw.config.places import home_dir
from p2claw.config.relays import Relay, relays_of
from p2claw.config.store_address import StoreAddress
from p2claw.config.turn_key import TurnKey
from p2claw.errors import UsageError

# Where a proxy asks for which names it may get a certificate.
ASK_PATH = "/__p2claw/v1/ask"

JOINING = ("open", "invite", "listed")


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What coordinator and edge allow. An address is one IPv4 address or one IPv6 /64.

    A rate is a token bucket: `…_burst` at once, and `…_per_minute` in the long run.
    """

    sockets: int = 32_768
    """Connections at once, or what the limit of descriptors leaves; the last eighth, at most
    1,000, is for agents and for monitoring. An address may hold as many as are free."""
    client_head_s: float = 10.0
    """For a TLS handshake, and for the head of a request."""
    client_unread_s: float = 10.0
    """How long a client may read nothing of what waits for it."""
    boxes: int = 20_000
    visits: int = 4_096
    """Visitor sessions under way at once."""
    visits_per_box: int = 64
    visit_burst: int = 300
    visits_per_minute: float = 300.0
    """Visits of one address. Many people may share an address, such as a school: the limit is for
    the work that they cause, and not for their number."""
    box_visit_burst: int = 600
    box_visits_per_minute: float = 600.0
    """Visits to one box, from all addresses together. The operator may set another rate."""
    failure_burst: int = 60
    failures_per_minute: float = 60.0
    """Visits that no page of ours makes: to names that no box has, or that break the protocol."""
    visit_message_burst: int = 3_000
    visit_messages_per_minute: float = 12_000.0
    """Offers, candidates, ends and posts of all visitors of an address: 40 for each visit."""
    box_message_burst: int = 4_000
    box_messages_per_minute: float = 60_000.0
    """SDP answers, candidates and ends of one box, which may be visited from many addresses."""
    registration_burst: int = 60
    registrations_per_minute: float = 60.0
    registrations_at_work: int = 16
    """Registrations that work at once, in one turn of the loop; others wait for theirs."""
    registrations_waiting: int = 1_000
    """Registrations that have come and are not done yet. An address may have as many as are free;
    whoever comes above that is told when to come again."""
    alias_burst: int = 20
    aliases_per_minute: float = 0.5
    """Registrations of keys never seen before: each uses up an alias for ever."""
    addresses: int = 65_536
    """Addresses remembered by each of the rate limits."""
    outbox_messages: int = 512
    """Messages waiting for one socket that does not read."""
    write_s: float = 20.0
    register_s: float = 10.0
    answer_s: float = 10.0
    next_box_s: float = 1.5
    """For the answer of a box in a team, if another one of it is there: then that one is asked."""
    visit_s: float = 60.0
    clock_skew_s: int = 120
    keepalive_s: int = 25


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
    """The folder of this process: its socket, its lock, and with SQLite the database."""
    store: StoreAddress = field(default_factory=StoreAddress)
    bus: BusAddress = field(default_factory=BusAddress)
    """Where several nodes meet; without one this process is the whole coordinator."""
    node_listen: str = ""
    """Where other nodes send to this one directly, `host:port`; "": through the bus."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    stun_urls: tuple[str, ...] = ()
    turn_urls: tuple[str, ...] = ()
    """Of relays without region and weight; `all_relays` has these, too."""
    relays: tuple[Relay, ...] = ()
    turn_secret: str = field(default="", repr=False)
    turn_ttl_s: int = 3_600
    turn_key: TurnKey | None = None
    """Of a service whose relays are named beside those of turn_urls."""
    turn_log: Path | None = None
    """The log of the TURN server, by which it is counted what is relayed for each box."""
    turn_redis: BusAddress = field(default_factory=BusAddress)
    """Where the TURN servers publish the same, instead of a log."""
    turn_cli_password: str = field(default="", repr=False)
    """Of the command lines of all relays."""
    trusted_proxies: tuple[Network, ...] = ()
    region_field: str = ""
    """The field by which a trusted proxy says where a visitor is; "": none does."""
    near: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By a value of that field: regions of relays, the nearest first."""
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
        if self.bus.kind and not self.store.postgresql:
            raise UsageError(
                "Several nodes need one store, and SQLite is that of one",
                code="bus-without-store",
                hint="Give --store postgresql://…, the same one at each node",
            )
        if self.node_listen:
            parse_listen(self.node_listen)
            if not self.bus.kind:
                raise UsageError(
                    "--node-listen is for other nodes, and without a bus there are none",
                    code="node-listen-without-bus",
                    hint="Give --bus redis://…, the same one at each node",
                )
        if self.joining == "listed" and not self.listed_boxes:
            raise UsageError(
                "No box could ever join: joining is by list, and none is listed",
                code="boxes-missing",
                hint="Give --box with the peer id that `p2claw identity` shows on each box",
            )
        if self.turn_log is not None and self.turn_redis.kind:
            raise UsageError(
                "What is relayed would be read in a log and in Redis, and counted twice",
                code="turn-redis-invalid",
                hint="Give --turn-log for one coturn on this machine, or --turn-redis for all",
            )
        if self.turn_redis.kind not in ("", "redis"):
            raise UsageError(
                "coturn publishes in one Redis",
                code="turn-redis-invalid",
                hint="Give --turn-redis redis://[USER:PASSWORD@]HOST[:PORT][/DB]",
            )
        if any(relay.cli for relay in self.relays) and not self.turn_cli_password:
            raise UsageError(
                "The command line of a relay was named without its password",
                code="relay-invalid",
                hint="Give --turn-cli-password-file with the cli-password of the TURN servers",
            )
        check_near(
            self.region_field, self.near, self.regions, is_trusted=bool(self.trusted_proxies)
        )
        if self.all_relays and not self.turn_secret:
            raise UsageError(
                "A TURN server was named without its secret",
                code="turn-secret-missing",
                hint="Give --turn-secret-file with the static-auth-secret of the TURN server",
            )

    @property
    def all_relays(self) -> tuple[Relay, ...]:
        """Those of `turn_urls`, one per host, and `relays`."""
        return relays_of(self.turn_urls, self.relays)

    @property
    def regions(self) -> frozenset[str]:
        """Of the relays; those without one are of none."""
        return frozenset(relay.region for relay in self.relays if relay.region)

    @property
    def several_regions(self) -> bool:
        """Whether it matters which one is near."""
        return len(self.regions) > 1

    @property
    def listen_host(self) -> str:
        return parse_listen(self.listen)[0]

    @property
    def listen_port(self) -> int:
        return parse_listen(self.listen)[1]
