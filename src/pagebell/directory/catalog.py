"""A directory as a server uses it: each change on a connection of its own, in a thread, since the library blocks."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from pagebell.directory.ldap import Directory, Login
from pagebell.directory.print_queue import Place, PrintQueue

T = TypeVar("T")


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
        return await _beside(lambda: self._publish(queue))

    async def remove(self, dn: str) -> None:
        """Take an entry away, if it is there. Raises DirectoryError."""
        await _beside(lambda: self._remove(dn))

    def _publish(self, queue: PrintQueue) -> Place:
        with Directory.open(self.uri, self.login, ca=self.ca) as directory:
            return directory.publish(queue, self.base or directory.computer(self.host))

    def _remove(self, dn: str) -> None:
        with Directory.open(self.uri, self.login, ca=self.ca) as directory:
            directory.remove(dn)


async def _beside(work: Callable[[], T]) -> T:
    """Do it in a thread for whose end nobody waits who stops: a directory may keep silent for long."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if done.done():  # nobody waits any more
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast("T", result))

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as raised:  # noqa: BLE001 - it is raised where the work is waited for
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="directory", daemon=True).start()
    return await done
