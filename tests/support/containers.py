"""Runs what a compose file describes without a container engine: the same commands, users,
capabilities, folders and files, in namespaces; the programs are those of this machine.

What an image brings is not tried by this: that is its maker's.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import namespaces
from tests.support.namespaces import has

COMMAND_S = 60
STOP_S = 20.0
# What our image makes, and for whom.
_OF_IMAGE = {"/var/lib/p2claw": (8787, 8787)}
_OWN = ("etc", "opt", "var")
_PATH = "/opt/p2claw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def has_containers() -> bool:
    """Whether this can be done here."""
    tools = has("unshare", "setpriv", "ip", "chroot", "docker-compose")
    return os.geteuid() == 0 and tools


def read_compose(path: Path, **environ: str) -> dict[str, Any]:
    """A compose file as the program that it is for reads it; it must find nothing wrong."""
    done = subprocess.run(
        ("docker-compose", "-f", str(path), "--profile", "setup", "config"),
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    as_json = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"
    read: dict[str, Any] = json.loads(
        subprocess.run(
            ("/usr/bin/python3", "-c", as_json),
            input=done.stdout.replace("$$", "$"),  # it prints what it could read again
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=True,
        ).stdout
    )
    return read


@dataclass(frozen=True, slots=True)
class Container:
    """How one process runs. volumes: as compose writes them, `from:to` and perhaps `:ro`."""

    command: tuple[str, ...]
    volumes: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = "0:0"
    capabilities: tuple[str, ...] | None = None
    """None: all."""
    read_only: bool = False

    @staticmethod
    def of(service: Mapping[str, Any], *arguments: str) -> Container:
        """A service of a compose file. arguments: behind its own."""
        assert service["network_mode"] == "host"
        drops = service.get("cap_drop") == ["ALL"]
        return Container(
            command=(*service["entrypoint"], *arguments),
            volumes=tuple(map(_volume, service.get("volumes", ()))),
            tmpfs=tuple(service.get("tmpfs", ())),
            environment=service.get("environment", {}),
            user=service.get("user", "0:0"),
            capabilities=tuple(service.get("cap_add", ())) if drops else None,
            read_only=service.get("read_only", False),
        )


class Containers:
    """A network for containers, and the folders that they share. Make it by `containers`.

    folder: where logs and volumes are. network: the name of its namespace. hosts: a line for
    `/etc/hosts`.
    """

    def __init__(self, folder: Path, network: str, hosts: str, stack: contextlib.ExitStack) -> None:
        self.network = network
        self._folder = folder
        self._hosts = hosts
        self._stack = stack
        self._count = 0
        self.inside = namespaces.inside(network)

    def start(self, name: str, container: Container) -> subprocess.Popen[bytes]:
        """Run it until the end of the block; the process is that of its command."""
        log = self._stack.enter_context((self._folder / f"{name}.log").open("ab"))
        process = subprocess.Popen(self._argv(container), stdout=log, stderr=log)
        self._stack.callback(_end, process)
        return process

    def run(self, container: Container) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(
            self._argv(container), capture_output=True, text=True, timeout=COMMAND_S, check=False
        )

    def logs(self) -> str:
        """What all have written, for an assertion that fails."""
        return "".join(f"--- {p.name}\n{p.read_text()}" for p in self._folder.glob("*.log"))

    def _argv(self, container: Container) -> tuple[str, ...]:
        self._count += 1
        root = self._folder / f"root{self._count}"
        root.mkdir()
        script = "\n".join(self._script(container, root))
        # Each step becomes the next: the process that is started is the container's own.
        unshare = ("unshare", "--mount", "--propagation=private")
        return (*self.inside, *unshare, "sh", "-c", script)

    def _script(self, container: Container, root: Path) -> Iterator[str]:
        """Build its root of that of this machine, and become its process."""
        yield f"set -e; mount -t tmpfs root {root}"
        for entry in sorted(Path("/").iterdir()):
            there = root / entry.name
            if entry.is_symlink():
                yield f"ln -s {entry.readlink()} {there}"
            elif entry.name in _OWN:
                layers = root / ".layers" / entry.name
                upper = f"upperdir={layers}/up,workdir={layers}/work"
                yield f"mkdir -p {there} {layers}/up {layers}/work"
                yield f"mount -t overlay layer -o lowerdir={entry},{upper} {there}"
            elif entry.is_dir():
                yield f"mkdir {there}; mount --rbind {entry} {there}"
        yield f"mkdir -p {root}/opt/python {root}/opt/p2claw/bin"
        yield f"mount --bind {sys.base_prefix} {root}/opt/python"
        yield f"printf 'home = /opt/python/bin\\n' > {root}/opt/p2claw/pyvenv.cfg"
        yield f"ln -s /opt/python/bin/python3 {root}/opt/p2claw/bin/python"
        yield f"ln -s {sys.prefix}/lib {root}/opt/p2claw/lib"
        program = f"{root}/opt/p2claw/bin/p2claw"
        yield f"printf '%s\\n' '#!/bin/sh' {shlex.quote(_PROGRAM)} > {program}; chmod 755 {program}"
        yield f"printf '%s\\n' {shlex.quote(self._hosts)} >> {root}/etc/hosts"
        yield f"printf 'p2claw:x:8787:\\n' >> {root}/etc/group"
        for volume in container.volumes:
            yield from self._mount(volume, root)
        for target in container.tmpfs:
            yield f"mkdir -p {root}{target}; mount -t tmpfs -o mode=1777 tmpfs {root}{target}"
        if container.read_only:
            for mounted in (*(root / name for name in _OWN), root):
                yield f"mount -o remount,ro {mounted}"
        yield f"exec chroot {root} {shlex.join(_as_user(container))}"

    def _mount(self, volume: str, root: Path) -> Iterator[str]:
        source, target, *mode = volume.split(":")
        there = f"{root}{target}"
        if not source.startswith("/"):
            # A volume begins as its folder in the image does, if there is one; else it is root's.
            path = self._folder / "volumes" / source
            if not path.exists():
                path.mkdir(parents=True)
                os.chown(path, *_OF_IMAGE.get(target, (0, 0)))
            source = str(path)
        if Path(source).is_file():
            yield f"mkdir -p {Path(there).parent}; touch {there}"
        else:
            yield f"mkdir -p {there}"
        yield f"mount --bind {source} {there}"
        if "ro" in mode:
            yield f"mount -o remount,bind,ro {there}"


_PROGRAM = 'LD_LIBRARY_PATH=/opt/python/lib exec /opt/p2claw/bin/python -m p2claw.cli.main "$@"'


@contextlib.contextmanager
def containers(folder: Path, *, address: str, names: Sequence[str]) -> Iterator[Containers]:
    """A network of their own with this address, while the block runs. names: of that address."""
    name = namespaces.stem("p2ct-")
    namespaces.add(name)
    try:
        for command in (
            "link add box type veth peer name rest",
            f"addr add {address}/24 dev box",
            "link set box up",
            "link set rest up",
        ):
            namespaces.ip("-n", name, *command.split())
        with contextlib.ExitStack() as stack:
            yield Containers(folder, name, " ".join((address, *names)), stack)
    finally:
        namespaces.remove(name)


def _volume(written: str | Mapping[str, Any]) -> str:
    """A volume in its short form: newer programs print the long one."""
    if isinstance(written, str):
        return written
    mode = ":ro" if written.get("read_only") else ""
    return f"{written['source']}:{written['target']}{mode}"


def _as_user(container: Container) -> list[str]:
    command = ["setpriv", "--nnp"]
    if container.capabilities is not None:
        kept = ",".join(["-all", *(f"+{name.lower()}" for name in container.capabilities)])
        command += ["--bounding-set", kept, "--inh-caps", "-all"]
    uid, gid = container.user.split(":")
    command += [f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    environ = {"PATH": _PATH, "PYTHONUTF8": "1", "HOME": "/tmp", **container.environment}
    command += ["env", "-i", *(f"{name}={value}" for name, value in environ.items())]
    return [*command, *container.command]


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
