"""Carries out a plan: writes its files, has the services read them, and reports each step."""

from __future__ import annotations

import grp
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from p2claw.cli.service.definition import SERVER_USER
from p2claw.cli.setup.plan import TURN_LOG, Plan, config_text
from p2claw.cli.setup.programs import has_ipv6
from p2claw.cli.setup.texts import (
    COPY_UNIT,
    caddy_text,
    copy_units,
    coturn_text,
    haproxy_text,
    logrotate_text,
)
from p2claw.errors import UsageError

_SYSTEM_UNITS = Path("/etc/systemd/system")
_LOGROTATE = Path("/etc/logrotate.d")
_COMMAND_S = 120


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. action: `write`, `keep` or `run`. done: False in a dry run."""

    action: str
    what: str
    why: str
    done: bool


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    text: str
    mode: int
    group: str
    why: str


def carry_out(plan: Plan, *, dry_run: bool, replace: bool) -> Iterator[Step]:
    """Write every file of the plan. One that is there with another content stays, unless `replace`.

    Nothing is written before all can be. Raises UsageError `setup-exists`, `setup-unwritable`.
    """
    secret = _secret(plan)
    files = list(_files(plan, secret))
    if not replace:
        for file in files:
            if file.path.exists() and _read(file.path) != file.text:
                raise UsageError(
                    f"{file.path} is there already, with something else in it",
                    code="setup-exists",
                    hint="Look at it; --replace writes it anew, and keeps the old one beside it",
                )
    for file in files:
        if file.path.exists() and _read(file.path) == file.text:
            yield Step("keep", str(file.path), file.why, True)
            continue
        if not dry_run:
            _write(file)
        yield Step("write", str(file.path), file.why, not dry_run)


def start_services(plan: Plan, *, dry_run: bool) -> Iterator[Step]:
    """Let the services of the packages run with the files of the plan, where systemd has them.

    Raises UsageError `setup-service`.
    """
    if plan.turn:
        yield from _share_log(dry_run=dry_run)
    for unit, commands, why in _services(plan):
        folder = _SYSTEM_UNITS / f"{unit}.service.d"
        # An empty one removes what the package's own unit has.
        lines = [f"{key}=\n{key}={command}\n" for key, command in commands.items()]
        text = "".join(["# Written by `p2claw server setup`.\n[Service]\n", *lines])
        if not dry_run:
            _write(_File(folder / "p2claw.conf", text, 0o644, "root", why))
            for command in (("daemon-reload",), ("enable", unit), ("restart", unit)):
                _systemctl(*command)
        yield Step("write", str(folder / "p2claw.conf"), why, not dry_run)
        yield Step("run", f"systemctl restart {unit}", why, not dry_run)
    if plan.relay_certificate not in (None, plan.turn_pair):
        yield from _start_copying(plan, *plan.relay_certificate, dry_run=dry_run)


def _share_log(*, dry_run: bool) -> Iterator[Step]:
    """Let the server read what coturn logs, and keep that small."""
    why = "counts what is relayed for each box"
    reads = "# Written by `p2claw server setup`.\n[Service]\nSupplementaryGroups=turnserver\n"
    files = {
        _SYSTEM_UNITS / "p2claw-server.service.d" / "turn-log.conf": reads,
        _LOGROTATE / "p2claw-turn": logrotate_text(),
    }
    for path, text in files.items():
        if not dry_run:
            _write(_File(path, text, 0o644, "root", why))
        yield Step("write", str(path), why, not dry_run)
    if not dry_run:
        _systemctl("daemon-reload")
        _systemctl("try-restart", "p2claw-server.service")
    yield Step("run", "systemctl try-restart p2claw-server.service", why, not dry_run)


def _start_copying(plan: Plan, chain: Path, key: Path, *, dry_run: bool) -> Iterator[Step]:
    """Let coturn have the certificate of its name, now if there is one, and whenever it changes."""
    why = "the relay's certificate"
    for name, text in copy_units(chain, key, plan).items():
        if not dry_run:
            _write(_File(_SYSTEM_UNITS / name, text, 0o644, "root", why))
        yield Step("write", str(_SYSTEM_UNITS / name), why, not dry_run)
    if not dry_run:
        _systemctl("daemon-reload")
        _systemctl("enable", "--now", f"{COPY_UNIT}.path")
        _systemctl("start", f"{COPY_UNIT}.service")
    yield Step("run", f"systemctl enable --now {COPY_UNIT}.path", why, not dry_run)


def _files(plan: Plan, secret: str) -> Iterator[_File]:
    yield _File(
        plan.config_path, config_text(plan), 0o644, "root", "the options of `p2claw server`"
    )
    if plan.turn:
        yield _File(
            plan.secret_path, f"{secret}\n", 0o640, SERVER_USER, "what server and relay share"
        )
        yield _File(
            plan.coturn_path, coturn_text(plan, secret), 0o640, "turnserver", "the relay, coturn"
        )
    if plan.has_caddy:
        yield _File(
            plan.caddy_path, caddy_text(plan), 0o644, "root", "Caddy: certificates, in front"
        )
    if plan.shares_port:
        text = haproxy_text(plan, ipv6=has_ipv6())
        yield _File(plan.haproxy_path, text, 0o644, "root", "HAProxy: parts HTTPS from the relay")


def _services(plan: Plan) -> Iterator[tuple[str, dict[str, str], str]]:
    """Unit, commands and purpose of the services of other packages."""
    if plan.has_caddy:
        config = f"--config {plan.caddy_path}"
        commands = {
            "ExecStart": f"/usr/bin/caddy run --environ {config}",
            "ExecReload": f"/usr/bin/caddy reload {config} --force",
        }
        yield "caddy", commands, "certificates"
    if plan.shares_port:
        started = f"/usr/sbin/haproxy -Ws -f {plan.haproxy_path} -p /run/haproxy.pid"
        commands = {"ExecStart": started, "ExecReload": "/bin/kill -USR2 $MAINPID"}
        yield "haproxy", commands, "one port for HTTPS and the relay"
    if plan.turn:
        started = f"/usr/bin/turnserver -c {plan.coturn_path} --pidfile="
        logs = {"LogsDirectory": TURN_LOG.parent.name, "LogsDirectoryMode": "0750"}
        commands = {"ExecStart": started, **logs, "UMask": "0027"}
        yield "coturn", commands, "the relay"


def _secret(plan: Plan) -> str:
    """The secret that is there, so that setting up again does not part server and relay."""
    if plan.turn and plan.secret_path.exists():
        kept = _read(plan.secret_path).strip()
        if kept:
            return kept
    return secrets.token_hex(32)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}", code="setup-unwritable") from None


def _write(file: _File) -> None:
    """Replace the file as a whole; who may read it is settled before anything is in it."""
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        part = file.path.with_name(f".{file.path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as written:
                group = _group(file.group)
                if group is not None:
                    os.fchown(written.fileno(), -1, group)
                os.fchmod(written.fileno(), file.mode)
                written.write(file.text)
                written.flush()
                os.fsync(written.fileno())
            if file.path.exists():
                shutil.copy2(file.path, file.path.with_name(f"{file.path.name}.before"))
            part.replace(file.path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"{file.path} cannot be written: {error.strerror}",
            code="setup-unwritable",
            hint="Run it as root, or name another --folder",
        ) from None


def _group(name: str) -> int | None:
    """The number of a group; None if it is not there, or is not ours to give."""
    if os.geteuid() != 0:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        return None


def _systemctl(*command: str) -> None:
    done = subprocess.run(
        ("systemctl", *command), capture_output=True, text=True, timeout=_COMMAND_S, check=False
    )
    if done.returncode:
        raise UsageError(
            f"`systemctl {' '.join(command)}` failed: {done.stderr.strip()}",
            code="setup-service",
            hint=f"`journalctl -u {command[-1]}` shows more",
        )
