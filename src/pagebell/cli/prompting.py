"""A job's questions at the keyboard, while its progress is shown."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from pagebell.cli.connection import Connection
from pagebell.cli.failures import CommandError
from pagebell.cli.progress import Display
from pagebell.cli.questions import Asked, Questions, chosen, is_at_keyboard, keyboard, shown, typed_line
from pagebell.cli.words import ANSWER_NEEDED, plain_text
from pagebell.ipp.client import Client
from pagebell.ipp.results import JobInfo

_ONE_AT_A_TIME = asyncio.Lock()
"""There is one keyboard."""


class Asker:
    """Asks what a job wants to know, until somebody has answered, here or elsewhere."""

    def __init__(self, connection: Connection, client: Client, screen: Display) -> None:
        self._questions = Questions(connection, client)
        self._hint = connection.at(client.address.at("/").uri).hint()
        self._screen = screen
        self._asking: asyncio.Task[None] | None = None
        self._text = ""

    def see(self, job: JobInfo) -> None:
        """The job stands so now: begin to ask, or leave off."""
        text = job.message if ANSWER_NEEDED in job.reasons else ""
        if text == self._text:
            return
        self._text = text
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None
        if text:
            self._asking = asyncio.create_task(self._ask(job), name=f"questions of job {job.id}")

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _ask(self, job: JobInfo) -> None:
        with suppress(
            CommandError, EOFError
        ):  # somebody else was first, or nobody types: the line above tells
            for asked in await self._questions.open(job.id):
                if not is_at_keyboard() or not asked.choices:
                    self._screen.note(f"Answer with: pagebell dialogs answer {asked.id}{self._hint}")
                    continue
                async with _ONE_AT_A_TIME:
                    await self._at_keyboard(asked)

    async def _at_keyboard(self, asked: Asked) -> None:
        secret = asked.secret and bool(asked.entry)
        with self._screen.suspended(secret=secret):
            print(f"\n{plain_text(asked.title).rstrip('.')}\n{plain_text(asked.text)}")
            async with keyboard() as reader:
                text = ""
                if asked.entry:
                    print(f"{asked.entry} (nothing to cancel): ", end="", flush=True)
                    text = await typed_line(reader)
                    choice: str | None = asked.choices[0] if text else asked.choices[-1]
                    print()
                else:
                    choice = await self._choice(asked, reader)
            if choice is not None:
                await self._questions.answer(asked.id, choice, text)

    async def _choice(self, asked: Asked, reader: asyncio.StreamReader) -> str | None:
        while True:
            print(f"{shown(asked.choices)}: ", end="", flush=True)
            choice = chosen(asked.choices, await typed_line(reader))
            if choice is not None:
                return choice
