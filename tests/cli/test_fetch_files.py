"""fetch of files that do not come to their end, move, or are too large for one link."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.demos import Demo
from tests.cli.program import Ran, argv_of, env_of, p2claw
from tests.cli.versions import Versions, versions

SIZE = 3_000_000


@pytest.fixture
def app(running: Demo) -> Iterator[Versions]:
    with versions(running.box_home, "versions") as made:
        made.content = os.urandom(SIZE)
        yield made


def fetch(home: Path, app: Versions, *options: str, path: str = "file") -> Ran:
    return p2claw(home, "fetch", *options, f"{app.url}{path}")


def interrupted(home: Path, app: Versions, target: Path, *options: str) -> str:
    """What fetch writes on standard error that is ended in the middle."""
    app.slow_s = 0.05
    argv = argv_of("fetch", "-o", str(target), *options, f"{app.url}file")
    part = target.with_name(f"{target.name}.part")
    with subprocess.Popen(argv, env=env_of(home), stderr=subprocess.PIPE) as visit:
        deadline = time.monotonic() + 20
        while not part.exists() or part.stat().st_size < 200_000:
            assert visit.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        visit.send_signal(signal.SIGINT)
        _, err = visit.communicate(timeout=20)
        assert visit.returncode == 130
    app.slow_s = 0.0
    return err.decode()


def test_what_came_before_ctrl_c_is_kept_and_gone_on_with(app: Versions, home: Path) -> None:
    target = home / "film"
    noted = interrupted(home, app, target)
    part = home / "film.part"
    assert f"stay in {part}; -C goes on with it" in noted
    came = part.stat().st_size
    assert 0 < came < SIZE
    assert part.read_bytes() == app.content[:came]
    facts = fetch(home, app, "-C", "-o", str(target), "--json").json
    assert (facts["status"], facts["resumed_bytes"], facts["bytes"]) == (206, came, SIZE)
    assert target.read_bytes() == app.content
    assert app.ranges == [f"bytes={came}-"]
    assert [path.name for path in home.glob("film*")] == ["film"]


def test_of_another_version_nothing_is_put_behind_the_part(app: Versions, home: Path) -> None:
    target = home / "film"
    interrupted(home, app, target)
    app.content = os.urandom(SIZE)
    facts = fetch(home, app, "-C", "-o", str(target), "--json").json
    assert (facts["status"], facts["resumed_bytes"]) == (200, 0)
    assert target.read_bytes() == app.content


def test_without_a_version_the_part_is_kept_and_begun_anew(app: Versions, home: Path) -> None:
    target = home / "film"
    app.validates = False
    assert "it cannot go on" in interrupted(home, app, target)
    assert fetch(home, app, "-C", "-o", str(target)).code == 0
    assert target.read_bytes() == app.content
    assert app.ranges == []


def test_an_error_does_not_replace_the_part(app: Versions, home: Path) -> None:
    target = home / "film"
    interrupted(home, app, target)
    before = (home / "film.part").read_bytes()
    app.busy = 1
    ran = fetch(home, app, "-C", "-o", str(target), "--json")
    assert (ran.code, ran.error["code"]) == (6, "http-error")
    assert (home / "film.part").read_bytes() == before
    assert fetch(home, app, "-C", "-o", str(target)).code == 0


def test_two_do_not_write_one_file(app: Versions, home: Path) -> None:
    target = home / "film"
    app.slow_s = 0.5
    argv = argv_of("fetch", "-o", str(target), f"{app.url}file")
    with subprocess.Popen(argv, env=env_of(home)) as visit:
        while not (home / "film.part").exists():
            time.sleep(0.01)
        ran = fetch(home, app, "-o", str(target), "--json")
        assert (ran.code, ran.error["code"]) == (2, "file-busy")
        visit.send_signal(signal.SIGTERM)
        assert visit.wait(20) == 143


def test_a_try_that_breaks_goes_on_with_the_next(app: Versions, home: Path) -> None:
    app.breaks, app.break_bytes = 2, 1_000_000
    target = home / "film"
    ran = fetch(home, app, "--retry", "3", "-o", str(target), "--json")
    assert (ran.code, ran.json["tries"]) == (0, 3)
    assert target.read_bytes() == app.content
    assert app.ranges == ["bytes=1000000-", "bytes=2000000-"]
    assert "again in" in ran.err


def test_a_busy_app_is_asked_again_and_not_for_ever(app: Versions, home: Path) -> None:
    app.busy = 1
    assert fetch(home, app, "--retry", "1", "-o", os.devnull).code == 0
    app.busy = 2
    ran = fetch(home, app, "--retry", "1", "--fail", "--json")
    assert (ran.code, ran.json["status"]) == (6, 503)
    app.busy = 1
    fetch(home, app, "--retry", "1", "-d", "x", "-o", os.devnull)
    assert [method for method, _, _ in app.asked if method == "POST"] == ["POST"]


def test_what_was_printed_is_not_printed_again(app: Versions, home: Path) -> None:
    app.breaks, app.break_bytes, app.validates = 1, 1_000_000, False
    argv = argv_of("fetch", "--retry", "3", f"{app.url}file")
    done = subprocess.run(argv, env=env_of(home), capture_output=True, timeout=60, check=False)
    assert done.returncode != 0
    assert app.content.startswith(done.stdout)


def test_parts_over_several_links_make_the_same_file(app: Versions, home: Path) -> None:
    app.content = os.urandom(20 * 2**20)
    target = home / "film"
    ran = fetch(home, app, "--parallel", "3", "-o", str(target), "--json")
    assert (ran.code, ran.json["status"], ran.json["bytes"]) == (0, 200, 20 * 2**20)
    assert target.read_bytes() == app.content
    assert sorted(app.ranges) == ["bytes=16777216-20971519", "bytes=8388608-16777215"]


def test_parts_go_on_where_they_were(app: Versions, home: Path) -> None:
    app.content = os.urandom(20 * 2**20)
    app.breaks, app.break_bytes = 1, 1_000_000
    target = home / "film"
    assert fetch(home, app, "--parallel", "2", "-o", str(target)).code != 0
    notes = json.loads((home / "film.part.json").read_text())
    assert notes["in_order"] is False
    facts = fetch(home, app, "-C", "-o", str(target), "--json").json
    assert facts["resumed_bytes"] >= 1_000_000
    assert target.read_bytes() == app.content


def test_an_app_without_ranges_is_fetched_by_one_link(app: Versions, home: Path) -> None:
    app.validates = False
    target = home / "film"
    app.content = os.urandom(20 * 2**20)
    assert fetch(home, app, "--parallel", "4", "-o", str(target)).code == 0
    assert target.read_bytes() == app.content


@pytest.mark.parametrize(
    "status, method, then", [(301, "POST", "GET"), (303, "POST", "GET"), (307, "POST", "POST")]
)
def test_redirects_are_followed_as_browsers_do(
    app: Versions, home: Path, status: int, method: str, then: str
) -> None:
    app.content = b"here"
    facts = fetch(home, app, "-L", "-d", "x", "--json", path=f"to/{status}//file").json
    assert (facts["body"], facts["redirects"]) == ("here", [f"{app.url}file"])
    assert [asked[0] for asked in app.asked] == [method, then]
    assert fetch(home, app, "--json", path=f"to/{status}//file").json["status"] == status


def test_a_redirect_to_another_app_takes_no_secrets_along(
    running: Demo, app: Versions, home: Path
) -> None:
    echo = running.url + "api/echo"
    ran = fetch(home, app, "-L", "-u", "ada:pw", "-H", "cookie: a=b", path=f"to/302/{echo}")
    names = {name.lower() for name, _ in json.loads(ran.out)["fields"]}
    assert not names & {"authorization", "cookie"}
    assert app.asked[0][2]["authorization"] == "Basic YWRhOnB3"


def test_a_redirect_elsewhere_or_without_end_is_an_error(app: Versions, home: Path) -> None:
    ran = fetch(home, app, "-L", "--json", path="to/302/https://example.org/x")
    assert (ran.code, ran.error["code"]) == (4, "redirect-elsewhere")
    ran = fetch(home, app, "-L", "--json", path="circle")
    assert (ran.code, ran.error["code"]) == (1, "redirects-many")
    assert len(app.asked) == 1 + 21


def test_a_form_with_files_arrives_as_browsers_send_it(running: Demo, home: Path) -> None:
    (home / 'a "b".txt').write_text("tide")
    options = ("-F", "note=hello", "-F", f'photo=@{home}/a "b".txt;type=text/x-tide')
    ran = p2claw(home, "fetch", *options, f"{running.url}api/echo")
    fields = {name.lower(): value for name, value in json.loads(ran.out)["fields"]}
    assert fields["content-type"].startswith("multipart/form-data; boundary=p2claw-")
    assert json.loads(ran.out)["body_bytes"] == int(fields["content-length"])


def test_the_name_of_a_file_is_that_in_the_url(app: Versions, home: Path) -> None:
    argv = argv_of("fetch", "-O", f"{app.url}a%20b.bin?x=1")
    subprocess.run(argv, env=env_of(home), cwd=home, timeout=60, check=True)
    assert (home / "a b.bin").read_bytes() == app.content


def test_verbose_shows_what_is_sent_and_no_secret(app: Versions, home: Path) -> None:
    app.content = b"here"
    ran = fetch(home, app, "-v", "-u", "ada:pw")
    assert ran.out == "here"
    assert "> GET /file" in ran.err and "< 200" in ran.err and "* linked to" in ran.err
    assert "YWRhOnB3" not in ran.err


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["-O", "http://a-box.localhost/"], "name-missing"),
        (["-O", "http://a-box.localhost/a%2Fb"], "name-missing"),
        (["-O", "http://a-box.localhost/%2e%2e"], "name-missing"),
        (["-C", "http://a-box.localhost/x"], "usage"),
        (["--parallel", "2", "-o", "-", "http://a-box.localhost/x"], "usage"),
        (["-O", "-o", "x", "http://a-box.localhost/x"], "usage"),
        (["-F", "x", "http://a-box.localhost/x"], "form-invalid"),
        (["-F", "x=@/nowhere", "http://a-box.localhost/x"], "file-unreadable"),
        (["-F", "x=y", "-d", "z", "http://a-box.localhost/x"], "usage"),
        (["-u", "ada", "http://a-box.localhost/x"], "password-no-terminal"),
    ],
)
def test_wrong_usage_leaves_nothing_behind(home: Path, arguments: list[str], code: str) -> None:
    argv = argv_of("fetch", "--json", *arguments)
    done = subprocess.run(
        argv, env=env_of(home), cwd=home, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, json.loads(done.stderr.splitlines()[-1])["error"]["code"]) == (2, code)
    assert list(home.glob("*.part*")) == []
