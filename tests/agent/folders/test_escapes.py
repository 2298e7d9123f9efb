"""Attempts to get out of a folder, or at what its owner keeps for themselves. None may succeed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from p2claw.agent.folders.names import NotHereError
from p2claw.agent.folders.tree import DeniedError, Tree
from tests.support.proxied import Proxied, proxied

SECRET = b"SECRET of somebody else"
OPEN = b"for everybody"
SWAPS = 3_000
NOBODY = 65_534

# What stands before the name of the secret file that lies beside the folder.
CLIMBS = (
    *(
        "/../",
        "/..%2f",
        "/%2e%2e/",
        "/%2e%2e%2f",
        "/.%2e/",
        "/%2e./",
        "/..\\",
        "/..%5c",
        "/%2e%2e%5c",
    ),
    *(
        "/sub/../../",
        "/sub/..%2f..%2f",
        "/sub/%2e%2e/%2e%2e/",
        "/./../",
        "/.//../",
        "//../",
        "///..//",
    ),
    *(
        "/sub/./.././../",
        "/....//",
        "/..../",
        "/..;/",
        "/..%00/",
        "/..%0d%0a/",
        "/..%20/",
        "/..?/../",
    ),
    *("/%252e%252e/", "/%252e%252e%252f", "/..%252f", "/%c0%ae%c0%ae/", "/%c0%ae%c0%ae%c0%af"),
    *(
        "/..%c0%af",
        "/%e0%80%ae%e0%80%ae/",
        "/%uff0e%uff0e/",
        "/%ef%bc%8e%ef%bc%8e/",
        "/..%ef%bc%8f",
    ),
    *("/..%e2%88%95", "/site/../", "/../site/../", "/sub/up/", "/up/", "/x%00/../", "/%00/../"),
    *(
        "/.p2claw/small/../../../",
        "/.p2claw/small/%2e%2e/",
        "/.p2claw/large/..%2f",
        "/.p2claw/../../",
    ),
    *("/.p2claw/%2e%2e/%2e%2e/", "/.p2claw/small/up/", "/.p2claw/../", "/.well-known/../../"),
)
# Links: the name in the folder, and where it leads.
LINKS = {
    "relative": "../secret.txt",
    "twice": "relative",
    "through-folder": "up/secret.txt",
    "up": "..",
    "sub/up": "../..",
    "sub/deep": "../../secret.txt",
    "around": "sub/../../secret.txt",
    "back-and-out": "../site/../secret.txt",
    "prefix": "../site-other/secret.txt",
    "proc": "/proc/self/cwd",
    "own": "/proc/self/fd",
    "root": "/",
    "passwd": "/etc/passwd",
    "gone": "../nothing",
    "loop": "loop",
    "ping": "pong",
    "pong": "ping",
    "to-hidden": ".env",
    "to-hidden-folder": ".git",
}
INSIDE_LINKS = (
    "loop/x",
    "ping",
    "to-hidden",
    "to-hidden-folder/config",
    "up/site/sub/../../secret.txt",
)
OUTSIDE = (
    *("relative", "twice", "through-folder", "up/secret.txt", "sub/up/secret.txt", "sub/deep"),
    *("around", "back-and-out", "prefix", "proc/secret.txt", "own/0", "root/etc/passwd", "passwd"),
    *("gone", "absolute", "absolute-folder/secret.txt", "up/site-other/secret.txt"),
)
HIDDEN = (
    *(".env", "%2eenv", ".git/config", "sub/.env", ".ssh/id_ed25519", "%2Egit/config", ".env/"),
    *(
        ".git/../.env",
        ".well-known/.env",
        "sub/.well-known/a",
        ".",
        "..",
        "...",
        ".p2claw",
        ".p2claw/",
    ),
    *(
        ".p2claw/.env",
        ".p2claw/small/.env",
        ".p2claw/large/.git/config",
        ".p2claw/small",
        ".p2claw/x",
    ),
)
ODD = (
    *(
        "pipe",
        "socket",
        "%00",
        "a.txt%00",
        "a.txt%00.jpg",
        "a.txt/",
        "a.txt/.",
        "a.txt/..",
        "a.txt/b",
    ),
    *("%2fetc%2fpasswd", "/etc/passwd", "//etc/passwd", "a%2f..%2fa.txt", "x" * 300, "x/" * 200),
    *(
        "sub//a.txt",
        "%ff%fe",
        "%80",
        "C:%5cWindows%5cwin.ini",
        "file:///etc/passwd",
        "~/.ssh/id_rsa",
    ),
)


@pytest.fixture
def trap(site: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder beside which, and in whose hidden names, secrets lie."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (tmp_path / "site-other").mkdir()
    (tmp_path / "site-other" / "secret.txt").write_bytes(SECRET)
    (site / "a.txt").write_bytes(OPEN)
    (site / "sub").mkdir()
    (site / "sub" / "a.txt").write_bytes(OPEN)
    for name in (".env", ".git/config", ".ssh/id_ed25519", "sub/.env", "sub/.well-known/a"):
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_bytes(SECRET)
    for name, target in LINKS.items():
        (site / name).symlink_to(target)
    (site / "absolute").symlink_to(tmp_path / "secret.txt")
    (site / "absolute-folder").symlink_to(tmp_path)
    os.mkfifo(site / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        with contextlib.chdir(site):  # the whole path may be too long for a socket
            listening.bind("socket")
        yield site


@pytest.mark.usefixtures("trap")
@pytest.mark.parametrize("climb", CLIMBS)
async def test_no_path_leads_up(box: Proxied, climb: str) -> None:
    for end in ("secret.txt", "secret.txt?v=1", "site-other/secret.txt", "secret.txt/"):
        await refuses(box, climb + end)


@pytest.mark.usefixtures("trap")
@pytest.mark.parametrize("path", [*OUTSIDE, *INSIDE_LINKS])
async def test_no_link_leads_out_nor_to_what_is_hidden(box: Proxied, path: str) -> None:
    await refuses(box, f"/{path}")
    await refuses(box, f"/{path}/")
    await refuses(box, f"/.p2claw/small/{path}")


@pytest.mark.usefixtures("trap")
@pytest.mark.parametrize("path", [*HIDDEN, *ODD])
async def test_neither_hidden_names_nor_odd_ones_are_served(box: Proxied, path: str) -> None:
    await refuses(box, f"/{path}")


@pytest.mark.usefixtures("trap")
async def test_a_list_shows_none_of_it(box: Proxied) -> None:
    page = (await box.ask("GET", "/")).body.decode()
    assert re.findall(r'<li><a href="([^"]*)"', page) == ["./sub/", "./a.txt"]


async def test_a_link_that_ends_inside_is_followed(
    box: Proxied, site: Path, tmp_path: Path
) -> None:
    (site / "sub").mkdir()
    (site / "sub" / "a.txt").write_bytes(OPEN)
    (site / "one").symlink_to("sub/a.txt")
    (site / "two").symlink_to(site / "sub")
    (site / "out-and-in").symlink_to("../site/sub/a.txt")
    (site / "sub" / "top").symlink_to("..")
    (tmp_path / "alias").symlink_to(site)
    (site / "by-alias").symlink_to(tmp_path / "alias" / "sub")
    paths = ("one", "two/a.txt", "out-and-in", "sub/top/sub/top/one", "by-alias/a.txt")
    for path in paths:
        assert (await box.ask("GET", f"/{path}")).body == OPEN, path


async def test_a_folder_may_be_given_by_a_link(site: Path, tmp_path: Path) -> None:
    (site / "a.txt").write_bytes(OPEN)
    (site / "b").symlink_to(site / "a.txt")
    (tmp_path / "current").symlink_to(site)
    async with proxied(f"folder:{tmp_path / 'current'}", tmp_path) as box:
        assert (await box.ask("GET", "/b")).body == OPEN


async def test_well_known_is_the_one_name_with_a_dot(box: Proxied, site: Path) -> None:
    (site / ".well-known").mkdir()
    (site / ".well-known" / "security.txt").write_bytes(OPEN)
    assert (await box.ask("GET", "/.well-known/security.txt")).body == OPEN


async def test_the_home_of_the_agent_is_never_served(site: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "identity.key").write_bytes(SECRET)
    (tmp_path / "to-home").symlink_to(home)
    async with proxied(f"folder:{tmp_path}", tmp_path) as box:
        for path in (
            "home/identity.key",
            "home/",
            "to-home/identity.key",
            "site/../home/identity.key",
        ):
            await refuses(box, f"/{path}")
        assert b"home" not in (await box.ask("GET", "/")).body.partition(b"<main>")[2]
    async with proxied(f"folder:{home}", tmp_path) as box:
        await refuses(box, "/identity.key")
        await refuses(box, "/")


@contextlib.contextmanager
def without_the_rights_of_root() -> Iterator[None]:
    """Whoever runs this: as a user to whom only what is everybody's is open."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


async def test_what_the_agent_may_not_read_is_refused(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as name:  # which all may enter, unlike tmp_path
        Path(name).chmod(0o755)
        for file, mode in (("a.txt", 0), ("b.txt", 0o644)):
            (Path(name) / file).write_bytes(SECRET if mode == 0 else OPEN)
            (Path(name) / file).chmod(mode)
        async with proxied(f"folder:{name}", tmp_path) as box:
            with without_the_rights_of_root():
                seen = [await box.ask("GET", path) for path in ("/a.txt", "/b.txt")]
    assert [one.status for one in seen] == [403, 200]
    assert (SECRET in seen[0].body, seen[1].body) == (False, OPEN)


async def test_a_pipe_holds_nobody_up(box: Proxied, site: Path) -> None:
    os.mkfifo(site / "pipe")
    (site / "a.txt").write_bytes(OPEN)
    responses = await asyncio.gather(*(box.ask("GET", "/pipe") for _ in range(20)))
    assert {response.status for response in responses} == {404}
    assert (await box.ask("GET", "/a.txt")).body == OPEN


def test_a_file_swapped_for_a_link_never_leads_out(site: Path, tmp_path: Path) -> None:
    """`a.txt` is now a file, now a link to the secret: it opens as the file, or not at all."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    good, link, name = site / "good", site / "link", site / "a.txt"

    def swap() -> None:
        good.write_bytes(OPEN)
        good.replace(name)
        link.symlink_to("../secret.txt")
        link.replace(name)

    opened = race(swap, site, ("a.txt",))
    assert opened == {OPEN}


def test_a_folder_swapped_for_a_link_never_leads_out(site: Path, tmp_path: Path) -> None:
    """The same for a folder on the way, which is renamed away and back."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_bytes(SECRET)
    (site / "sub" / "deep").mkdir(parents=True)
    (site / "sub" / "deep" / "a.txt").write_bytes(OPEN)
    (outside / "deep").symlink_to(outside)
    kept, name = site / "kept", site / "sub"

    def swap() -> None:
        name.rename(kept)
        name.symlink_to(outside)
        name.unlink()
        kept.rename(name)

    assert race(swap, site, ("sub", "deep", "a.txt")) == {OPEN}


def test_a_link_turned_outward_never_leads_out(site: Path, tmp_path: Path) -> None:
    """A link that is allowed is worked out, and then turned."""
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (site / "good.txt").write_bytes(OPEN)
    turned, name = site / "turned", site / "a"

    def swap() -> None:
        for target in ("good.txt", "../secret.txt"):
            turned.symlink_to(target)
            turned.replace(name)

    assert race(swap, site, ("a",)) == {OPEN}


def race(swap: Callable[[], None], site: Path, names: tuple[str, ...]) -> set[bytes]:
    """What was read by several threads while another one swapped; b"" stands for nothing at all."""
    tree = Tree(str(site))
    seen: set[bytes] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            with contextlib.suppress(NotHereError, DeniedError):
                opened = tree.open(names)
                seen.add(os.read(opened.descriptor, 100))
                opened.close()

    with threads(read, 3, over):
        for _ in range(SWAPS):
            swap()
    return seen


@contextmanager
def threads(work: Callable[[], None], count: int, over: threading.Event) -> Iterator[None]:
    running = [threading.Thread(target=work) for _ in range(count)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in running:
            thread.join()


async def refuses(box: Proxied, target: str) -> None:
    """The attempt fails, as if nothing were there, and gives nothing away."""
    response = await box.ask("GET", target)
    assert response.status in (400, 404), target
    assert SECRET not in response.body, target
    assert b"root:" not in response.body, target
