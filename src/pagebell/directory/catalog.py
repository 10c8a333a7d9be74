"""A directory as a server uses it: each change on a connection of its own, in a thread, since the library blocks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from pagebell.directory.ldap import Directory, Login
from pagebell.directory.print_queue import Place, PrintQueue


@dataclass(frozen=True, slots=True)
class Catalog:
    """Where a server's printers are published."""

    uri: str
    host: str
    """The server's full name, as clients know it."""
    login: Login
    base: str = ""
    """The place of its printers; empty for the server's own entry."""
    ca: Path | None = None

    async def publish(self, queue: PrintQueue) -> Place:
        """Write a queue's entry, anew or over an older one; returns where it is. Raises DirectoryError."""
        return await asyncio.to_thread(self._publish, queue)

    async def remove(self, dn: str) -> None:
        """Take an entry away, if it is there. Raises DirectoryError."""
        await asyncio.to_thread(self._remove, dn)

    def _publish(self, queue: PrintQueue) -> Place:
        with Directory.open(self.uri, self.login, ca=self.ca) as directory:
            return directory.publish(queue, self.base or directory.computer(self.host))

    def _remove(self, dn: str) -> None:
        with Directory.open(self.uri, self.login, ca=self.ca) as directory:
            directory.remove(dn)
