"""The command ``pagebell print``: submit documents, and tell what becomes of them."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from pagebell.cli.connection import LOCAL, Connection, run
from pagebell.cli.console import console
from pagebell.cli.desktop import Desktop, connected
from pagebell.cli.failures import CommandError, Interrupted, UsageError, sentence
from pagebell.cli.progress import Display, Line, Tone, display
from pagebell.cli.prompting import Asker, Attention
from pagebell.cli.reading import STDIN, demand_readable, joined, stdin_pieces
from pagebell.cli.text import plain_text, readable
from pagebell.cli.words import ANSWER_NEEDED, is_troubled, outcome, printer_troubles, progress, size
from pagebell.ipp import registry as r
from pagebell.ipp.client import Client
from pagebell.ipp.errors import ClientError, ConnectionFailed, NotAccepting, NotFound, Unavailable
from pagebell.ipp.follow import Feedback, JobUpdate
from pagebell.ipp.notices import OPENED
from pagebell.ipp.options import parse_options
from pagebell.ipp.registry import JobState
from pagebell.ipp.results import JobInfo
from pagebell.ipp.upload import Progress, document_format
from pagebell.ipp.values import Attribute
from pagebell.winspool.client.addresses import is_windows

if TYPE_CHECKING:
    from pagebell.cli.connection import PrintClient
    from pagebell.winspool.client.client import Client as WindowsClient

EXIT_UNKNOWN: Final = 3
_BUSY: Final = 1.0
_BUSY_MOST: Final = 10.0


def print_files(
    *files: Annotated[str, Parameter(allow_leading_hyphen=True, validator=None)],
    to: str = "",
    copies: Annotated[int | None, Parameter(name=["--copies", "-n"])] = None,
    option: Annotated[tuple[str, ...], Parameter(name=["--option", "-o"], negative="")] = (),
    title: str = "",
    wait: Annotated[bool, Parameter(negative="--no-wait")] = True,
    hold: Annotated[bool, Parameter(negative="")] = False,
    pin: Annotated[bool, Parameter(negative="")] = False,
    desktop: Annotated[bool, Parameter(negative="")] = False,
    connection: Connection = LOCAL,
) -> int:
    """Print files on any IPP printer or Windows print server and tell how it goes, to the end.

    Parameters
    ----------
    files
        Files to print, each as a job of its own; '-' is standard input.
    to
        The printer: its name on the server, or any printer's address: ipp://, par://, rprn:// or \\\\HOST\\QUEUE. The
        server's default when left out.
    copies
        How many copies of each.
    option
        NAME=VALUE, as IPP names them: sides=two-sided-long-edge, media=iso_a4_210x297mm, page-ranges=1-3,5.
        May be given several times.
    title
        What to call the job, instead of the file's name.
    wait
        Stay until the documents are printed.
    hold
        Keep the jobs from printing until they are released.
    pin
        Keep the jobs until their PIN is typed, on printers that wait for one. You are asked for it, unless it is in
        PAGEBELL_PIN.
    desktop
        Show what the printer says and asks, and the end, as notifications on the desktop, too.
    """
    if not files:
        raise UsageError("No file was named. Name one, or '-' for standard input.")
    for file in files:
        if file.startswith("-") and file != STDIN:
            raise UsageError(f"There is no option {file}. 'pagebell print --help' shows those that are.")
    options = parse_options(option)
    if copies is not None:
        options += parse_options([f"copies={copies}"])
    if hold:
        options += parse_options(["job-hold-until=indefinite"])
    for file in files:
        if file != STDIN:
            demand_readable(file)
    if pin:
        options += _pin(connection.any(to))
    order = _Order(
        connection=connection,
        to=to,
        files=files,
        options=options,
        title=title,
        wait=wait and not hold,
        hold=hold,
        desktop=desktop,
    )
    return order.carry_out()


@dataclass(slots=True)
class _Paper:
    """One document on its way."""

    number: int
    file: str
    name: str
    title: str
    fraction: float = 0.0
    job: JobInfo | None = None
    tone: Tone = Tone.GOING


class _Order:
    """Everything that one ``pagebell print`` has to do."""

    def __init__(
        self,
        *,
        connection: Connection,
        to: str,
        files: tuple[str, ...],
        options: list[Attribute],
        title: str,
        wait: bool,
        hold: bool,
        desktop: bool,
    ) -> None:
        self._connection = connection
        self._to = to
        self._options = options
        self._wait = wait
        self._hold = hold
        self._wants_desktop = desktop
        self._desktop: Desktop | None = None
        self._client: PrintClient | None = None
        self._attention: Attention | None = None
        self._papers = [
            _Paper(number, file, _name(file), title or _name(file)) for number, file in enumerate(files)
        ]

    def carry_out(self) -> int:
        """Print all; returns the exit status."""
        screen = display(console())
        try:
            with screen:
                run(lambda: self._work(screen))
        except Interrupted:
            self._say_how_to_cancel()
            raise
        tones = {paper.tone for paper in self._papers}
        if Tone.FAILED in tones:
            return 1
        return EXIT_UNKNOWN if Tone.UNKNOWN in tones else 0

    async def _work(self, screen: Display) -> None:
        """Send one document after the other; each is followed while the next is sent."""
        async with await self._open() as client:
            self._client = client
            if self._wants_desktop:
                self._desktop = await connected()
            where = await self._greet(client, screen)
            try:
                async with asyncio.TaskGroup() as group:
                    for paper in self._papers:
                        if self._wait and not isinstance(client, Client):
                            sent = asyncio.Event()
                            group.create_task(self._print_and_follow(client, paper, screen, where, sent))
                            await sent.wait()
                        elif await self._send(client, paper, screen, where) and self._wait:
                            group.create_task(self._follow(client, paper, screen))
            finally:
                if self._attention is not None:
                    await self._attention.close()

    async def _open(self) -> PrintClient:
        """A client of the printer that was meant."""
        if self._to:
            return self._connection.any(self._to)
        client = self._connection.any()
        if not isinstance(client, Client) or client.address.path != "/":
            return client
        async with client:
            try:
                printer = await client.default_printer()
            except NotFound:
                lacking = "The server has no default printer. Name one with --to"
                raise CommandError(f"{lacking}; 'pagebell printers list' shows them.") from None
        path = "/" + printer.uri.split("://", 1)[-1].partition("/")[2]
        return self._connection.client(client.address.at(path).uri)

    async def _greet(self, client: PrintClient, screen: Display) -> str:
        """See that the printer is there, before anything is drawn; returns its name."""
        printer = await client.printer()
        if printer.accepting is False:
            troubles = printer_troubles(printer.reasons)
            why = f" {troubles[0]}" if troubles else ""
            raise CommandError(f"The printer {printer.name or client.uri} takes no jobs at present.{why}")
        if not isinstance(client, Client) or OPENED in printer.events:
            asker = Asker(screen, self._connection.at(_root(client)).hint(), self._desktop)
            self._attention = Attention(asker, client.notices)
        return plain_text(printer.name).rstrip(".") or client.uri

    async def _send(self, client: PrintClient, paper: _Paper, screen: Display, where: str) -> bool:
        try:
            paper.job = await self._submit(client, paper, screen, self._sending(paper, screen))
        except (ClientError, OSError) as error:
            self._failed(paper, screen, error)
            return False
        self._was_sent(paper, screen, paper.job, where)
        return True

    def _sending(self, paper: _Paper, screen: Display) -> Progress:
        """What shows how far a document has been sent."""

        def sent(octets: int, total: int | None) -> None:
            paper.fraction = octets / total if total else 0.0
            text = f"Sending: {size(octets)} of {size(total)}." if total else f"Sending: {size(octets)}."
            screen.show(paper.number, Line(paper.name, text, fraction=paper.fraction, passing=True))

        return sent

    def _failed(self, paper: _Paper, screen: Display, error: ClientError | OSError) -> None:
        paper.fraction = 0.0
        self._show(paper, screen, sentence(error), Tone.FAILED)

    def _was_sent(self, paper: _Paper, screen: Display, job: JobInfo, where: str) -> None:
        paper.job, paper.fraction = job, 0.0
        if job.ignored:
            screen.note(f"{paper.name}: The printer leaves out {', '.join(job.ignored)}.")
        sent_as = f"Sent to {where} as job {job.id}."
        if self._hold:
            sent_as += f" It is held; release it with 'pagebell release {self._reference(job)}'."
        self._show(paper, screen, sent_as, Tone.GOING if self._wait else Tone.LEFT)

    async def _print_and_follow(
        self, client: WindowsClient, paper: _Paper, screen: Display, where: str, sent: asyncio.Event
    ) -> None:
        """Listen, print, and tell how it goes: Windows' print servers are listened to before the job begins."""
        source = stdin_pieces() if paper.file == STDIN else Path(paper.file)
        updates = client.print_and_follow(
            source, self._options, title=paper.title, progress=self._sending(paper, screen)
        )
        try:
            async with aclosing(updates):
                first = await anext(updates)
                self._was_sent(paper, screen, first.job, where)
                self._tell(paper, screen, first)
                if self._attention is not None:
                    self._attention.see(first.job)
                sent.set()
                await self._tell_all(paper, screen, updates)
        except (ClientError, OSError) as error:
            self._failed(paper, screen, error)
        finally:
            sent.set()

    async def _submit(self, client: PrintClient, paper: _Paper, screen: Display, sent: Progress) -> JobInfo:
        """Hand the document to the printer; a busy one is asked again, as RFC 8011 B.1.5.8 has it."""
        if paper.file == STDIN:
            pieces = stdin_pieces()
            first = await anext(pieces, b"")
            kind = document_format(first)
            return await client.print_document(
                joined(first, pieces), self._options, title=paper.title, document_format=kind, progress=sent
            )
        delay = _BUSY
        while True:
            try:
                return await client.print_file(paper.file, self._options, title=paper.title, progress=sent)
            except Unavailable as error:
                if not self._wait or isinstance(error, NotAccepting):
                    raise
            paper.fraction = 0.0
            self._show(paper, screen, "The printer is busy; trying again.", Tone.TROUBLE)
            await asyncio.sleep(delay)
            delay = min(delay * 2, _BUSY_MOST)

    async def _follow(self, client: PrintClient, paper: _Paper, screen: Display) -> None:
        assert paper.job is not None
        await self._tell_all(paper, screen, client.follow(paper.job))

    async def _tell_all(self, paper: _Paper, screen: Display, updates: AsyncIterator[JobUpdate]) -> None:
        """Tell how a document that was sent comes along, as long as somebody knows."""
        try:
            async for update in updates:
                paper.job = update.job
                self._tell(paper, screen, update)
                if self._attention is not None:
                    self._attention.see(update.job)
            if self._desktop is not None and paper.job is not None and paper.job.is_final:
                await self._desktop.tell(paper.name, outcome(paper.job))
        except ClientError as error:
            why = f": {error.reason}." if isinstance(error, ConnectionFailed) else f". {sentence(error)}"
            number = "" if paper.job is None else f" {paper.job.id}"
            text = f"Sent as job{number}, but what became of it is not known{why}"
            self._show(paper, screen, text, Tone.UNKNOWN)

    def _tell(self, paper: _Paper, screen: Display, update: JobUpdate) -> None:
        job = update.job
        if update.feedback is Feedback.NONE:
            text = f"Sent as job {job.id}. {update.problem} What became of it is not known."
            self._show(paper, screen, text, Tone.UNKNOWN)
        elif job.is_final:
            done = job.state == JobState.COMPLETED
            paper.fraction = 1.0 if done else _printed(job)
            self._show(paper, screen, outcome(job), Tone.DONE if done else Tone.FAILED)
        else:
            paper.fraction = _printed(job)
            stopped = job.state == JobState.PROCESSING_STOPPED or is_troubled(update.printer.reasons)
            troubled = stopped or ANSWER_NEEDED in job.reasons or update.feedback is Feedback.INTERRUPTED
            self._show(paper, screen, progress(update), Tone.TROUBLE if troubled else Tone.GOING)

    def _show(self, paper: _Paper, screen: Display, text: str, tone: Tone) -> None:
        paper.tone = tone
        screen.show(paper.number, Line(paper.name, text, tone, paper.fraction))

    def _reference(self, job: JobInfo) -> str:
        """A job's number, and the server where it is no other than the default."""
        if self._client is None or not ("://" in self._to or is_windows(self._to)):
            return f"{job.id}{self._connection.hint()}"
        return f"{job.id}{self._connection.at(self._client.uri).hint()}"

    def _say_how_to_cancel(self) -> None:
        for paper in self._papers:
            if paper.job is None:
                print(f"{paper.name}: Not sent.", file=sys.stderr)
            elif not paper.job.is_final:
                number, reference = paper.job.id, self._reference(paper.job)
                told = f"{paper.name}: Job {number} goes on printing."
                if self._attention is not None and self._attention.is_asked(paper.job):
                    server = reference.removeprefix(str(number))
                    answer = f"pagebell dialogs answer{server}"
                    told = f"{paper.name}: Job {number} waits for an answer ('{answer}')."
                print(f"{told} Cancel it with: pagebell cancel {reference}", file=sys.stderr)


def _root(client: PrintClient) -> str:
    """The server's address, for further commands; a Windows printer's own, for its server may hear less."""
    return client.address.at("/").uri if isinstance(client, Client) else client.uri


def _pin(client: PrintClient) -> list[Attribute]:
    """A PIN that was asked for, as an option. Raises UsageError where it could not travel unread."""
    if not isinstance(client, Client):
        raise UsageError(
            "Windows' print protocols have no place for a PIN; print to an ipps:// address with --pin."
        )
    if not client.address.secure:
        raise UsageError(
            f"A PIN goes over encrypted connections alone: print to ipps://, not to {client.uri}."
        )
    typed = os.environ.get("PAGEBELL_PIN", "")
    if not typed and sys.stdin.isatty():
        typed = getpass.getpass("PIN for these documents: ")
    if not typed:
        raise UsageError("No PIN was given. Set PAGEBELL_PIN, or run it at a terminal.")
    return [r.job_password(typed.encode()), r.job_password_encryption("none")]


def _name(file: str) -> str:
    return "standard input" if file == STDIN else readable(Path(file).name)


def _printed(job: JobInfo) -> float:
    return (job.impressions_completed or 0) / job.impressions if job.impressions else 0.0
