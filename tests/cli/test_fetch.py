"""fetch: a visitor on the command line, against a real box."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pty
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest

from p2claw.link.kept_clock import is_clock_kept
from p2claw.names import peer_id_of
from tests.cli.demos import Demo
from tests.cli.program import argv_of, env_of, p2claw
from tests.support.certificates import write_certificate

SIZE = 3_000_000


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "file.bin"
    path.write_bytes(os.urandom(SIZE))
    return path


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def echo(running: Demo, home: Path, *arguments: str, stdin: bytes = b"") -> dict[str, object]:
    ran = p2claw(home, "fetch", *arguments, f"{running.url}api/echo", stdin=stdin)
    facts: dict[str, object] = ran.json
    return facts


def test_the_body_is_printed_as_it_is(running: Demo, home: Path) -> None:
    ran = p2claw(home, "fetch", f"{running.url}status/200")
    assert (ran.code, ran.out, ran.err) == (0, "status 200\n", "")


def test_include_prints_status_and_fields_first(running: Demo, home: Path) -> None:
    out = p2claw(home, "fetch", "-i", f"{running.url}status/200").out
    head, _, body = out.partition("\n\n")
    assert (head.splitlines()[0], body) == ("200", "status 200\n")
    assert "content-length: 11" in head


def test_head_prints_fields_and_no_body(running: Demo, home: Path) -> None:
    out = p2claw(home, "fetch", "-I", f"{running.url}download?mb=7").out
    assert f"content-length: {7 * 2**20}" in out


def test_method_and_headers_arrive(running: Demo, home: Path) -> None:
    facts = echo(running, home, "-X", "PATCH", "-H", "X-Tide: high", "-H", "x-tide:low")
    fields = facts["fields"]
    assert isinstance(fields, list)
    assert facts["method"] == "PATCH"
    assert [value for name, value in fields if name.lower() == "x-tide"] == ["high", "low"]


def test_data_is_sent_by_post_as_a_form(running: Demo, home: Path) -> None:
    facts = echo(running, home, "-d", "a=1")
    assert (facts["method"], facts["body_bytes"]) == ("POST", 3)
    assert ["Content-Type", "application/x-www-form-urlencoded"] in facts["fields"]  # type: ignore[operator]


def test_data_behind_an_at_is_the_content_of_a_file(running: Demo, home: Path, file: Path) -> None:
    assert echo(running, home, "-d", f"@{file}")["body_sha256"] == sha256(file)


def test_a_file_is_uploaded_with_its_length(running: Demo, home: Path, file: Path) -> None:
    facts = echo(running, home, "-T", str(file))
    assert (facts["method"], facts["body_sha256"]) == ("PUT", sha256(file))
    assert ["Content-Length", str(SIZE)] in facts["fields"]  # type: ignore[operator]


def test_an_empty_file_is_uploaded_too(running: Demo, home: Path) -> None:
    (home / "empty").touch()
    assert echo(running, home, "--data-file", str(home / "empty"))["body_bytes"] == 0


def test_standard_input_is_uploaded_without_knowing_its_length(running: Demo, home: Path) -> None:
    facts = echo(running, home, "--data-file", "-", stdin=b"tide" * 1000)
    assert (facts["method"], facts["body_bytes"]) == ("POST", 4000)


def test_a_download_appears_whole_under_its_name(running: Demo, home: Path) -> None:
    target = home / "noise.bin"
    known = p2claw(home, "fetch", f"{running.url}api/download?mb=3").json
    ran = p2claw(home, "fetch", "-o", str(target), f"{running.url}download?mb=3")
    assert (ran.code, ran.out) == (0, "")
    assert sha256(target) == known["sha256"]
    assert [path.name for path in home.glob("noise*")] == ["noise.bin"]


def test_json_holds_status_fields_timings_path_and_body(running: Demo, home: Path) -> None:
    facts = p2claw(home, "fetch", "--json", f"{running.url}status/404").json
    assert facts.keys() == {
        *("url", "status", "fields", "trailers", "error", "bytes", "sha256", "output", "body"),
        *("path", "peer_id", "timings_ms", "redirects", "tries", "resumed_bytes", "links"),
    }
    assert facts["timings_ms"].keys() == {"link", "head", "total"}
    assert (facts["status"], facts["path"]) == (404, "direct")
    assert (facts["body"], facts["bytes"]) == ("status 404\n", 11)
    assert facts["sha256"] == hashlib.sha256(b"status 404\n").hexdigest()


def test_json_leaves_out_a_body_that_is_not_text(running: Demo, home: Path) -> None:
    facts = p2claw(home, "fetch", "--json", f"{running.url}media/poster.jpg").json
    assert facts["body"] is None
    assert facts["bytes"] > 1000


def test_an_error_of_the_app_is_no_error_unless_asked(running: Demo, home: Path) -> None:
    assert p2claw(home, "fetch", f"{running.url}status/503").code == 0


def test_fail_makes_it_one(running: Demo, home: Path) -> None:
    ran = p2claw(home, "fetch", "--fail", f"{running.url}status/503")
    assert (ran.code, ran.out) == (6, "")
    assert "503" in ran.err and "(http-error)" in ran.err


def test_fail_with_json_still_prints_the_facts(running: Demo, home: Path) -> None:
    ran = p2claw(home, "fetch", "--fail", "--json", f"{running.url}status/503")
    assert (ran.code, ran.json["status"]) == (6, 503)


def test_an_app_that_is_not_exposed_is_not_found(running: Demo, home: Path) -> None:
    url = running.url.replace("tidepool-", "cat-")
    ran = p2claw(home, "fetch", "--json", url)
    assert (ran.code, ran.error["code"]) == (3, "app-unknown")


def test_a_box_that_never_was_is_not_found(running: Demo, home: Path) -> None:
    port = running.facts["edge"].rpartition(":")[2]
    ran = p2claw(home, "fetch", "--json", f"http://dog-neverwas.localhost:{port}/")
    assert (ran.code, ran.error["code"]) == (3, "alias-unknown")


def test_an_edge_that_is_not_there_is_unreachable(home: Path) -> None:
    ran = p2claw(home, "fetch", "--json", "http://dog-purplecrab.localhost:1/")
    assert (ran.code, ran.error["code"]) == (4, "edge-unreachable")


def test_edge_names_where_to_connect_instead(running: Demo, home: Path) -> None:
    edge = running.facts["edge"]
    host = running.url.partition("//")[2].partition(":")[0]
    ran = p2claw(home, "fetch", "--edge", edge, f"http://{host}/status/200")
    assert (ran.code, ran.out) == (0, "status 200\n")


def test_another_key_than_asked_for_is_refused(running: Demo, home: Path) -> None:
    ran = p2claw(home, "fetch", "--json", "--key", peer_id_of(bytes(32)), running.url)
    assert (ran.code, ran.error["code"]) == (5, "wrong-key")


def test_the_key_is_remembered_at_the_first_visit_and_held_to(running: Demo, home: Path) -> None:
    p2claw(home, "fetch", running.url)
    pins = home / "known_boxes.json"
    known = json.loads(pins.read_text())
    known["boxes"] = dict.fromkeys(known["boxes"], peer_id_of(bytes(32)))
    pins.write_text(json.dumps(known))
    assert p2claw(home, "fetch", running.url).code == 5


def test_the_url_of_a_box_lists_its_apps(running: Demo, home: Path) -> None:
    box = running.url.replace("tidepool-", "")
    assert p2claw(home, "fetch", box).out == running.url + "\n"
    listed = p2claw(home, "fetch", "--json", box).json
    assert listed["apps"] == [{"app": "tidepool", "url": running.url}]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_ends_at_a_signal_and_shows_what_it_keeps(
    running: Demo, home: Path, number: signal.Signals, code: int
) -> None:
    argv = argv_of("fetch", "-o", str(home / "feed"), f"{running.url}events")
    with subprocess.Popen(argv, env=env_of(home), stderr=subprocess.PIPE) as visit:
        try:
            part = home / "feed.part"
            while not part.exists() or not part.stat().st_size:
                assert visit.poll() is None
                time.sleep(0.02)
            visit.send_signal(number)
            assert visit.wait(20) == code
        finally:
            visit.kill()
        assert visit.stderr is not None
        assert b"stay in" in visit.stderr.read()
    assert not (home / "feed").exists()


def test_max_time_ends_it(running: Demo, home: Path) -> None:
    ran = p2claw(home, "fetch", "--max-time", "2", "--json", f"{running.url}events")
    assert (ran.code, ran.error["code"]) == (4, "max-time")


def test_a_terminal_sees_how_far_a_download_is(running: Demo, home: Path) -> None:
    ours, theirs = pty.openpty()
    argv = argv_of("fetch", "-o", str(home / "noise"), f"{running.url}download?mb=2")
    done = subprocess.run(
        argv, env=env_of(home, TERM="xterm", COLUMNS="100"), stderr=theirs, timeout=60, check=False
    )
    os.close(theirs)
    seen = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "down" in seen and "2.1 MB" in seen


def test_bytes_that_are_not_text_do_not_reach_a_terminal(running: Demo, home: Path) -> None:
    ours, theirs = pty.openpty()
    argv = argv_of("fetch", f"{running.url}media/poster.jpg")
    done = subprocess.run(
        argv, env=env_of(home), stdout=theirs, stderr=subprocess.PIPE, timeout=60, check=False
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert b"(binary-output)" in done.stderr


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["-d", "x", "-T", "/dev/null", "http://a-box.localhost/"], "usage"),
        (["-H", "no colon", "http://a-box.localhost/"], "header-invalid"),
        (["-T", "/no/such/file", "http://a-box.localhost/"], "file-unreadable"),
        (["ftp://a-box.localhost/"], "url-invalid"),
        (["--key", "short", "http://a-purplecrab.localhost/"], "peer-id-invalid"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(
    home: Path, arguments: list[str], code: str
) -> None:
    ran = p2claw(home, "fetch", "--json", *arguments)
    assert (ran.code, ran.error["code"]) == (2, code)


def test_an_expired_certificate_sends_to_the_clock_first_where_nobody_keeps_it(
    home: Path, tmp_path: Path
) -> None:
    cert, key = write_certificate(tmp_path, "old", names=["dog-crab.localhost"], lasts_days=-0.5)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with contextlib.suppress(OSError):
                        context.wrap_socket(connection, server_side=True).close()

        threading.Thread(target=serve, daemon=True).start()
        url = f"https://dog-crab.localhost:{server.getsockname()[1]}/"
        ran = p2claw(home, "fetch", "--json", url, SSL_CERT_FILE=str(cert))
    assert (ran.code, ran.error["code"]) == (4, "edge-unreachable")
    assert "certificate" in ran.error["message"]
    right = "has to be renewed" if is_clock_kept() else "clock of this machine first"
    assert right in ran.error["hint"]
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://dog-crab..x/", f"http://dog-crab.{'a' * 64}.x/", "http://dog-crab.x:0"],
)
def test_a_url_that_cannot_be_is_wrong_usage_and_no_traceback(home: Path, url: str) -> None:
    ran = p2claw(home, "fetch", "--json", url)
    assert (ran.code, ran.error["code"]) == (2, "url-invalid")
    assert ran.error["hint"]
    assert "Traceback" not in ran.err


def test_an_error_without_a_hint_of_its_own_names_the_doctor_and_no_invitation(
    running: Demo, home: Path
) -> None:
    ran = p2claw(home, "fetch", "--fail", "--json", f"{running.url}status/503#i=secret")
    assert ran.code == 6
    ran = p2claw(home, "fetch", "--fail", f"{running.url}status/503#i=secret")
    assert f"p2claw doctor {running.url}" in ran.err
    assert "secret" not in ran.err
