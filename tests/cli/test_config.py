"""p2claw.toml: what it may hold, what counts before it, and the errors of the rest."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from p2claw.cli.config.file import TABLES, beside, options_of, read
from p2claw.cli.config.file import problems as all_problems
from p2claw.cli.verbs import load_verb
from p2claw.config import config_path
from tests.cli.program import Ran, argv_of, env_of, p2claw

REPOSITORY = Path(__file__).parents[2]

EVERY_OPTION = """
[agent]
coordinator = "https://apps.example.org"
links = 64
workers = 2
udp-port = 4100
map-ports = true
public-address = ["198.51.100.7:4100", "2001:db8::7"]
relayed-mb-per-visit = 500
relayed-mb-per-day = 0
metrics = "127.0.0.1:9464"
oidc-issuer = "https://login.example.org"
oidc-client = "boxes"
oidc-secret-file = "secret"
head-timeout = 2.5
log-level = "debug"
log-format = "json"

[server]
listen = ":443"
parent = "apps.example.org"
scheme = "https"
public-port = 443
name = ["other.example.org"]
data = "data"
tls-cert = "chain.pem"
tls-key = "/etc/key.pem"
stun = ["stun:turn.example.org:3478"]
turn = ["turn:turn.example.org:3478?transport=udp"]
relay = ["name=eu1,region=eu,weight=3,cli=10.0.0.1:5766,turn:eu1.example.org"]
turn-cli-password-file = "secret"
turn-log = "turn.log"
turn-secret-file = "secret"
turn-key = "0123456789abcdef"
turn-key-token-file = "secret"
turn-key-api = "https://relays.example.org"
trusted-proxy = ["127.0.0.1", "10.0.0.0/8"]
region-field = "CF-IPCountry"
near = ["DE,FR=eu"]
joining = "invite"
box = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
operator = "Club"
contact = "abuse@example.org"
static = "static"
metrics = "127.0.0.1:9465"
store = "postgresql://p2claw@db.example/p2claw"
bus = "redis://redis.example"
node-listen = "10.0.0.5:8788"
log-level = "warning"
log-format = "json"
"""


@pytest.fixture
def usual(home: Path) -> Path:
    """Where the file of a person is looked for; nothing is there yet."""
    path = home / "config" / "p2claw" / "p2claw.toml"
    path.parent.mkdir(parents=True)
    return path


def shown(home: Path, *arguments: str, **env: str) -> Any:
    return p2claw(home, "config", "show", "--json", *arguments, **env).json


def problems(home: Path, path: Path, text: str) -> list[tuple[str, str, str]]:
    path.write_text(text)
    ran = p2claw(home, "config", "check", "--json")
    assert (ran.code, ran.json["ok"]) == (1, False)
    assert all(one["message"].startswith(f"{path}") for one in ran.json["problems"])
    return [
        (one["code"], one["message"].removeprefix(f"{path}").lstrip(": "), one["hint"])
        for one in ran.json["problems"]
    ]


@contextlib.contextmanager
def started(home: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """What a long-running program printed when it was ready; it is killed at the end."""
    with subprocess.Popen(
        argv_of(*arguments, "--json"), env=env_of(home), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGKILL)


def test_the_usual_place_follows_the_xdg_specification() -> None:
    assert config_path({"XDG_CONFIG_HOME": "/x"}) == Path("/x/p2claw/p2claw.toml")
    below_home = Path.home() / ".config/p2claw/p2claw.toml"
    assert config_path({}) == config_path({"XDG_CONFIG_HOME": "relative"}) == below_home


def test_every_option_can_be_set_and_shows_that_it_was(home: Path, usual: Path) -> None:
    usual.write_text(EVERY_OPTION)
    (usual.parent / "secret").write_text("hush")
    found = shown(home)
    assert found["file"] == str(usual)
    for table, verb in TABLES.items():
        known = options_of(load_verb(verb)) | beside(table)
        assert found[table].keys() == known.keys()
        found[table].pop("turn-redis", None)  # turn-log stands in its place
        assert {entry["source"] for entry in found[table].values()} == {"file"}
    assert found["agent"]["public-address"]["value"] == ["198.51.100.7:4100", "2001:db8::7"]
    assert p2claw(home, "config", "check").out == f"{usual} is good\n"


def test_paths_in_the_file_are_relative_to_the_file(home: Path, usual: Path) -> None:
    usual.write_text(EVERY_OPTION)
    server = shown(home)["server"]
    assert server["tls-cert"]["value"] == str(usual.parent / "chain.pem")
    assert server["data"]["value"] == str(usual.parent / "data")
    assert server["tls-key"]["value"] == "/etc/key.pem"


def test_a_file_that_is_named_is_the_one(home: Path, usual: Path) -> None:
    usual.write_text("[agent]\nlinks = 1\n")
    other = home / "other.toml"
    other.write_text("[agent]\nlinks = 2\n")
    assert shown(home, "--config", str(other))["agent"]["links"]["value"] == 2
    assert shown(home, P2CLAW_CONFIG=str(other))["agent"]["links"]["value"] == 2


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(
    home: Path, usual: Path
) -> None:
    usual.write_text("[agent]\nlinks = 64\nworkers = 2\n")
    agent = shown(home, P2CLAW_LINKS="32")["agent"]
    assert agent["links"] == {"value": 32, "source": "environment", "from": "P2CLAW_LINKS"}
    assert agent["workers"] == {"value": 2, "source": "file", "from": str(usual)}
    assert agent["udp-port"] == {"value": 0, "source": "default"}


def test_the_command_line_goes_before_the_file(home: Path, usual: Path) -> None:
    usual.write_text('[server]\nlisten = "nonsense"\nparent = "apps.example.org"\n')
    with started(home, "server", "--listen", "127.0.0.1:0") as facts:
        assert facts["parent"] == "apps.example.org"


def test_run_reads_its_coordinator_from_the_file(home: Path, usual: Path) -> None:
    usual.write_text('[agent]\ncoordinator = "http://LOCALHOST:1/"\n')
    with started(home, "run") as facts:
        assert facts["coordinator"] == "http://localhost:1"


def test_a_coordinator_that_was_joined_is_shown_as_that(home: Path) -> None:
    (home / "coordinators.json").write_text(
        '{"version": 1, "joined": [{"url": "https://a.example"}], "default": null}'
    )
    (home / "coordinators.json").chmod(0o600)
    agent = shown(home)["agent"]
    assert agent["coordinator"] == {"value": "https://a.example", "source": "joined"}


def test_a_file_does_not_carry_a_box_away(home: Path, usual: Path) -> None:
    test_a_coordinator_that_was_joined_is_shown_as_that(home)
    usual.write_text('[agent]\ncoordinator = "https://b.example"\n')
    refused = p2claw(home, "run", "--json")
    assert (refused.code, refused.error["code"]) == (2, "coordinator-differs")
    assert str(usual) in refused.error["message"]
    assert [code for code, _, _ in problems(home, usual, usual.read_text())] == [
        "coordinator-differs"
    ]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[agent]\nudp_port = 1", "there is no agent.udp_port", "Did you mean udp-port?"),
        ("[agent]\nlink = 1", "there is no agent.link", "Did you mean links?"),
        ("[agent]\nlisten = ':1'", "there is no agent.listen", "listen belongs below [server]"),
        ("links = 1", "there is no [links]", "links belongs below [agent]"),
        ("log-level = 'info'", "there is no [log-level]", "belongs below [agent] or [server]"),
        ("[sever]", "there is no [sever]", "Did you mean [server]?"),
        ("[zzz]", "there is no [zzz]", "There are [agent], [server]"),
        ("[agent]\njson = true", "there is no agent.json", "There are coordinator, links"),
        ("[server.tls]\ncert = ''", "there is no server.tls", "Did you mean tls-"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_right_one(
    home: Path, usual: Path, text: str, message: str, hint: str
) -> None:
    ((code, found, advice),) = problems(home, usual, text)
    assert (code, found) == ("config-unknown-key", message)
    assert hint in advice


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("agent = 1", "agent is 1", "a table, [agent]"),
        ("[agent]\nlinks = '64'", "agent.links is '64'", "a whole number from 1 to 10000"),
        ("[agent]\nlinks = true", "agent.links is True", "a whole number from 1 to 10000"),
        ("[agent]\nlinks = 0", "agent.links is 0", "a whole number from 1 to 10000"),
        ("[agent]\nlinks = 1.5", "agent.links is 1.5", "a whole number from 1 to 10000"),
        ("[agent]\nworkers = []", "agent.workers is []", 'a whole number, or "auto"'),
        ("[agent]\nworkers = true", "agent.workers is True", 'a whole number, or "auto"'),
        ("[agent]\nworkers = 'four'", "agent.workers is 'four'", 'a whole number, or "auto"'),
        ("[agent]\nhead-timeout = 0", "agent.head-timeout is 0", "a number above 0"),
        ("[agent]\nlog-level = 'loud'", "agent.log-level is 'loud'", "one of debug, info"),
        ("[server]\nparent = 1979-05-27", "server.parent is datetime", "a text"),
        ("[server]\nstun = 'stun:x'", "server.stun is 'stun:x'", 'each a text: stun = ["…"]'),
        ("[server]\nturn = [1]", "server.turn is [1]", 'each a text: turn = ["…"]'),
        ("[server]\ntls-cert = ['a']", "server.tls-cert is ['a']", "a text"),
    ],
)
def test_a_wrong_type_is_named_with_what_is_expected(
    home: Path, usual: Path, text: str, message: str, hint: str
) -> None:
    ((code, found, advice),) = problems(home, usual, text)
    assert code == "config-invalid"
    assert found.startswith(message) and hint in advice


@pytest.mark.parametrize(
    ("content", "code", "phrase"),
    [
        (b"[agent]\nlinks 1\n", "config-not-toml", "at line 2, column 7"),
        (b"[agent]\nlinks = 1\nlinks = 2\n", "config-not-toml", "at line 3"),
        (b"[agent]\xff\n", "config-not-toml", "utf-8"),
        (b"a = " + b"[" * 5_000, "config-not-toml", ""),
        (b"#" * 300_000, "config-unreadable", "longer than"),
    ],
)
def test_what_is_no_toml_is_named_with_its_place(
    home: Path, usual: Path, content: bytes, code: str, phrase: str
) -> None:
    usual.write_bytes(content)
    ran = p2claw(home, "config", "check", "--json")
    (problem,) = ran.json["problems"]
    assert (ran.code, problem["code"]) == (1, code)
    assert phrase in problem["message"]
    assert p2claw(home, "run", "--json").error["code"] == code


def test_a_folder_in_its_place_is_unreadable(home: Path, usual: Path) -> None:
    usual.mkdir()
    assert p2claw(home, "run", "--json").error["code"] == "config-unreadable"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[server]\nlisten = 'x'", "listen-invalid"),
        ("[server]\ntls-cert = 'x'", "tls-incomplete"),
        ("[server]\nturn = ['turn:x']", "turn-secret-missing"),
        ("[server]\nrelay = ['name=a,turn:x']", "turn-secret-missing"),
        ("[server]\nrelay = ['name=a,weight=x,turn:x']", "relay-invalid"),
        ("[server]\nrelay = ['name=a,cli=h:1,turn:x']", "relay-invalid"),
        ("[server]\nturn-redis = 'x'", "bus-invalid"),
        ("[server]\nturn-redis = 'redis+cluster://x'", "turn-redis-invalid"),
        ("[server]\nturn-redis = 'redis://x'\nturn-log = 'x'", "turn-redis-invalid"),
        ("[server]\nturn-key = 'x'", "turn-key-incomplete"),
        ("[server]\nturn-key = 'x'\nturn-key-token-file = 'p2claw.toml'", "turn-key-token-invalid"),
        ("[server]\ntrusted-proxy = ['x']", "proxy-invalid"),
        ("[server]\nregion-field = 'X-Region'", "near-invalid"),
        ("[server]\nnear = ['DE=eu']", "near-invalid"),
        ("[agent]\ncoordinator = 'x'", "coordinator-invalid"),
        ("[agent]\ncoordinator = 'http://x'\nworkers = 99", "workers-invalid"),
        ("[agent]\ncoordinator = 'http://x'\npublic-address = ['x']", "public-address-invalid"),
    ],
)
def test_check_finds_what_the_programs_would_refuse(
    home: Path, usual: Path, text: str, code: str
) -> None:
    ((found, _, hint),) = problems(home, usual, text)
    assert found == code and hint


def test_check_reports_everything_at_once(home: Path, usual: Path) -> None:
    assert len(problems(home, usual, "[agent]\nlink = 1\nlinks = 0\n[server]\nlisten = 1\n")) == 3


def test_a_program_minds_its_own_table(home: Path, usual: Path) -> None:
    usual.write_text("[agent]\nlinks = 0\n")
    with started(home, "server", "--listen", "127.0.0.1:0") as facts:
        assert facts["parent"] == "localhost"
    assert p2claw(home, "run", "--json").error["code"] == "config-invalid"


def test_without_a_file_nothing_is_wrong(home: Path) -> None:
    ran = p2claw(home, "config", "check", "--json")
    assert (ran.code, ran.json) == (0, {"ok": True, "file": None, "problems": []})


@pytest.mark.parametrize(
    "arguments", [("config", "check"), ("config", "show"), ("run",), ("server",)]
)
def test_a_named_file_has_to_be_there(home: Path, arguments: tuple[str, ...]) -> None:
    ran: Ran = p2claw(home, *arguments, "--json", "--config", "/no/such/file")
    assert (ran.code, ran.error["code"]) == (2, "config-missing")


def test_doctor_looks_at_the_file(home: Path, usual: Path) -> None:
    usual.write_text('[agent]\ncoordinator = "http://localhost:1"\n')
    good = {check["check"]: check for check in p2claw(home, "doctor", "--json").json["checks"]}
    assert (good["config"]["level"], good["coordinator"]["level"]) == ("ok", "fail")
    usual.write_text("[agent]\nlink = 1\n")
    bad = {check["check"]: check for check in p2claw(home, "doctor", "--json").json["checks"]}
    assert (bad["config"]["level"], bad["config"]["advice"]) == ("fail", "Did you mean links?")


@pytest.mark.parametrize("page", ["README.md", "docs/OPERATIONS.md", "docs/ACCESS.md"])
def test_what_the_documents_show_can_be_set(tmp_path: Path, page: str) -> None:
    shown = re.findall(r"```toml\n(.*?)```", (REPOSITORY / page).read_text(), re.DOTALL)
    assert shown
    path = tmp_path / "p2claw.toml"
    (tmp_path / "turn-secret").write_text("secret")
    for text in shown:
        path.write_text(text)
        assert list(all_problems(read(path))) == []
