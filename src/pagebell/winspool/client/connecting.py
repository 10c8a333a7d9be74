"""Connections to one print server, and patience with one that dies and returns. [MS-PRSOD] 2.7.1.1"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from pagebell.ipp.errors import ConnectionFailed
from pagebell.ipp.events import Pace, Patience
from pagebell.winspool.client.addresses import Address
from pagebell.winspool.client.answering import Listening
from pagebell.winspool.client.session import Identity, Session, Times, open_session

T = TypeVar("T")


@dataclass(slots=True)
class Connector:
    """Makes connections, each for as long as something needs it."""

    address: Address
    identity: Identity
    times: Times
    pace: Pace
    listening: Listening
    met: bool = False
    """Whether the server was there at least once: only then is it waited for."""

    @contextlib.asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection. Raises ClientError."""
        async with open_session(self.address, self.identity, self.times, self.listening) as session:
            self.met = True
            yield session

    async def retried(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Do it, on new connections until the server is back when it dies meanwhile. Raises ClientError."""
        patience = Patience(self.pace)
        while True:
            try:
                async with self.session() as session:
                    return await work(session)
            except ConnectionFailed as error:
                delay = self.delay(patience, error)
            await asyncio.sleep(delay)

    def delay(self, patience: Patience, error: ConnectionFailed) -> float:
        """Seconds until the next attempt. Raises the error where there is none."""
        if not self.met:
            raise error
        return patience.after(error)
