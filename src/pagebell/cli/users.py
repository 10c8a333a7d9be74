"""`pagebell users`: who may come in over the Windows protocols."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from pagebell.cli.failures import CommandError
from pagebell.config import ConfigError, load
from pagebell.dcerpc.ntlm_keys import nt_hash
from pagebell.stores.users import UserFile, UsersError, make_user

app = App(name="users", help="Let people in who print from Windows, or no longer.", help_format="plaintext")
Name = Annotated[str, Parameter(help="The user's name; it does not matter in which case.")]
State = Annotated[Path | None, Parameter(name="--state", help="The server's state folder.")]
Settings = Annotated[
    Path | None, Parameter(name="--config", help="The server's settings, which name the folder.")
]
Variable = Annotated[
    str | None, Parameter(name="--password-env", help="Environment variable that holds the password.")
]


def _users(state: Path | None, config: Path | None) -> UserFile:
    """The users of a server. Raises CommandError."""
    try:
        folder = state.absolute() if state is not None else load(config).state_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except ConfigError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(
            f"the state folder can't be made: {error.strerror}; name another with --state"
        ) from None
    return UserFile(folder)


def _password(variable: str | None) -> str:
    """The new password, from the environment or from whoever sits there. Raises CommandError."""
    if variable is not None:
        found = os.environ.get(variable)
        if found is None:
            raise CommandError(f"there is no environment variable {variable}")
        return found
    if not sys.stdin.isatty():
        raise CommandError(
            "nobody is there to type a password; name a variable that has it with --password-env"
        )
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise CommandError("these are two passwords")
    return first


@app.command
def add(
    name: Name,
    *,
    admin: Annotated[
        bool, Parameter(help="May administer printers and everybody's jobs.", negative="")
    ] = False,
    password_env: Variable = None,
    state: State = None,
    config: Settings = None,
) -> None:
    """Let somebody in."""
    password = _password(password_env)
    _do(lambda users: users.add(make_user(name, password, nt_hash(password), admin=admin)), state, config)
    print(f"{name} may come in{', as an administrator' if admin else ''}.")


@app.command
def passwd(
    name: Name, *, password_env: Variable = None, state: State = None, config: Settings = None
) -> None:
    """Give a user another password."""
    password = _password(password_env)
    _do(lambda users: users.change_password(make_user(name, password, nt_hash(password))), state, config)
    print(f"{name} has another password.")


@app.command
def remove(name: Name, *, state: State = None, config: Settings = None) -> None:
    """Let a user in no longer."""
    _do(lambda users: users.remove(name), state, config)
    print(f"{name} may come in no longer.")


@app.command(name="list")
def list_(*, state: State = None, config: Settings = None) -> None:
    """List who may come in."""

    def tell(users: UserFile) -> None:
        for user in users.list():
            print(f"{user.name}{'  (administrator)' if user.admin else ''}")

    _do(tell, state, config)


def _do(what: Callable[[UserFile], None], state: Path | None, config: Path | None) -> None:
    try:
        what(_users(state, config))
    except UsersError as error:
        raise CommandError(f"{error}.") from None
