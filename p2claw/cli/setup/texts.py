"""The files of Caddy, coturn, HAProxy and systemd, for the server of a plan. Pure."""

from __future__ import annotations

from pathlib import Path

from p2claw.cli.setup.plan import TURN_LOG, TURN_PORT, TURN_TLS_PORT, Plan
from p2claw.config import ASK_PATH

COPY_UNIT = "p2claw-turn-certificate"

_WRITTEN = "# Written by `p2claw server setup`."
_RELAY_PORTS = (49_152, 65_535)

# Networks that no relay may lead into: those of this machine, of its neighbours, and of nobody.
_DENIED = (
    "0.0.0.0-0.255.255.255",
    "10.0.0.0-10.255.255.255",
    "100.64.0.0-100.127.255.255",
    "127.0.0.0-127.255.255.255",
    "169.254.0.0-169.254.255.255",
    "172.16.0.0-172.31.255.255",
    "192.0.0.0-192.0.0.255",
    "192.168.0.0-192.168.255.255",
    "::1",
    "fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)


def caddy_text(plan: Plan) -> str:
    """The Caddyfile: a certificate for each name at its first visit, if the server knows it; or the
    one that was given.
    """
    lines = [_WRITTEN, "{", *_caddy_options(plan)]
    if plan.certificate is None:
        lines += ["\ton_demand_tls {", f"\t\task http://{plan.listen}{ASK_PATH}", "\t}"]
    lines += ["}", ""]
    bind = ["\tbind 127.0.0.1"] if plan.shares_port else []
    if plan.certificate is None:
        tls = ["\ttls {", "\t\ton_demand", "\t}"]
    else:
        tls = ["\ttls {} {}".format(*plan.certificate)]
    lines += ["https:// {", *bind, *tls, f"\treverse_proxy {plan.listen}", "}", ""]
    if plan.shares_port:
        # Caddy's own redirection would name the port where it listens behind HAProxy.
        port = "" if plan.https_port == 443 else f":{plan.https_port}"
        lines += ["http:// {", f"\tredir https://{{host}}{port}{{uri}} 308", "}", ""]
    if plan.turn_tls and plan.certificate is None:
        # The relay's certificate is got at once, and not at the first visit: coturn asks nobody.
        # From one authority, so that it is known in which folder it is.
        one = [] if plan.internal_ca else ["\ttls {", "\t\tissuer acme", "\t}"]
        lines += [f"https://{plan.turn} {{", *bind, *one, "\trespond 404", "}", ""]
    return "\n".join(lines)


def _caddy_options(plan: Plan) -> list[str]:
    options = []
    if plan.internal_ca:
        options += ["\tlocal_certs", "\tskip_install_trust"]
    elif plan.certificate is None:
        options += [f"\temail {plan.contact}"] if "@" in plan.contact else []
        options += [f"\tacme_ca {plan.acme}"] if plan.acme else []
        options += [f"\tacme_ca_root {plan.acme_root}"] if plan.acme_root else []
    if plan.http_port != 80:
        options.append(f"\thttp_port {plan.http_port}")
    if not plan.shares_port:
        return [*options, *([f"\thttps_port {plan.https_port}"] if plan.https_port != 443 else [])]
    return [
        *options,
        "\tauto_https disable_redirects",
        f"\thttps_port {plan.caddy_port}",
        f"\tservers 127.0.0.1:{plan.caddy_port} {{",
        "\t\tprotocols h1 h2",
        "\t\tlistener_wrappers {",
        "\t\t\tproxy_protocol {",
        "\t\t\t\tallow 127.0.0.1/32",
        "\t\t\t}",
        "\t\t\ttls",
        "\t\t}",
        "\t}",
    ]


def coturn_text(
    plan: Plan, secret: str, *, listening_port: int = TURN_PORT, log: str = str(TURN_LOG)
) -> str:
    """The configuration of coturn. secret: the same that the server has."""
    low, high = _RELAY_PORTS
    tls = ["no-tls"]
    if plan.turn_tls:
        chain, key = plan.turn_pair
        port = TURN_TLS_PORT if plan.shares_port else plan.turn_tls
        tls = [f"tls-listening-port={port}", f"cert={chain}", f"pkey={key}"]
        tls += ["no-tlsv1", "no-tlsv1_1"]
    return "\n".join(
        [
            _WRITTEN,
            f"listening-port={listening_port}",
            *tls,
            "no-dtls",
            f"min-port={low}",
            f"max-port={high}",
            f"realm={plan.parent}",
            *([f"external-ip={plan.external_ip}"] if plan.external_ip else []),
            "use-auth-secret",
            f"static-auth-secret={secret}",
            "fingerprint",
            "no-cli",
            "no-multicast-peers",
            "stale-nonce=600",
            # One visit needs two allocations per relay and transport.
            "user-quota=24",
            "total-quota=4800",
            *(f"denied-peer-ip={network}" for network in _DENIED),
            "simple-log",
            # With what each allocation has moved, when it ends and every 4,096 packets.
            "verbose",
            f"log-file={log}",
            "",
        ]
    )


def haproxy_text(plan: Plan, *, ipv6: bool) -> str:
    """The configuration of HAProxy: who asks for the relay's name gets coturn, all others Caddy.

    It reads the name that TLS begins with, and decrypts nothing. ipv6: whether this machine has it.
    """
    return "\n".join(
        [
            _WRITTEN,
            "global",
            "    user haproxy",
            "    group haproxy",
            "    log stdout format raw local0 notice",
            "",
            "defaults",
            "    mode tcp",
            "    log global",
            "    timeout connect 5s",
            # WebSockets ping each 25 s, and a relayed link is never silent for so long.
            "    timeout client 5m",
            "    timeout server 5m",
            "",
            "frontend tls",
            f"    bind {'::' if ipv6 else ''}:{plan.https_port}{' v4v6' if ipv6 else ''}",
            "    tcp-request inspect-delay 5s",
            "    tcp-request content accept if { req.ssl_hello_type 1 }",
            "    tcp-request content reject",
            # An authority that proves a name by TLS speaks to Caddy, whatever the name is.
            f"    use_backend relay if {{ req.ssl_sni -i {plan.turn} }} "
            "!{ req.ssl_alpn acme-tls/1 }",
            "    default_backend web",
            "",
            "backend web",
            f"    server caddy 127.0.0.1:{plan.caddy_port} send-proxy-v2",
            "",
            "backend relay",
            # At the address that the visitor has dialled: that is where coturn then relays, and not
            # on loopback.
            f"    server coturn *:{TURN_TLS_PORT}",
            "",
        ]
    )


def logrotate_text() -> str:
    """How the log of coturn stays small. It names addresses, so that little of it is kept."""
    return "\n".join(
        [
            _WRITTEN,
            f"{TURN_LOG} {{",
            "    daily",
            "    rotate 2",
            "    maxsize 20M",
            "    missingok",
            "    notifempty",
            "    copytruncate",
            "    su turnserver turnserver",
            "}",
            "",
        ]
    )


def copy_units(chain: Path, key: Path, plan: Plan) -> dict[str, str]:
    """The units that give coturn chain and key whenever these are renewed, by file name.

    Caddy keeps them for its user alone, among those of all other names.
    """
    for_chain, for_key = plan.turn_pair
    install = "/usr/bin/install -g turnserver -m 0640"
    return {
        f"{COPY_UNIT}.path": "\n".join(
            [
                _WRITTEN,
                "[Unit]",
                "Description=p2claw: notices a renewed certificate of the relay",
                "",
                "[Path]",
                f"PathChanged={chain}",
                f"PathChanged={key}",
                "",
                "[Install]",
                "WantedBy=multi-user.target",
                "",
            ]
        ),
        f"{COPY_UNIT}.service": "\n".join(
            [
                _WRITTEN,
                "[Unit]",
                "Description=p2claw: gives coturn the certificate of the relay",
                f"ConditionPathExists={chain}",
                f"ConditionPathExists={key}",
                "",
                "[Service]",
                "Type=oneshot",
                f"ExecStart={install} {chain} {for_chain}",
                f"ExecStart={install} {key} {for_key}",
                "ExecStart=/usr/bin/systemctl try-restart coturn.service",
                "",
            ]
        ),
    }
