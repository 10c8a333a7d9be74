"""`pagebell publish` and `pagebell discover`: printers in a directory, for people to find."""

from __future__ import annotations

import os
import socket
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

from pagebell.cli.arguments import demand_text
from pagebell.cli.connection import LOCAL, Connection, ask, run
from pagebell.cli.failures import CommandError
from pagebell.dcerpc.kerberos import ticket_holder
from pagebell.directory import Directory, DirectoryError, Login, PrintQueue
from pagebell.ipp.results import PrinterInfo

_GROUP = Group("Directory", sort_key=80)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True, slots=True)
class Place:
    """Which directory, where in it, and as whom."""

    ldap: Annotated[str, Parameter(env_var="PAGEBELL_LDAP", validator=demand_text)]
    """The directory's address, such as ldaps://dc.example.org."""

    base: Annotated[str, Parameter(validator=demand_text)] = ""
    """Distinguished name of the place; else the server's own entry to publish, and the whole tree to search."""

    bind: Annotated[str, Parameter(env_var="PAGEBELL_LDAP_USER", validator=demand_text)] = ""
    """Whom to log in as, such as alice@EXAMPLE.ORG, with PAGEBELL_LDAP_PASSWORD; else your ticket counts, if any."""

    ca: Path | None = None
    """File with the certificate that the directory's is signed by."""

    def open(self, *, verify: bool) -> AbstractContextManager[Directory]:
        """Log in. Raises CommandError, DirectoryError."""
        return Directory.open(self.ldap, self._login(), ca=self.ca, verify=verify)

    def _login(self) -> Login:
        if not self.bind:
            return Login(ticket=ticket_holder() is not None)
        password = os.environ.get("PAGEBELL_LDAP_PASSWORD") or ask(self.bind, self.ldap)
        if not password:
            raise CommandError("nobody is there to type a password; set PAGEBELL_LDAP_PASSWORD")
        return Login(self.bind, password)


def publish(
    *printers: Annotated[str, Parameter(help="Printers of the server; all of them when left out.")],
    place: Place,
    host: Annotated[
        str, Parameter(help="The server's full name as clients know it; this machine's when left out.")
    ] = "",
    remove: Annotated[bool, Parameter(help="Take the printers out of the directory.", negative="")] = False,
    connection: Connection = LOCAL,
) -> None:
    """Publish the server's printers in a directory, where Windows and others look for them.

    An entry that is there already is brought up to date.

    Examples:
        pagebell publish --ldap ldaps://dc.example.org --host print.example.org
        pagebell publish Office --ldap ldaps://dc.example.org --remove
    """
    found = run(lambda: _printers(connection))
    wanted = [one for one in found if not printers or one.name in printers]
    for name in set(printers) - {one.name for one in wanted}:
        raise CommandError(f"there is no printer {name} on {connection.server}")
    server = host or socket.getfqdn()
    try:
        with place.open(verify=not connection.insecure) as directory:
            where = place.base or directory.computer(server)
            for printer in wanted:
                queue = PrintQueue.of(printer, server)
                if not remove:
                    print(f"{printer.name} is published as {directory.publish(queue, where).dn}")
                elif directory.unpublish(queue, where):
                    print(f"{printer.name} is published no longer.")
                else:
                    print(f"{printer.name} was not published.")
    except DirectoryError as error:
        raise CommandError(f"{error}.") from None


def discover(
    name: Annotated[str, Parameter(help="Only printers whose name contains this.")] = "",
    *,
    place: Place,
    location: Annotated[str, Parameter(help="Only printers whose location contains this.")] = "",
    insecure: Annotated[bool, Parameter(help="Accept any certificate.", negative="")] = False,
) -> int:
    """Look printers up in a directory.

    Exit status: 0 when some were found, 1 when none.

    Examples:
        pagebell discover --ldap ldaps://dc.example.org
        pagebell discover Office --location "2nd floor" --ldap ldaps://dc.example.org
    """
    try:
        with place.open(verify=not insecure) as directory:
            found = directory.search(place.base, name, location)
    except DirectoryError as error:
        raise CommandError(f"{error}.") from None
    for queue in found:
        print(f"{queue.name}  {queue.unc}")
        for text in (*queue.urls, ", ".join(filter(None, (queue.description, queue.location)))):
            if text:
                print(f"    {text}")
    if not found:
        print("No printer was found.")
    return 0 if found else 1


async def _printers(connection: Connection) -> list[PrinterInfo]:
    async with connection.client() as client:
        names = [one.uri for one in await client.printers()]
    found = []
    for uri in names:
        async with connection.client(uri) as client:
            found.append(await client.printer())
    return found
