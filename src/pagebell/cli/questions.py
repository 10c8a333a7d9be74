"""What printers ask people, by the server's JSON API; and the keyboard, which answers."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from pagebell.cli.connection import Connection
from pagebell.cli.failures import CommandError
from pagebell.ipp.client import Client

_PATIENCE: Final = 15.0
"""Seconds for an answer of the server."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits for an answer."""

    id: int
    printer: str
    job: int | None
    user: str
    title: str
    text: str
    choices: tuple[str, ...]
    entry: str
    secret: bool

    @classmethod
    def of(cls, told: dict[str, Any]) -> Asked:
        """As the API tells it."""
        return cls(
            id=int(told["id"]),
            printer=str(told["printer"] or ""),
            job=told["job"],
            user=str(told["user"] or ""),
            title=str(told["title"]),
            text=str(told["text"]),
            choices=tuple(map(str, told["choices"])),
            entry=str(told["entry"]),
            secret=bool(told["secret"]),
        )


class Questions:
    """The dialogs of one server."""

    def __init__(self, connection: Connection, client: Client) -> None:
        self._root = client.address.at("/api/v1").url
        self._user = client.user
        credentials = (connection.user, connection.password)
        self._credentials = client.address.credentials or (credentials if all(credentials) else None)
        self._verify = not connection.insecure

    async def open(self, job: int | None = None) -> list[Asked]:
        """Those that wait for you, of one job or of all. Raises CommandError."""
        told = await self._ask("GET", "/dialogs" if job is None else f"/dialogs?job={job}")
        return [Asked.of(one) for one in told["items"]]

    async def one(self, number: int) -> Asked:
        """One of them. Raises CommandError."""
        return Asked.of(await self._ask("GET", f"/dialogs/{number}"))

    async def answer(self, number: int, choice: str, text: str = "") -> None:
        """Answer one. Raises CommandError, also when somebody else was first."""
        await self._ask("POST", f"/dialogs/{number}/answer", {"choice": choice, "text": text})

    async def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"Requesting-User-Name": self._user}
        timeout = aiohttp.ClientTimeout(total=_PATIENCE)
        connector = aiohttp.TCPConnector(ssl=self._verify)
        try:
            async with aiohttp.ClientSession(
                connector=connector, timeout=timeout, headers=headers
            ) as session:
                for proof in (None, self._credentials):
                    given = {}
                    if proof is not None:
                        given["Authorization"] = aiohttp.encode_basic_auth(*proof, encoding="utf-8")
                    async with session.request(method, self._root + path, json=body, headers=given) as answer:
                        if answer.status == 401 and proof is None and self._credentials is not None:
                            continue
                        return await _read(answer)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise CommandError(
                f"Cannot ask the server for its questions: {str(error) or 'no answer'}."
            ) from None
        raise AssertionError


async def _read(answer: aiohttp.ClientResponse) -> dict[str, Any]:
    if answer.status == 204:
        return {}
    told: dict[str, Any] = await answer.json(content_type=None)
    if answer.status < 400:
        return told
    detail = str(told.get("detail", ""))
    raise CommandError(f"{(detail or f'The server refuses: HTTP {answer.status}').rstrip('.')}.")


def is_at_keyboard() -> bool:
    """Whether somebody can answer here."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def shown(choices: Sequence[str]) -> str:
    """The choices, the letter to press before each: `[o]k / [c]ancel`; the first is what Enter means."""
    return " / ".join(f"[{one[:1]}]{one[1:]}" for one in choices)


def chosen(choices: Sequence[str], typed: str) -> str | None:
    """The choice that was meant: by its name, its beginning, or Enter for the first; None for none of them."""
    typed = typed.strip().lower()
    if not typed:
        return choices[0] if choices else None
    found = [one for one in choices if one.lower().startswith(typed)]
    return found[0] if len(found) == 1 else None


@asynccontextmanager
async def keyboard() -> AsyncIterator[asyncio.StreamReader]:
    """Lines that are typed, without a thread that could not be interrupted."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    descriptor = os.dup(sys.stdin.fileno())

    def ready() -> None:
        typed = os.read(descriptor, 4096)
        if typed:
            reader.feed_data(typed)
        else:
            reader.feed_eof()
            loop.remove_reader(descriptor)

    loop.add_reader(descriptor, ready)
    try:
        yield reader
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def typed_line(reader: asyncio.StreamReader) -> str:
    """One line. Raises EOFError when there will be none."""
    line = await reader.readline()
    if not line:
        raise EOFError
    return line.decode(errors="replace").rstrip("\r\n")
