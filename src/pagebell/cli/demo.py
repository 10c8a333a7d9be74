"""`pagebell demo`: a server, a virtual printer and a document, for those who have ten seconds."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from pagebell.cli.failures import CommandError
from pagebell.testing.samples import pdf

PRINTER: Final = "simulated://Demo?ppm=60&warmup=1&media=250"
PATIENCE: Final = 15.0
"""Seconds that the server gets to stop."""
_TEXT: Final = "Pagebell: this is page {page} of {pages}"
_AFTER: Final = """
That was a real IPP server with a virtual printer, gone now. What to try next:

    pagebell serve                     run a server; it prints to a folder until you add printers
    pagebell print FILE                print on it, and watch          (in another terminal)
    pagebell print FILE --to ipp://... print on any IPP printer there is
    pagebell printers add Try --device 'simulated://?ppm=20&media=5'
                                       a printer that soon runs out of paper
    lp -h 127.0.0.1:8631 FILE          any other program that speaks IPP will do as well
"""


def demo(
    *,
    pages: Annotated[int, Parameter(help="How many pages the document has.")] = 6,
) -> int:
    """Print a PDF on a virtual printer, and watch it print.

    A server with a temporary folder starts on a free port of this computer, prints a document, and is gone
    again: nothing that you have is touched.
    """
    if not 1 <= pages <= 1000:
        raise CommandError("The document can have from 1 to 1000 pages.")
    with tempfile.TemporaryDirectory(prefix="pagebell-demo-") as name:
        folder = Path(name)
        document = folder / "hello.pdf"
        document.write_bytes(pdf(pages, _TEXT))
        with _server(folder) as uri:
            _tell(f"\n$ pagebell print {document.name} --to {uri}")
            command = [sys.executable, "-m", "pagebell.cli", "print", str(document), "--to", uri]
            status = subprocess.run(command, check=False).returncode
    if status == 0:
        _tell(_AFTER)
    return status


def _tell(text: str) -> None:
    print(text, flush=True)


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    """A server process that keeps everything in the folder; gives its printer's URI."""
    config = folder / "pagebell.toml"
    config.write_text(f'[printers.Demo]\ndevice = "{PRINTER}"\ninfo = "A virtual printer"\n')
    options = [
        "--config",
        str(config),
        "--state",
        str(folder / "state"),
        "--ipp",
        "127.0.0.1:0",
        "--rpc",
        "off",
    ]
    _tell("$ pagebell serve " + " ".join(options))
    process = subprocess.Popen(
        [sys.executable, "-m", "pagebell.cli", "serve", *options, "--log-level", "warning"],
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


def _until_ready(process: subprocess.Popen[str]) -> str:
    """Pass on what the server prints until it takes requests; returns the printer's URI."""
    uri = ""
    assert process.stdout is not None
    for line in process.stdout:
        _tell(line.rstrip())
        if found := re.match(r"Printer \S+: (\S+)", line):
            uri = found[1]
        if line == "Ready.\n":
            return uri
    raise CommandError("The server did not start; what it said stands above.")
