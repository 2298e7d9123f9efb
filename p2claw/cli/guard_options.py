"""The options by which an owner decides who may enter an app, of `expose` and `share`.

A password is asked for, or read from a file: it never stands in a command line, which every user of
the machine can read. Nor does the secret of a client of OpenID Connect.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from p2claw.errors import UsageError

if TYPE_CHECKING:
    from p2claw.agent.access.ledger import Guard
    from p2claw.agent.access.login_settings import Login

F = TypeVar("F", bound=Callable[..., Any])

SECRET_VARIABLE = "P2CLAW_OIDC_SECRET"

_FILE_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class GuardWish:
    """What the options say about who may enter, by the names of their parameters."""

    password: bool = False
    password_file: Path | None = None
    invited: bool = False
    allow_email: tuple[str, ...] = ()
    oidc_issuer: str | None = None
    oidc_client: str | None = None
    oidc_secret_file: Path | None = None

    def guard(self) -> Guard | None:
        """The guard that was asked for; None if none was. Raises UsageError."""
        if sum((self.password, self.password_file is not None, self.invited)) > 1:
            raise UsageError("Only one of --password, --password-file and --invited makes sense")
        login = self._login()
        has_password = self.password or self.password_file is not None
        if not (has_password or self.invited or login):
            return None
        from p2claw.agent.access.ledger import Guard  # only here: most apps have no guard

        if not has_password:
            return Guard(login=login)
        # Not before it is wanted: hashing is loaded for nobody else.
        from p2claw.agent.access.passwords import check_password, hash_of

        file = self.password_file
        text = _asked() if file is None else password_in(file)
        return Guard(hash_of(check_password(text)), login)

    def _login(self) -> Login | None:
        if not self.allow_email:
            self._refuse_idle()
            return None
        kept = {} if self.oidc_issuer and self.oidc_client else _in_file()
        issuer = self.oidc_issuer or kept.get("oidc_issuer")
        client = self.oidc_client or kept.get("oidc_client")
        if not issuer or not client:
            raise UsageError(
                "--allow-email needs a provider where people log in",
                code="oidc-missing",
                hint="Give --oidc-issuer URL and --oidc-client ID, or put oidc-issuer and "
                "oidc-client below [agent] in p2claw.toml",
            )
        from p2claw.agent.access.login_settings import login_of  # only here: as above

        return login_of(issuer, client, self.allow_email, self._secret(kept))

    def _secret(self, kept: dict[str, Any]) -> str:
        """Of the client; "" if it has none."""
        if self.oidc_secret_file is None and os.environ.get(SECRET_VARIABLE):
            return os.environ[SECRET_VARIABLE]
        file = self.oidc_secret_file or kept.get("oidc_secret_file")
        return "" if file is None else first_line(Path(file), "client secret", "oidc-unreadable")

    def _refuse_idle(self) -> None:
        """Nobody shall believe that an app is guarded by half of what it takes."""
        context = click.get_current_context(silent=True)
        for name in ("oidc_issuer", "oidc_client", "oidc_secret_file"):
            if context and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise UsageError(
                    f"--{name.replace('_', '-')} lets nobody in by itself",
                    code="oidc-nobody",
                    hint="Name who may enter: --allow-email ada@example.org, or @example.org",
                )


_OPTIONS = (
    click.option(
        "--oidc-secret-file",
        envvar="P2CLAW_OIDC_SECRET_FILE",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        help=f"Its secret is the first line of this file.  [else: ${SECRET_VARIABLE}, or none]",
    ),
    click.option(
        "--oidc-client",
        envvar="P2CLAW_OIDC_CLIENT",
        metavar="ID",
        help="The client id that the provider gave you.",
    ),
    click.option(
        "--oidc-issuer",
        envvar="P2CLAW_OIDC_ISSUER",
        metavar="URL",
        help="The OpenID Connect provider where people log in.",
    ),
    click.option(
        "--allow-email",
        multiple=True,
        metavar="ADDRESS",
        help="Who may enter by logging in: ada@example.org, or @example.org; may be repeated.",
    ),
    click.option("--invited", is_flag=True, help="Only the invited enter: invite-visitor."),
    click.option(
        "--password-file",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        help="The password is the first line of this file; - is standard input.",
    ),
    click.option("--password", is_flag=True, help="Who enters must know a password: asks."),
)


def guard_options(command: F) -> F:
    """Adds the options; the command gets what they say as `guard_wish`, a GuardWish."""

    @functools.wraps(command)
    def bundled(*args: Any, **given: Any) -> Any:
        wish = GuardWish(**{field.name: given.pop(field.name) for field in fields(GuardWish)})
        return command(*args, guard_wish=wish, **given)

    decorated: Any = bundled
    for option in _OPTIONS:
        decorated = option(decorated)
    made: F = decorated
    return made


def password_in(file: Path) -> str:
    """The first line of a file, or of standard input. Raises UsageError."""
    return first_line(file, "password", "password-unreadable")


def first_line(file: Path, what: str, code: str) -> str:
    """The same of any secret. Raises UsageError of this code."""
    try:
        if file == Path("-"):
            content = sys.stdin.buffer.readline(_FILE_BYTES)
        else:
            with file.open("rb") as opened:
                content = opened.readline(_FILE_BYTES)
        text = content.decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"No {what} can be read from {file}: {getattr(error, 'strerror', None) or error}",
            code=code,
            hint=f"Give a text file whose first line is the {what}, or - for standard input",
        ) from None
    if not text:
        raise UsageError(f"The first line of {file} is empty", code=code)
    return text


def _asked() -> str:
    if not sys.stdin.isatty():
        raise UsageError(
            "--password asks on a terminal, and there is none",
            code="password-no-terminal",
            hint="Use --password-file FILE, or --password-file - for standard input",
        )
    text: str = click.prompt("Password of the app", hide_input=True, confirmation_prompt=True)
    return text


def _in_file() -> dict[str, Any]:
    """The provider of this box, as p2claw.toml names it. Raises UsageError."""
    # Not before it is wanted: most apps need no file.
    from p2claw.cli.config.file import find, read, values

    named = os.environ.get("P2CLAW_CONFIG")
    path = find(Path(named) if named else None)
    return {} if path is None else values(read(path), "agent")
