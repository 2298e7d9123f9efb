"""The key file: made once, private, whole, never overwritten; anything odd is a clear error."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from p2claw.agent.home.identity import create_identity, load_identity, load_or_create_identity
from p2claw.errors import IdentityError
from p2claw.names import key_alias_of, peer_id_of
from p2claw.wire.signalling import signatures


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "identity.key"


def refused(path: Path) -> str:
    with pytest.raises(IdentityError) as caught:
        load_or_create_identity(path)
    return caught.value.code


def test_the_first_start_makes_a_key_and_later_ones_read_it(path: Path) -> None:
    assert load_or_create_identity(path).peer_id == load_or_create_identity(path).peer_id


def test_the_key_is_for_its_owner_alone(path: Path) -> None:
    load_or_create_identity(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_directory_is_for_its_owner_alone(path: Path) -> None:
    load_or_create_identity(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_nothing_but_the_key_is_left_in_the_directory(path: Path) -> None:
    load_or_create_identity(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_key_that_is_there_is_never_overwritten(path: Path) -> None:
    load_or_create_identity(path)
    before = path.read_bytes()
    create_identity(path)
    assert path.read_bytes() == before


def test_agents_that_start_at_once_share_one_key(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: load_or_create_identity(path).peer_id, range(32)))
    assert len(set(found)) == 1


def test_names_are_made_of_the_public_key(path: Path) -> None:
    identity = load_or_create_identity(path)
    assert identity.peer_id == peer_id_of(identity.public_key)
    assert identity.key_alias == key_alias_of(identity.public_key)


def test_a_signature_holds_for_its_purpose(path: Path) -> None:
    identity = load_or_create_identity(path)
    signature = identity.sign(signatures.REGISTER, b"payload")
    assert signatures.verify(identity.public_key, signatures.REGISTER, b"payload", signature)


def test_a_signature_for_one_purpose_does_not_hold_for_another(path: Path) -> None:
    identity = load_or_create_identity(path)
    signature = identity.sign(signatures.REGISTER, b"payload")
    assert not signatures.verify(identity.public_key, signatures.ANSWER, b"payload", signature)


def test_the_private_key_is_not_shown_by_repr(path: Path) -> None:
    assert "private" not in repr(load_or_create_identity(path)).lower()


@pytest.mark.parametrize("keep", [0, 1, 40, 100])
def test_a_cut_key_is_an_error_and_not_a_new_identity(path: Path, keep: int) -> None:
    load_or_create_identity(path)
    cut = path.read_bytes()[:keep]
    path.write_bytes(cut)
    assert refused(path) == "identity-damaged"
    assert path.read_bytes() == cut


def test_a_key_of_another_kind_is_an_error(path: Path) -> None:
    load_or_create_identity(path)
    other = generate_private_key(SECP256R1())
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert refused(path) == "identity-damaged"


def test_a_huge_file_is_an_error(path: Path) -> None:
    load_or_create_identity(path)
    path.write_bytes(path.read_bytes() + b"\n" * 40_000)
    assert refused(path) == "identity-damaged"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_may_touch_is_an_error(path: Path, mode: int) -> None:
    load_or_create_identity(path)
    path.chmod(mode)
    assert refused(path) == "identity-exposed"


def test_an_exposed_key_names_how_to_close_it(path: Path) -> None:
    load_or_create_identity(path)
    path.chmod(0o644)
    with pytest.raises(IdentityError) as caught:
        load_identity(path)
    assert f"chmod 600 {path}" in str(caught.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_is_an_error(path: Path) -> None:
    load_or_create_identity(path)
    os.chown(path, 12345, 12345)
    assert refused(path) == "identity-exposed"


def test_a_directory_in_its_place_is_an_error(path: Path) -> None:
    path.mkdir(parents=True)
    assert refused(path) == "identity-unreadable"


def test_a_named_pipe_in_its_place_is_an_error(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path, 0o600)
    assert refused(path) == "identity-exposed"


def test_a_home_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    assert refused(tmp_path / "home" / "identity.key") in (
        "identity-unwritable",
        "identity-unreadable",
    )


def test_a_missing_key_names_what_makes_one(path: Path) -> None:
    with pytest.raises(IdentityError) as caught:
        load_identity(path)
    assert caught.value.code == "identity-missing"
    assert "p2claw run" in caught.value.hint
