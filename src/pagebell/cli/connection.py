"""Where a command goes: the options that every command has, and the client they make."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

from cyclopts import Group, Parameter

from pagebell.cli.failures import CommandError, Interrupted
from pagebell.ipp.administration import printer_uri
from pagebell.ipp.client import Client

T = TypeVar("T")

DEFAULT_SERVER: Final = "ipp://127.0.0.1:8631/"
_GROUP: Final = Group("Connection", sort_key=90)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True, slots=True)
class Connection:
    """Which server to speak to, and as whom."""

    server: Annotated[str, Parameter(env_var="PAGEBELL_SERVER", show_default=True)] = DEFAULT_SERVER
    """The print server's address, such as ipp://HOST:PORT/ or ipps://HOST/."""

    user: Annotated[str, Parameter(name=("--user", "-u"), env_var="PAGEBELL_USER")] = ""
    """Whom to print as; your login name when left out. A server that wants proof gets your ticket or a password."""

    password_file: Annotated[Path | None, Parameter(env_var="PAGEBELL_PASSWORD_FILE")] = None
    """File whose first line is the password; else PAGEBELL_PASSWORD has it, or you are asked."""

    insecure: Annotated[bool, Parameter(negative="")] = False
    """Accept any certificate of an ipps:// server."""

    debug: Annotated[bool, Parameter(negative="")] = False
    """Show the technical details of an error."""

    def client(self, printer: str = "") -> Client:
        """A client of the server, or of one of its printers, given by name or by URI."""
        client = self._made(self.server)
        if not printer:
            return client
        return self._made(printer if "://" in printer else printer_uri(client, printer))

    def _made(self, uri: str) -> Client:
        return Client(uri, user=self.user, password=self.password(), ask=ask, verify=not self.insecure)

    def password(self) -> str:
        """The password as far as it can be had without asking; empty for none. Raises CommandError."""
        if self.password_file is None:
            return os.environ.get("PAGEBELL_PASSWORD", "")
        try:
            return self.password_file.read_text("utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise CommandError(f"the password can't be read from {self.password_file}: {why}") from None

    def at(self, uri: str) -> Connection:
        """The same for another server."""
        return replace(self, server=uri)

    def hint(self) -> str:
        """What to add to a command that shall reach the same server; empty for the default one."""
        return "" if self.server == DEFAULT_SERVER else f" --server {self.server}"


LOCAL: Final = Connection()


def ask(user: str, host: str) -> str | None:
    """The password that somebody types; None where nobody could."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    try:
        return getpass.getpass(f"Password of {user} at {host}: ", sys.stderr)
    except EOFError:
        return None


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a command's coroutine; Ctrl-C ends it as Interrupted."""
    try:
        return asyncio.run(work())
    except KeyboardInterrupt:
        raise Interrupted from None
