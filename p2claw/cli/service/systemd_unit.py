"""The text of a unit of systemd, for the agent and for the server. Pure.

What a unit may do is closed as far as the program allows: `systemd-analyze security` gives 1.6 to
the server and 1.9 to the agent. What is left open, and why:
- the network, all of it: that is what both are for; AF_NETLINK: how the addresses of this machine
  are known; AF_UNIX: the local API, apps on unix sockets, systemd itself.
- the agent reads homes and /tmp, for folders and sockets there are shared, but writes to its own;
- the agent may make memory executable: callbacks of OpenSSL through cffi are code that is made when
  it runs. With MemoryDenyWriteExecute it registers, and no handshake of a visitor ever ends.
"""

from __future__ import annotations

from p2claw.cli.service.definition import STATE, Definition

# Seconds of silence after which a process hangs; a loop under full load shows itself each 15 s.
WATCHDOG_S = 30
# The agent gives open requests 10 s; a node of several lets its boxes go within 30 s.
STOP_S = 45
_OPEN_FILES = 65_536

# Enforced by the kernel for a process that can gain no privileges: also without namespaces.
_FILTERS = """\
NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
KeyringMode=private
UMask=0077
"""

_NAMESPACES = """\
ProtectSystem=strict
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
"""

_AGENT = """\
PrivateUsers=yes
CapabilityBoundingSet=
ProtectHome=read-only
"""

_SERVER = """\
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
PrivateTmp=yes
ProtectHome=yes
RemoveIPC=yes
DevicePolicy=closed
MemoryDenyWriteExecute=yes
"""


def unit_text(definition: Definition, *, namespaces: bool = True) -> str:
    """The unit file. namespaces: False where a user may make none, and the agent starts without."""
    system = definition.of_system
    lines = [
        "# Written by `p2claw service install`, which writes it anew: changes belong into",
        f"# `systemctl {'' if system else '--user '}edit {definition.name}`.",
        "[Unit]",
        f"Description={definition.description}",
        "StartLimitIntervalSec=0",
    ]
    if system:
        lines += ["Wants=network-online.target", "After=network-online.target"]
    lines += [
        "",
        "[Service]",
        "Type=notify",
        f"ExecStart={' '.join(map(_word, definition.command))}",
        "ExecReload=/bin/kill -HUP $MAINPID",
        *(f"Environment={_quoted(f'{k}={v}')}" for k, v in definition.environment.items()),
        "Restart=always",
        "RestartSec=2",
        "# Wrong usage stays wrong, however often it is tried.",
        "RestartPreventExitStatus=2",
        f"TimeoutStopSec={STOP_S}",
        f"WatchdogSec={WATCHDOG_S}",
        f"LimitNOFILE={_OPEN_FILES}",
    ]
    if system:
        lines += [
            f"User={definition.user}",
            f"StateDirectory={STATE.name}",
            "StateDirectoryMode=0700",
        ]
    lines += ["", *_FILTERS.splitlines()]
    if namespaces:
        lines += [*_NAMESPACES.splitlines(), *(_SERVER if system else _AGENT).splitlines()]
        lines += [f"ReadWritePaths={_quoted(str(folder))}" for folder in definition.writable]
    target = "multi-user.target" if system else "default.target"
    return "\n".join([*lines, "", "[Install]", f"WantedBy={target}", ""])


def _word(word: str) -> str:
    """A word of a command, literally: there $ begins a variable."""
    return _quoted(word.replace("$", "$$"))


def _quoted(word: str) -> str:
    """A word of a setting, literally: % begins a specifier, and \\ an escape."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"' if any(character in text for character in " \"';\t\\") else text
