"""Measurements of Windows clients: from a change to the notification of it, by the call that waits and by calls back.

Every client has a connection of its own and registers for the same printer, so that each change goes to all of them.
The server is a process of its own; the clients share another one with the administrator whose changes they hear.
While they are told they are silent; then all of them take what came.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import subprocess
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles
from typing import Any

from bench.arrivals import Connections
from bench.stage import Figures
from pagebell.dcerpc.client import RpcClient, connect, ntlm
from pagebell.dcerpc.endpoint_mapper import PORT
from pagebell.ipp import SyncClient
from pagebell.winspool.client import feeds
from pagebell.winspool.client.addresses import Address, Way
from pagebell.winspool.client.answering import Answering, Mailbox
from pagebell.winspool.client.feeds import Deaf, options
from pagebell.winspool.client.queries import opened
from pagebell.winspool.client.session import Identity, Session, Times
from pagebell.winspool.idl import rprn, rprn_notify
from pagebell.winspool.idl.par import IREMOTEWINSPOOL
from tests.server import PAGEBELL, ServerProcess

PASSWORD = "Secret123"
CROWDS = {1: 40, 1_000: 10}
"""Clients, and changes that each of them hears of."""
AT_ONCE = 20
"""Connections that are made at a time."""


def windows_notifications(figures: Figures, folder: Path) -> None:
    """All of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    host = "127.0.0.17"
    folder.mkdir(exist_ok=True)
    server = ServerProcess(folder, {"bench": "null:"}, rpc=f"{host}:0")
    for name, more in (("ada", []), ("root", ["--admin"])):
        subprocess.run(
            [PAGEBELL, "users", "add", name, *more, "--password-env", "PW", "--state", server.state],
            env={**os.environ, "PW": PASSWORD},
            check=True,
            capture_output=True,
        )
    with server:
        found = re.search(rf"Windows clients: {re.escape(host)}:(\d+)", server.output)
        assert found is not None, server.output
        for ways, listen in (("a call that waits", waiting), ("calls back", called)):
            for clients, changes in CROWDS.items():
                try:
                    taken = asyncio.run(
                        measure(server.uri("bench"), host, int(found[1]), clients, changes, listen)
                    )
                except Deaf as reason:
                    print(f"  {ways}: {reason}")
                    continue
                cuts = quantiles(taken, n=100)
                label = f"change to notification by {ways}, {clients:,} clients"
                figures.add(f"{label}, p50", "ms", "Pagebell", cuts[49] * 1000)
                figures.add(f"{label}, p99", "ms", "Pagebell", cuts[98] * 1000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def measure(uri: str, host: str, port: int, clients: int, changes: int, listen: Any) -> list[float]:
    """Seconds from each change to each client's notification of it."""
    address = Address(host, "bench", "par", port)
    async with AsyncExitStack() as stack:
        heard: asyncio.Queue[None] = asyncio.Queue()
        group = await stack.enter_async_context(asyncio.TaskGroup())
        tasks = await listen(stack, group, address, clients, heard)
        taken, lines = [], Connections()
        with SyncClient(uri) as administrator:
            for number in range(changes):
                begun = time.time()
                (administrator.resume if number % 2 else administrator.pause)()
                taken += [at - begun for at in lines.first_arrivals(clients)]
                for _ in range(clients):
                    await heard.get()
        lines.close()
        for task in tasks:
            task.cancel()
    return taken


async def session(stack: AsyncExitStack, address: Address, user: str, way: Way = Way.PAR) -> Session:
    """A connection of somebody's."""
    interface = IREMOTEWINSPOOL if way is Way.PAR else rprn.WINSPOOL
    opening = connect(address.host, address.port, interface, security=ntlm(user, PASSWORD))
    rpc: RpcClient = await stack.enter_async_context(opening)
    return Session(address, way, rpc, Identity(user, PASSWORD), Times())


async def waiting(
    stack: AsyncExitStack,
    group: asyncio.TaskGroup,
    address: Address,
    clients: int,
    heard: asyncio.Queue[None],
) -> list[asyncio.Task[None]]:
    """Clients whose call waits."""

    async def listen(feed: Any) -> None:
        async for told in feed:
            if not told.whole:
                heard.put_nowait(None)
            else:
                ready.release()

    ready = asyncio.Semaphore(0)
    tasks = []
    for _ in range(clients):
        one = await session(stack, address, "ada")
        printer = await stack.enter_async_context(opened(one))
        feed = await stack.enter_async_context(feeds.by_waiting(one, printer))
        tasks.append(group.create_task(listen(feed)))
    for _ in range(clients):
        await ready.acquire()
    return tasks


async def called(
    stack: AsyncExitStack,
    group: asyncio.TaskGroup,
    address: Address,
    clients: int,
    heard: asyncio.Queue[None],
) -> list[asyncio.Task[None]]:
    """Clients that are called, all by way of one endpoint mapper and port."""
    answering = Answering(most=clients + 8)
    try:
        await stack.enter_async_context(answering.serving("127.0.0.1"))
    except OSError as error:
        raise Deaf(f"port {PORT} can't be had ({error.strerror})") from None

    async def listen(box: Mailbox) -> None:
        while True:
            await box.news.get()
            heard.put_nowait(None)

    tasks = []
    for _ in range(clients):
        one = await session(stack, address, "ada", Way.RPRN)
        printer = await stack.enter_async_context(opened(one))
        box = answering.mailbox()
        await one.demand(
            rprn_notify.RpcRemoteFindFirstPrinterChangeNotificationEx,
            hPrinter=printer,
            fdwFlags=int(feeds.WANTED_FLAGS),
            dwPrinterLocal=box.cookie,
            pOptions=options(),
        )
        tasks.append(group.create_task(listen(box)))
    return tasks
