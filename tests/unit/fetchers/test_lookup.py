"""Names are looked up beside everything else: one that nobody answers for keeps nobody waiting."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from pagebell.http import outbound


async def test_name_of_this_machine_is_found() -> None:
    assert "127.0.0.1" in await outbound.lookup("localhost", 80)


async def test_silent_name_server_keeps_no_other_name_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = threading.Event()
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *more: object, **options: object) -> object:
        if host == "silent.test":
            answer.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "nobody answers")
        return real(host, *more, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    waiting = [
        asyncio.ensure_future(outbound.lookup("silent.test", 80)) for _ in range(outbound.MOST_LOOKUPS - 1)
    ]
    await asyncio.sleep(0)
    assert "127.0.0.1" in await outbound.lookup("localhost", 80)
    answer.set()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, socket.gaierror) for one in found)


async def test_lookups_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "_lookups", threading.BoundedSemaphore(1))
    assert outbound._lookups.acquire()
    with pytest.raises(OSError, match="being looked up already"):
        await outbound.lookup("localhost", 80)


@pytest.mark.parametrize("name", ["no-such-host.invalid", "x" * 70 + ".test"])
async def test_name_that_is_none_is_an_error_of_the_system(name: str) -> None:
    with pytest.raises(OSError):
        await outbound.lookup(name, 80)
