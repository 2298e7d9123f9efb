"""How boxes are dialled, as it is kept for the next visit."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from p2claw.visitor.host_cache import FILE_BYTES, MOST
from p2claw.visitor.kept_dials import KeptDials
from p2claw.wire.signalling import DialOffered
from p2claw.wire.signalling.dialling import Descriptor, Ticket

HOST = "dog-purplecrab.example.org"
EXPIRES_S = 1_800_003_600


class Now:
    s = 1_800_000_000.0


def offered(nonce: int, *, addresses: int = 1) -> DialOffered:
    ticket = Ticket(0, EXPIRES_S, bytes([nonce]) * 10)
    where = (("2001:db8::1", 9),) * addresses
    return DialOffered(Descriptor(ticket, "p" * 24, bytes(32), where).pack(), bytes(64))


DIAL = offered(1)


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def kept(tmp_path: Path, now: Now) -> KeptDials:
    return KeptDials(tmp_path / "dials.json", clock=lambda: now.s)


def test_what_was_kept_is_there_until_its_hour_is_over(kept: KeptDials, now: Now) -> None:
    assert kept.get(HOST) is None
    kept.keep(HOST, DIAL)
    now.s = EXPIRES_S - 0.1
    assert kept.get(HOST) == DIAL
    assert kept.get("cat-purplecrab.example.org") is None
    now.s = EXPIRES_S
    assert kept.get(HOST) is None


def test_what_has_expired_leaves_the_file_with_the_next_change(
    kept: KeptDials, tmp_path: Path, now: Now
) -> None:
    kept.keep(HOST, DIAL)
    now.s = EXPIRES_S
    kept.keep("cat-purplecrab.example.org", DIAL)
    assert HOST not in (tmp_path / "dials.json").read_text()


def test_a_dial_is_dropped_and_a_newer_one_stays(kept: KeptDials) -> None:
    kept.keep(HOST, DIAL)
    kept.drop(HOST, DIAL)
    assert kept.get(HOST) is None
    kept.keep(HOST, offered(2))
    kept.drop(HOST, DIAL)
    assert kept.get(HOST) == offered(2)
    kept.drop("cat-purplecrab.example.org", DIAL)


@pytest.mark.parametrize(
    "value", ["1", '["AA=="]', '["AA==", "AA=="]', '["?", "AA=="]', "[1, 2]", '["", "", ""]', "{}"]
)
def test_a_value_that_is_none_is_absent(kept: KeptDials, tmp_path: Path, value: str) -> None:
    (tmp_path / "dials.json").write_text(f'{{"dials": {{"{HOST}": {value}}}}}')
    assert kept.get(HOST) is None
    kept.keep(HOST, DIAL)
    assert kept.get(HOST) == DIAL


def test_the_largest_file_is_within_its_bound_and_private(kept: KeptDials, tmp_path: Path) -> None:
    longest = offered(1, addresses=8)
    path = tmp_path / "dials.json"
    hosts = [f"{number:03}.".ljust(253, "x") for number in range(MOST + 1)]
    kept.keep(hosts[0], longest)
    content = json.loads(path.read_text())
    content["dials"] = dict.fromkeys(hosts[:MOST], content["dials"][hosts[0]])
    path.write_text(json.dumps(content))
    kept.keep(hosts[MOST], longest)
    assert path.stat().st_size < FILE_BYTES
    assert [host for host in hosts[:3] if kept.get(host) != longest] == [hosts[0]]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
