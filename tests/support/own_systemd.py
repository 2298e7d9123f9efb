"""A systemd of a test's own: the real one, as process 1 of namespaces that end with the test.

What it writes to /etc, /opt, /var and homes goes to a layer that is thrown away, and /run, /tmp and
/var/tmp are its own: a systemd that starts empties /tmp. It has only the units that are named here,
so that nothing of it touches the machine.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.namespaces import has

SYSTEMD = Path("/lib/systemd/systemd")
START_S = 30.0
COMMAND_S = 120.0

# This program, installed where all may read it: the server's user sees no homes.
PROGRAM = "/opt/p2claw/bin/p2claw"

USER = "tester"
USER_ID = 4321

_UNITS = {
    "sysinit.target": "[Unit]\nDefaultDependencies=no\n",
    "basic.target": "[Unit]\nDefaultDependencies=no\n"
    "Requires=sysinit.target\nAfter=sysinit.target\n",
    "shutdown.target": "[Unit]\nDefaultDependencies=no\n",
    "network-online.target": "[Unit]\n",
    "multi-user.target": "[Unit]\nRequires=basic.target\nAfter=basic.target\n"
    "Wants=journal.service user.service\n",
    "journal.service": "[Unit]\nDefaultDependencies=no\nRequires=systemd-journald.socket\n"
    "[Service]\nType=notify\nExecStart=/lib/systemd/systemd-journald\n"
    "Sockets=systemd-journald.socket\nNotifyAccess=all\n",
    "systemd-journald.socket": "[Unit]\nDefaultDependencies=no\n[Socket]\n"
    "ListenStream=/run/systemd/journal/stdout\nListenDatagram=/run/systemd/journal/socket\n"
    "Service=journal.service\nPassCredentials=yes\n",
    # What systemd-logind starts for a user who logs in.
    "user.service": f"[Service]\nType=notify\nUser={USER}\nDelegate=yes\n"
    f"Environment=XDG_RUNTIME_DIR=/run/user/{USER_ID}\nExecStart={SYSTEMD} --user\n",
}

_BOOT = f"""set -e
mkdir -p /run/layers
mount -t tmpfs layers /run
mkdir -p /run/lock /run/own-units
for folder in etc var home opt; do
    mkdir -p /run/layers/$folder/up /run/layers/$folder/work
    upper=upperdir=/run/layers/$folder/up,workdir=/run/layers/$folder/work
    mount -t overlay layer -o lowerdir=/$folder,$upper /$folder
done
mount -t tmpfs units /etc/systemd/system
rm -rf /var/log/journal
cp "$1"/* /run/own-units
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs -o mode=1777 tmp /var/tmp
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
ip link add box type veth peer name rest
ip addr add 192.0.2.9/24 dev box
ip link set box up
ip link set rest up
useradd --uid {USER_ID} --user-group --create-home --shell /bin/sh {USER}
mkdir -p /opt/python /opt/p2claw/bin
mount --bind "$2" /opt/python
printf 'home = /opt/python/bin\n' > /opt/p2claw/pyvenv.cfg
ln -s /opt/python/bin/python3 /opt/p2claw/bin/python
ln -s "$3/lib" /opt/p2claw/lib
cat > {PROGRAM} <<'END'
#!/bin/sh
LD_LIBRARY_PATH=/opt/python/lib exec /opt/p2claw/bin/python -m p2claw.cli.main "$@"
END
chmod 755 {PROGRAM}
install -d -o {USER} -g {USER} -m 700 /run/user/{USER_ID}
export SYSTEMD_UNIT_PATH=/run/own-units:/etc/systemd/system container=namespaces
exec {SYSTEMD} --system --unit=multi-user.target --log-target=null --show-status=0
"""


def needs_systemd() -> pytest.MarkDecorator:
    """Skip the test unless this machine can start a systemd in namespaces: that takes root."""
    able = os.geteuid() == 0 and SYSTEMD.exists() and has("unshare", "nsenter", "ip", "setpriv")
    return pytest.mark.skipif(not able, reason="an own systemd needs root, systemd, util-linux")


class OwnSystemd:
    """A systemd that runs. pid: of it, as seen from outside."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def run(
        self, *arguments: str, user: bool = False, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command beside it, as root, or as the user whom it has logged in."""
        inside = ["nsenter", "-t", str(self._pid), "-a", f"--wd={Path.cwd()}"]
        given = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", "HOME": "/root", **environ}
        if user:
            inside += ["setpriv", f"--reuid={USER_ID}", f"--regid={USER_ID}", "--clear-groups"]
            given["HOME"] = f"/home/{USER}"
        return subprocess.run(
            [*inside, *arguments],
            env=given,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
        )

    def must(self, *arguments: str, user: bool = False, **environ: str) -> str:
        """The output of a command that has to go well."""
        done = self.run(*arguments, user=user, **environ)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout


@contextlib.contextmanager
def own_systemd(folder: Path, *services: str) -> Iterator[OwnSystemd]:
    """A systemd while the block runs. folder: an empty one. services: units of packages."""
    for name, text in _UNITS.items():
        (folder / name).write_text(text)
    for name in services:
        (folder / name).write_bytes((Path("/lib/systemd/system") / name).read_bytes())
    arguments = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--propagation=private"]
    arguments += ["--mount-proc", "--cgroup", "--ipc", "--uts", "--net"]
    boot = ["sh", "-c", _BOOT, "boot", str(folder), sys.base_prefix, sys.prefix]
    outer = subprocess.Popen([*arguments, *boot])
    try:
        systemd = OwnSystemd(_child_of(outer))
        deadline_s = time.monotonic() + START_S
        while "active" not in systemd.run("systemctl", "is-active", "user.service").stdout.split():
            assert outer.poll() is None, "systemd ended"
            assert time.monotonic() < deadline_s, systemd.run("systemctl", "--failed").stdout
            time.sleep(0.1)
        yield systemd
    finally:
        outer.kill()
        outer.wait()


def _child_of(outer: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{outer.pid}/task/{outer.pid}/children")
    deadline_s = time.monotonic() + START_S
    while not children.read_text().strip():
        assert outer.poll() is None, "no namespaces"
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    return int(children.read_text().split()[0])
