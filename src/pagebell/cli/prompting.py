"""What printers say and ask while something is on the screen: notes between the lines, questions at the keyboard."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final, Protocol

from pagebell.cli.console import print_json
from pagebell.cli.desktop import Desktop
from pagebell.cli.failures import sentence
from pagebell.cli.keyboard import is_at_keyboard, typed_line
from pagebell.cli.questions import Prompt, answered, label, record, shown
from pagebell.cli.text import plain_text
from pagebell.cli.words import ANSWER_NEEDED
from pagebell.ipp.errors import AnsweredElsewhere, ClientError, ConnectionFailed, Unsupported
from pagebell.ipp.notices import NOTICE, OPENED, Dialog, Notice
from pagebell.ipp.results import JobInfo
from pagebell.winspool.client.errors import NotLetIn

log = logging.getLogger(__name__)
_BEGINNING: Final = 200
"""Signs by which a question is known again in a message, which may be cut off."""
_LEAVING: Final = 5.0
"""Seconds that the last words may take."""
Heard = AsyncGenerator[Notice | Dialog]
Concerns = Callable[[Notice | Dialog], bool]


class Screen(Protocol):
    """Where it is shown."""

    def note(self, text: str) -> None:
        """Something to tell besides."""

    def prompt(self, prompt: Prompt | None) -> None:
        """What is asked at the keyboard now; None for nothing."""


class Teller(Protocol):
    """What is done with what printers say and ask."""

    async def hear(self, heard: Heard, concerns: Concerns) -> None:
        """Everything that comes and concerns us, for as long as something may come."""

    async def ask(self, dialog: Dialog) -> None:
        """One question."""


class Asker:
    """Tells notices, and asks dialogs one after the other, until somebody has answered, here or elsewhere."""

    def __init__(self, screen: Screen, hint: str, desktop: Desktop | None = None) -> None:
        """``hint`` is what a command needs to reach the same server."""
        self._screen, self._hint, self._desktop = screen, hint, desktop
        self._keyboard = asyncio.Lock()

    async def hear(self, heard: Heard, concerns: Concerns) -> None:
        """Everything that comes; what can't be had is told once."""
        try:
            async with asyncio.TaskGroup() as tasks, aclosing(heard):
                async for one in heard:
                    if not concerns(one):
                        continue
                    if isinstance(one, Notice):
                        self._screen.note(one_line(one.title, one.text))
                        if self._desktop is not None:
                            tasks.create_task(self._desktop.tell(one.title or one.printer, one.text))
                    else:
                        tasks.create_task(self.ask(one), name=f"question {one.number}")
        except* (ConnectionFailed, Unsupported, NotLetIn) as errors:
            log.debug("nothing is heard of questions: %s", errors.exceptions[0])
        except* ClientError as errors:
            self._screen.note(sentence(errors.exceptions[0]))

    async def mention(self, dialog: Dialog) -> None:
        """Tell what is asked, and how to answer it elsewhere."""
        self._screen.note(self._instruction(dialog, dialog.text))

    async def ask(self, dialog: Dialog) -> None:
        """One question, at the keyboard and on the desktop; or as a line that says how to answer."""
        ways: list[Coroutine[Any, Any, tuple[str, str]]] = []
        if is_at_keyboard() and dialog.choices:
            ways.append(self._at_keyboard(dialog))
        else:
            self._screen.note(self._instruction(dialog))
        if self._desktop is not None and dialog.choices:
            ways.append(self._desktop.ask(dialog))
        if not ways:
            return
        over = asyncio.ensure_future(dialog.over())
        asking = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait([over, *asking], return_when=asyncio.FIRST_COMPLETED)
            done = next((one for one in asking if one.done()), None)
        finally:
            for task in (over, *asking):
                task.cancel()
            await asyncio.wait([over, *asking])
        self._screen.note(_end(dialog) if done is None else await self._reply(dialog, done))

    async def _at_keyboard(self, dialog: Dialog) -> tuple[str, str]:
        """The choice and the text; there is one keyboard. Raises EOFError when nobody wants to answer."""
        title = plain_text(dialog.title).rstrip(".")
        if dialog.job is not None:
            title += f" ({plain_text(dialog.printer).rstrip('.')}, job {dialog.job})"
        prompt = Prompt(title, plain_text(dialog.text), label(dialog))

        def seen(typed: str) -> None:
            self._screen.prompt(replace(prompt, typed="*" * len(typed) if dialog.secret else typed))

        async with self._keyboard:
            try:
                while True:
                    self._screen.prompt(prompt)
                    typed = await typed_line(seen)
                    meant = answered(dialog, typed)
                    if meant is not None:
                        return meant
                    remark = f"{plain_text(typed).rstrip('.')!r} is none of the answers."
                    prompt = replace(prompt, remark=remark)
            finally:
                self._screen.prompt(None)

    async def _reply(self, dialog: Dialog, asking: asyncio.Future[tuple[str, str]]) -> str:
        """Send what was answered; returns what to tell."""
        title = plain_text(dialog.title).rstrip(".")
        try:
            choice, text = asking.result()
            await dialog.reply(choice, text)
        except EOFError:
            return self._instruction(dialog)
        except AnsweredElsewhere:
            return _end(dialog)
        except ClientError as error:
            return f"{title}: {sentence(error)}"
        return f"{title}: {choice}."

    def _instruction(self, dialog: Dialog, text: str | None = None) -> str:
        """The question, and how to answer it elsewhere; a job's line tells its question already, unless it is given."""
        asked = one_line(dialog.title, text or ("" if dialog.job is not None else dialog.text))
        if not dialog.choices:
            return f"{asked} Only its vendor's software can answer."
        number = f" {dialog.number}" if dialog.job is not None else ""
        return f"{asked} Answer with: pagebell dialogs answer{number}{self._hint} ({shown(dialog.choices)})"


class Recorder:
    """Writes all as JSON, one object a line, and never asks."""

    async def hear(self, heard: Heard, concerns: Concerns) -> None:
        """Everything that comes; what can't be had is not told."""
        try:
            async with aclosing(heard):
                async for one in heard:
                    if not concerns(one):
                        continue
                    if isinstance(one, Dialog):
                        await self.ask(one)
                    else:
                        told = {"printer": one.printer, "job": one.job, "title": one.title, "text": one.text}
                        self._write(NOTICE, told)
        except ClientError as error:
            log.debug("nothing is heard of notices: %s", error)

    async def ask(self, dialog: Dialog) -> None:
        """Write that it is open."""
        self._write(OPENED, record(dialog))

    @staticmethod
    def _write(event: str, told: Mapping[str, object]) -> None:
        known = {key: value for key, value in told.items() if value not in (None, "")}
        print_json({"event": event, **known})


class Attention:
    """Hears a printer from the first news of the first of our jobs to the end of the last. [MS-PRSOD] 2.5.3.7.1 (b)"""

    def __init__(self, teller: Teller, notices: Callable[[], Heard]) -> None:
        self._teller, self._notices = teller, notices
        self._jobs: dict[int, JobInfo] = {}
        """Those that are not final."""
        self._strangers: list[Dialog] = []
        """Dialogs of jobs of which there was no news yet."""
        self._nameless: list[Dialog] = []
        """Dialogs that don't tell their job."""
        self._shown: dict[Dialog, int] = {}
        """Those of them that are some job's message."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop: asyncio.Event | None = None

    def see(self, job: JobInfo) -> None:
        """A job of ours stands so now."""
        if not job.is_final:
            self._jobs[job.id] = job
            if self._stop is None:
                self._stop = asyncio.Event()
                self._begin(self._teller.hear(_until(self._stop, self._notices()), self._concerns))
            for dialog in [dialog for dialog in self._strangers if dialog.job == job.id]:
                self._strangers.remove(dialog)
                self._begin(self._teller.ask(dialog))
            self._compare(job)
        elif self._jobs.pop(job.id, None) is not None and not self._jobs and self._stop is not None:
            self._stop.set()
            self._stop = None

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _concerns(self, one: Notice | Dialog) -> bool:
        if one.job is not None:
            if one.job not in self._jobs and isinstance(one, Dialog):
                self._strangers.append(one)
            return one.job in self._jobs
        if isinstance(one, Dialog):
            self._nameless.append(one)
            for job in self._jobs.values():
                self._compare(job)
        return True

    def _compare(self, job: JobInfo) -> None:
        """By [MS-PAN] nobody hears that another one has answered; the job's message, which was the question, tells."""
        self._nameless = [dialog for dialog in self._nameless if dialog.is_open]
        for dialog in self._nameless:
            if dialog.text and dialog.text[:_BEGINNING] in job.message:
                self._shown[dialog] = job.id
            elif self._shown.get(dialog) == job.id:
                del self._shown[dialog]
                dialog.end()

    def is_asked(self, job: JobInfo) -> bool:
        """Whether the job waits for an answer, as far as is known."""
        return ANSWER_NEEDED in job.reasons or job.id in self._shown.values()

    async def close(self) -> None:
        """Hear no more; what is being said to its end is waited for."""
        if not self._jobs and self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=_LEAVING)
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))


async def _until(stop: asyncio.Event, heard: Heard) -> Heard:
    """The same, until it is enough."""
    stopped = asyncio.ensure_future(stop.wait())
    try:
        async with aclosing(heard):
            while True:
                following = asyncio.ensure_future(anext(heard))
                try:
                    await asyncio.wait({following, stopped}, return_when=asyncio.FIRST_COMPLETED)
                    if not following.done():
                        return
                    yield following.result()
                except StopAsyncIteration:
                    return
                finally:
                    following.cancel()
                    await asyncio.wait({following})
    finally:
        stopped.cancel()


def one_line(title: str, text: str) -> str:
    """A title and a text as people read them."""
    heading, body = plain_text(title), plain_text(text)
    return f"{heading.rstrip('.')}: {body}" if heading and body else heading or body


def _end(dialog: Dialog) -> str:
    return f"{plain_text(dialog.title).rstrip('.')}: answered elsewhere, or no longer asked."
