"""Reads `p2claw.toml` and holds it against the options of the program that it is for.

What can be set is what the command line can set: a key is the name of an option, and its type is
the option's. So an option that is added to a verb can be set in the file too.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from p2claw.cli.verbs import load_verb
from p2claw.cli.worker_count import AUTO, WorkerCount
from p2claw.config import SYSTEM_CONFIG, config_path
from p2claw.errors import UsageError
from p2claw.system_errors import reason_of, remedy_of
from p2claw.units import KIB

FILE_BYTES = 256 * KIB

TABLES = {"agent": "run", "server": "server"}
"""The verb whose options each table has."""

BESIDE = {"agent": ("expose", ("oidc-issuer", "oidc-client", "oidc-secret-file"))}
"""Of another verb, what a table has too: the provider of a box stands for all its apps."""

_NOT_IN_A_FILE = frozenset({"as_json", "config_file"})


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file that was read; path is absolute. document: its tables, not checked yet."""

    path: Path
    document: Mapping[str, Any]

    def table(self, name: str) -> Mapping[str, Any]:
        table = self.document.get(name)
        return table if isinstance(table, dict) else {}


def find(named: Path | None, table: str = "") -> Path | None:
    """The file that was named; else the one in the usual place, if there is one.

    table: of a server also the one of the machine counts. Raises UsageError `config-missing`.
    """
    if named is None:
        usual = [config_path(), *([SYSTEM_CONFIG] if table == "server" else [])]
        return next((path for path in usual if _is_there(path)), None)
    path = named.expanduser().absolute()
    if not _is_there(path):
        raise UsageError(
            f"There is no file {path}",
            code="config-missing",
            hint=f"Without --config and P2CLAW_CONFIG it is {config_path()}, if that is there",
        )
    return path


def _is_there(path: Path) -> bool:
    """Or may be there, in a folder that this user may not look into: `read` has words for that."""
    try:
        return path.exists()
    except PermissionError:
        return True


def read(path: Path) -> ConfigFile:
    """Raises UsageError `config-unreadable`, `config-not-toml`."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {reason_of(error)}",
            code="config-unreadable",
            hint=remedy_of(error),
        ) from None
    if len(content) > FILE_BYTES:
        raise UsageError(f"{path} is longer than {FILE_BYTES} bytes", code="config-unreadable")
    try:
        return ConfigFile(path, tomllib.loads(content.decode()))
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{path} is not TOML: {error}",
            code="config-not-toml",
            hint='Write tables and keys: [agent], then links = 64, or log-level = "debug"',
        ) from None


def options_of(command: click.Command) -> dict[str, click.Option]:
    """What a file can set of a command, by key: `log-level` for `--log-level`."""
    return {
        parameter.opts[0].removeprefix("--"): parameter
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name not in _NOT_IN_A_FILE
    }


def beside(table: str) -> dict[str, click.Option]:
    """The options of BESIDE, by key."""
    verb, keys = BESIDE.get(table, ("", ()))
    found = options_of(load_verb(verb)) if verb else {}
    return {key: found[key] for key in keys}


def values(file: ConfigFile, table: str) -> dict[str, Any]:
    """The values of a table, by the name of the parameter. Raises the first of `problems`."""
    for problem in problems(file, only=table):
        raise problem
    options = _options(table)
    return {
        str(options[key].name): _absolute(options[key], value, file.path.parent)
        for key, value in file.table(table).items()
    }


def problems(file: ConfigFile, *, only: str | None = None) -> Iterator[UsageError]:
    """What is wrong: tables and keys that there are not, and values that cannot be.

    only: pass over the keys of the other tables. Errors are `config-unknown-key`, `config-invalid`.
    """
    for name, table in file.document.items():
        if name not in TABLES:
            yield _unknown(file, name, None)
        elif not isinstance(table, dict):
            yield _invalid(file, name, f"a table, [{name}]", table)
        elif only in (None, name):
            yield from _table_problems(file, name, table)


def _table_problems(file: ConfigFile, name: str, table: dict[str, Any]) -> Iterator[UsageError]:
    options = _options(name)
    for key, value in table.items():
        option = options.get(key)
        if option is None:
            yield _unknown(file, key, name)
        elif (wanted := _mismatch(option, value)) is not None:
            yield _invalid(file, f"{name}.{key}", wanted, value)


def _mismatch(option: click.Option, value: Any) -> str | None:
    """What is expected in the place of value; None: it is good."""
    wanted, good = _kind(option)
    if not option.multiple:
        return None if good(value) else wanted
    if isinstance(value, list) and all(good(item) for item in value):
        return None
    return f'a list, each {wanted}: {option.opts[0].removeprefix("--")} = ["…"]'


def _kind(option: click.Option) -> tuple[str, Callable[[Any], bool]]:
    """What an item of an option is called, and whether a value is one."""
    kind = option.type
    if option.is_flag:
        return "true or false", _is_flag
    if isinstance(kind, click.Choice):
        return f"one of {', '.join(kind.choices)}", lambda value: value in kind.choices
    if isinstance(kind, click.FloatRange):
        return f"a number {_range(kind)}", lambda value: _in(kind, value, int | float)
    if isinstance(kind, click.IntRange):
        return f"a whole number {_range(kind)}", lambda value: _in(kind, value, int)
    if isinstance(kind, WorkerCount):
        return f'a whole number, or "{AUTO}"', lambda value: value == AUTO or _is_whole(value)
    if kind is click.INT:
        return "a whole number", _is_whole
    return "a text", lambda value: isinstance(value, str)


def _range(kind: click.IntRange | click.FloatRange) -> str:
    if kind.max is None:
        return f"{'above' if kind.min_open else 'of at least'} {kind.min}"
    return f"from {kind.min} to {kind.max}"


def _in(kind: click.IntRange | click.FloatRange, value: Any, types: Any) -> bool:
    if not isinstance(value, types) or _is_flag(value):
        return False
    try:
        kind.convert(value, None, None)
    except click.BadParameter:
        return False
    return True


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not _is_flag(value)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _absolute(option: click.Option, value: Any, folder: Path) -> Any:
    """Paths in a file are relative to the file, wherever the program was started."""
    if isinstance(option.type, click.Path):
        return str(folder / Path(value).expanduser())
    return value


def _options(table: str) -> dict[str, click.Option]:
    return {**options_of(load_verb(TABLES[table])), **beside(table)}


def _unknown(file: ConfigFile, key: str, table: str | None) -> UsageError:
    where = f"{table}.{key}" if table else f"[{key}]"
    return UsageError(
        f"{file.path}: there is no {where}",
        code="config-unknown-key",
        hint=_nearest(key, table),
    )


def _nearest(key: str, table: str | None) -> str:
    known = {name: list(_options(name)) for name in TABLES}
    homes = [name for name, keys in known.items() if key in keys and name != table]
    if homes:
        return f"{key} belongs below {' or '.join(f'[{name}]' for name in homes)}"
    candidates = list(known) if table is None else known[table]
    close = difflib.get_close_matches(key.replace("_", "-"), candidates, n=1)
    form = "[{}]" if table is None else "{}"
    if close:
        return f"Did you mean {form.format(close[0])}?"
    return f"There are {', '.join(map(form.format, candidates))}"


def _invalid(file: ConfigFile, where: str, wanted: str, value: Any) -> UsageError:
    text = repr(value) if len(repr(value)) <= 60 else f"{repr(value)[:60]}…"
    return UsageError(
        f"{file.path}: {where} is {text}", code="config-invalid", hint=f"Expected: {wanted}"
    )
