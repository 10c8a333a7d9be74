"""`/events` and the JSON API over a real connection, read by clients that are not ours."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from httpx_sse import ServerSentEvent, aconnect_sse

from pagebell.app import Running
from pagebell.event_json import EventView
from pagebell.web.api import messages as m
from tests import peers

TIMEOUT = httpx.Timeout(20.0)


@pytest.fixture
async def client(running: Running) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"requesting-user-name": "ada"}
    base = f"http://{running.authority}"
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=TIMEOUT, trust_env=False) as client:
        yield client


async def submit(client: httpx.AsyncClient, octets: bytes = b"hello", printer: str = "PDF") -> dict[str, Any]:
    answer = await client.post(f"/api/v1/printers/{printer}/jobs", content=octets)
    assert answer.status_code == 201, answer.text
    job: dict[str, Any] = answer.json()
    return job


async def read(client: httpx.AsyncClient, path: str, until: str, last: str = "") -> list[ServerSentEvent]:
    """The events up to the first of that kind."""
    headers = {"last-event-id": last} if last else {}
    found = []
    async with aconnect_sse(client, "GET", path, headers=headers) as source:
        assert source.response.status_code == 200
        async for event in source.aiter_sse():
            if not event.data:
                continue
            found.append(event)
            if event.event == until:
                return found
    raise AssertionError("the stream came to an end")


async def readers(running: Running, wanted: int) -> None:
    """Wait until so many read the log."""
    async with asyncio.timeout(10):
        while len(running.spooler.feed) != wanted:
            await asyncio.sleep(0)


async def test_job_is_followed_to_its_end_and_further_reading_goes_on_after_it(
    client: httpx.AsyncClient,
) -> None:
    job = await submit(client)
    first = await read(client, f"/events?job={job['id']}&events=job-state-changed", "job-completed", last="0")
    assert first[0].event == "job-created"
    assert first[-1].json()["job"]["state"] == "completed"
    again = await submit(client)
    rest = await read(client, "/events?events=job-created,job-completed", "job-completed", last=first[-1].id)
    assert [event.json()["job"]["id"] for event in rest] == [again["id"]] * len(rest)
    numbers = [int(event.id) for event in (*first, *rest)]
    assert numbers == sorted(set(numbers))


async def test_client_that_vanishes_frees_its_place_at_once(running: Running) -> None:
    for how in (socket.SHUT_RDWR, None):
        connection = socket.create_connection((running.host, running.port), timeout=10)
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await readers(running, 1)
        if how is None:  # a reset instead of a farewell
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        else:
            connection.shutdown(how)
        connection.close()
        await readers(running, 0)


async def test_curl_reads_events_and_a_document_larger_than_other_bodies_may_be(
    running: Running, tmp_path: Path
) -> None:
    curl = peers.find("curl")
    (tmp_path / "large").write_bytes(b"x" * 3_000_000)
    base = f"http://{running.authority}"
    listening = await asyncio.create_subprocess_exec(
        *(curl, "-sN", "--max-time", "30", f"{base}/events?events=job-completed"),
        stdout=asyncio.subprocess.PIPE,
    )
    await readers(running, 1)
    printing = await asyncio.create_subprocess_exec(
        *(
            curl,
            "-sf",
            "--data-binary",
            f"@{tmp_path / 'large'}",
            "-H",
            "Content-Type: application/octet-stream",
        ),
        f"{base}/api/v1/printers/PDF/jobs?name=Large",
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await printing.communicate()
    assert json.loads(told)["octets"] == 3_000_000
    assert listening.stdout is not None
    lines: list[str] = []
    while not lines or not lines[-1].startswith("data: {"):
        lines.append((await listening.stdout.readline()).decode().rstrip())
    listening.kill()
    await listening.wait()
    assert json.loads(lines[-1].removeprefix("data: "))["job"]["name"] == "Large"
    await readers(running, 0)


@pytest.mark.parametrize("number", [2**31, 2**63, 10**30])
async def test_number_that_nothing_has_is_not_found(client: httpx.AsyncClient, number: int) -> None:
    """Nor is it more than the store can look for."""
    for path in ("jobs", "subscriptions", "dialogs"):
        assert (await client.get(f"/api/v1/{path}/{number}")).status_code == 404


async def test_page_of_the_server_may_read_its_events(client: httpx.AsyncClient) -> None:
    """By Content Security Policy 3, 6.1.2 an EventSource is a connection."""
    policy = (await client.get("/")).headers["content-security-policy"]
    assert "connect-src 'self'" in policy.split("; ")


async def test_other_bodies_keep_their_limit(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/api/v1/subscriptions", content=b" " * 2_000_000, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413


async def test_answer_before_a_documents_end_is_told(client: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(50):
            yield b"x" * 65_536

    answer = await client.post("/api/v1/printers/nowhere/jobs", content=endless())
    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no printer 'nowhere'")


async def test_types_are_those_of_the_description(client: httpx.AsyncClient) -> None:
    await submit(client)
    for path, kind in [
        ("/api/v1/printers", m.Printers),
        ("/api/v1/printers/PDF", m.PrinterInfo),
        ("/api/v1/jobs?which=all", m.Jobs),
        ("/api/v1/subscriptions", m.Subscriptions),
    ]:
        answer = await client.get(path)
        assert msgspec.json.decode(answer.content, type=kind)
    (event,) = await read(client, "/events?events=job-created", "job-created", last="0")
    assert msgspec.json.decode(event.data, type=EventView)


async def test_server_that_goes_down_ends_the_streams(running: Running, client: httpx.AsyncClient) -> None:
    async with aconnect_sse(client, "GET", "/events") as source:
        await readers(running, 1)
        running.spooler.begin_stop()
        assert [event async for event in source.aiter_sse() if event.data] == []
    answer = await client.get("/events")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
