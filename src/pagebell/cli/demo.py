"""`pagebell demo`: a server, two virtual printers and their documents, for those who have a quarter of a minute."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from pagebell.cli.failures import CommandError
from pagebell.dcerpc.ntlm_keys import nt_hash
from pagebell.ipp.errors import AnsweredElsewhere
from pagebell.ipp.notices import Dialog
from pagebell.stores.users import UserFile, make_user
from pagebell.testing.samples import pdf
from pagebell.winspool import Client

SETTINGS: Final = """
[server]
state = "{state}"
ipp = "127.0.0.1:0"
log-level = "warning"

[rpc]
listen = "127.0.0.1:0"
epm = "off"

[printers.Demo]
device = "simulated://Demo?ppm=120&warmup=1&media=250"
info = "A virtual printer"

[printers.Office]
device = "simulated://Office?ppm=150&warmup=0&duplex=no"
info = "A virtual printer that prints one side"

[sources.manual-duplex]
printers = ["Office"]
"""
USER: Final = "demo"
PATIENCE: Final = 15.0
"""Seconds that the server gets to stop."""
THINKING: Final = 3.0
"""Seconds for somebody at the keyboard to answer; a printer that asks nobody there is answered sooner."""
_TEXT: Final = "Pagebell: this is page {page} of {pages}"
_BOTH_SIDES: Final = """
Now as Windows does it: the job goes by MS-PAR, which also tells what becomes of
it. This printer prints one side; when it asks, by MS-PAN, for the pages to be
turned, {answer}.
"""
_AFTER: Final = """
That was a real server with virtual printers, gone now. What to try next:

    pagebell serve                      a server that prints to a folder
    pagebell print FILE                 print on it, in another terminal
    pagebell print FILE --to ipp://...  print on any IPP printer there is
    pagebell printers add Try --device 'simulated://?ppm=20&media=5'
                                        a printer that soon runs out of paper
    lp -h 127.0.0.1:8631 FILE           any program that speaks IPP will do
"""


def demo(
    *,
    pages: Annotated[int, Parameter(help="How many pages the document has.")] = 6,
) -> int:
    """Print on a virtual printer and watch it print; then on one that asks for its pages to be turned.

    A server with a temporary folder starts on free ports of this computer, prints two documents, and is gone
    again: nothing that you have is touched.
    """
    if not 1 <= pages <= 1000:
        raise CommandError("The document can have from 1 to 1000 pages.")
    for end in (signal.SIGTERM, signal.SIGHUP):  # nothing stays behind when the terminal is closed
        signal.signal(end, lambda number, _: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="pagebell-demo-") as name:
        folder = Path(name)
        password = secrets.token_urlsafe()
        with _server(folder, password) as server:
            status = _print(_document(folder, "hello.pdf", pages), server.printer)
            if status == 0:
                answer = f"press Enter (or wait {THINKING:.0f} seconds)" if _is_seen() else "the demo answers"
                _tell(_BOTH_SIDES.format(answer=answer).rstrip())
                document = _document(folder, "sides.pdf", 4)
                status = asyncio.run(_both_sides(document, server.windows, password))
    if status == 0:
        _tell(_AFTER)
    return status


def _tell(text: str) -> None:
    print(text, flush=True)


def _is_seen() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _document(folder: Path, name: str, pages: int) -> Path:
    document = folder / name
    document.write_bytes(pdf(pages, _TEXT))
    return document


def _command(document: Path, uri: str, *more: str) -> list[str]:
    """How to print it, and tell so."""
    shown = f"\n$ pagebell print {document.name} --to {uri}"
    _tell(f"{shown} \\\n      {' '.join(more)}" if more else shown)
    return [sys.executable, "-m", "pagebell.cli", "print", str(document), "--to", uri, *more]


def _print(document: Path, uri: str) -> int:
    return subprocess.run(_command(document, uri), check=False).returncode


async def _both_sides(document: Path, uri: str, password: str) -> int:
    """Print both sides, and answer what the printer asks unless somebody else does."""
    command = _command(document, uri, "--user", USER, "-o", "sides=two-sided-long-edge")
    async with Client(uri, user=USER, password=password) as client:
        answering = asyncio.create_task(_answer(client))
        try:
            environment = {**os.environ, "PAGEBELL_PASSWORD": password}
            process = await asyncio.create_subprocess_exec(*command, env=environment)
            return await process.wait()
        finally:
            answering.cancel()
            await asyncio.wait({answering})


async def _answer(client: Client) -> None:
    async with contextlib.aclosing(client.notices()) as heard:
        async for one in heard:
            if isinstance(one, Dialog):
                await asyncio.sleep(THINKING if _is_seen() else 1.0)
                with contextlib.suppress(AnsweredElsewhere):
                    await one.reply("ok")
                    if not _is_seen():
                        _tell("The demo answers: ok.")


@dataclass(frozen=True)
class _Server:
    """Where it is."""

    printer: str
    """The first printer's URI, for IPP."""
    windows: str
    """The second's, for Windows' protocols."""


@contextmanager
def _server(folder: Path, password: str) -> Iterator[_Server]:
    """A server process that keeps everything in the folder."""
    config, state = folder / "pagebell.toml", folder / "state"
    config.write_text(SETTINGS.format(state=state))
    state.mkdir(mode=0o700)
    UserFile(state).add(make_user(USER, password, nt_hash(password)))
    _tell(f"$ pagebell serve --config {config}")
    process = subprocess.Popen(
        [sys.executable, "-m", "pagebell.cli", "serve", "--config", str(config)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _until_ready(process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until_ready(process: subprocess.Popen[str]) -> _Server:
    """Pass on what the server prints until it takes requests. Raises CommandError."""
    printer = windows = ""
    assert process.stdout is not None
    for line in process.stdout:
        _tell(line.rstrip())
        if found := re.match(r"Printer Demo: (\S+)", line):
            printer = found[1]
        elif found := re.match(r"Windows clients: (\S+)", line):
            windows = f"par://{found[1]}/Office"
        if line == "Ready.\n":
            return _Server(printer, windows)
    raise CommandError("The server did not start; what it said stands above.")
