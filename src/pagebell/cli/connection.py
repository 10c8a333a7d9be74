"""Where a command goes: the options that every command has, and the client they make."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, TypeVar

from cyclopts import Group, Parameter

from pagebell.cli.failures import Interrupted
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

    user: Annotated[str, Parameter(env_var="PAGEBELL_USER")] = ""
    """Whom to print as; your login name when left out."""

    password: Annotated[str, Parameter(env_var="PAGEBELL_PASSWORD", show=False)] = ""
    """Taken from PAGEBELL_PASSWORD, and sent only to a server that asks for it."""

    insecure: Annotated[bool, Parameter(negative="")] = False
    """Accept any certificate of an ipps:// server."""

    debug: Annotated[bool, Parameter(negative="")] = False
    """Show the technical details of an error."""

    def client(self, printer: str = "") -> Client:
        """A client of the server, or of one of its printers, given by name or by URI."""
        client = Client(self.server, user=self.user, password=self.password, verify=not self.insecure)
        if not printer:
            return client
        uri = printer if "://" in printer else printer_uri(client, printer)
        return Client(uri, user=self.user, password=self.password, verify=not self.insecure)

    def at(self, uri: str) -> Connection:
        """The same for another server."""
        return replace(self, server=uri)

    def hint(self) -> str:
        """What to add to a command that shall reach the same server; empty for the default one."""
        return "" if self.server == DEFAULT_SERVER else f" --server {self.server}"


LOCAL: Final = Connection()


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a command's coroutine; Ctrl-C ends it as Interrupted."""
    try:
        return asyncio.run(work())
    except KeyboardInterrupt:
        raise Interrupted from None
