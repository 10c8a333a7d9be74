"""A listener on a loopback port whose application tells what it has got."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any, Self

from pagebell.http.certificates import Certificates
from pagebell.http.listener import Listener
from pagebell.http.settings import HttpLimits, TlsMode
from tests.http.wire import Wire

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
BIG = 30_000_000


class Stage:
    """`/` reads the body and tells what came; `/headers` tells their names instead; `/later` first waits for
    `curtain`; `/big` gives much to read.
    """

    def __init__(
        self, certificates: Certificates | None, tls: TlsMode = TlsMode.ALLOW, **limits: Any
    ) -> None:
        self.curtain = asyncio.Event()
        self.lost = asyncio.Event()
        """The application has been told that its client is gone."""
        self.listener = Listener(
            self._perform,
            HttpLimits(**limits),
            tls,
            certificates,
            lambda url, headers: (b"x-big", b"yes") in headers,
        )

    async def __aenter__(self) -> Self:
        self.host, self.port = await self.listener.open("127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.curtain.set()
        await self.listener.close()
        async with asyncio.timeout(5):
            while self.listener.connections:
                await asyncio.sleep(0)

    def wire(self, tls: ssl.SSLContext | None = None, local: str | None = None) -> Wire:
        """A connection to it."""
        return Wire(self.host, self.port, tls, local)

    async def _perform(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["path"] == "/later":
            await self.curtain.wait()
        octets, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.lost.set()
                return
            octets += len(message["body"])
            more = message["more_body"]
        text = f"{scope['scheme']} {scope['method']} {scope['path']} {octets}".encode()
        if scope["path"] == "/headers":
            text = b" ".join(name for name, _ in scope["headers"])
        if scope["path"] == "/big":
            text = bytes(BIG)
        headers = [(b"content-length", b"%d" % len(text))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for start in range(0, len(text), 2**20):
            last = start + 2**20 >= len(text)
            await send(
                {"type": "http.response.body", "body": text[start : start + 2**20], "more_body": not last}
            )
        if (await receive())["type"] == "http.disconnect":
            self.lost.set()
