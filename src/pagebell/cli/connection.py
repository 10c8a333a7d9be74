"""Where a command goes: the options that every command has, and the client they make."""

from __future__ import annotations

import asyncio
import getpass
import os
import shlex
import signal
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from cyclopts import Group, Parameter

from pagebell.cli.failures import CommandError, Interrupted
from pagebell.ipp.administration import printer_uri
from pagebell.ipp.client import Client
from pagebell.winspool.client.addresses import is_windows, parse

if TYPE_CHECKING:
    from pagebell.winspool.client.client import Client as WindowsClient

    PrintClient = Client | WindowsClient
    """What prints, whatever it speaks; Windows' protocols are loaded only where they are spoken."""

T = TypeVar("T")

DEFAULT_SERVER: Final = "ipp://127.0.0.1:8631/"
_GROUP: Final = Group("Connection", sort_key=90)


@Parameter(name="*", group=_GROUP)
@dataclass(frozen=True, slots=True)
class Connection:
    """Which server to speak to, and as whom."""

    server: Annotated[str, Parameter(env_var="PAGEBELL_SERVER", show_default=True)] = DEFAULT_SERVER
    r"""The print server's address, such as ipp://HOST:PORT/, ipps://HOST/, par://HOST or \\HOST."""

    user: Annotated[str, Parameter(name=["--user", "-u"], env_var="PAGEBELL_USER")] = ""
    """Whom to print as; your login name when left out. A server that wants proof gets your ticket or a password."""

    password_file: Annotated[str, Parameter(env_var="PAGEBELL_PASSWORD_FILE")] = ""
    """File with the password, which may also be in PAGEBELL_PASSWORD; else you are asked at need."""

    insecure: Annotated[bool, Parameter(negative="")] = False
    """Accept any certificate of an ipps:// server."""

    samba_np: Annotated[str, Parameter(env_var="PAGEBELL_SAMBA_NP")] = ""
    """Socket by which this computer's smbd passes on what Windows print servers tell by SMB."""

    debug: Annotated[bool, Parameter(negative="")] = False
    """Show the technical details of an error."""

    @property
    def password(self) -> str:
        """From its file or from the environment: a command line is for everybody to see. Raises CommandError."""
        if not self.password_file:
            return os.environ.get("PAGEBELL_PASSWORD", "")
        try:
            return Path(self.password_file).expanduser().read_text("utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise CommandError(f"the password can't be read from {self.password_file}: {why}.") from None

    def client(self, printer: str = "") -> Client:
        """A client of the server, or of one of its printers, given by name or by URI; for what IPP alone has."""
        found = self.any(printer)
        if not isinstance(found, Client):
            raise CommandError(f"{found.uri} is a Windows print server, and this command is for IPP servers.")
        return found

    def any(self, printer: str = "") -> PrintClient:
        """The same of any server: IPP's, or Windows'."""
        if is_windows(printer) or (is_windows(self.server) and "://" not in printer):
            uri = printer if is_windows(printer) else self.server
            return self._windows(parse(uri).at(printer).uri if printer and uri == self.server else uri)
        if "://" in printer:
            return self._ipp(printer)
        client = self._ipp(self.server)
        return self._ipp(printer_uri(client, printer)) if printer else client

    def _windows(self, uri: str) -> WindowsClient:
        from pagebell.winspool.client.answering import Listening  # noqa: PLC0415 - takes its time to load
        from pagebell.winspool.client.client import Client as WindowsClient  # noqa: PLC0415

        listening = Listening(samba_np=Path(self.samba_np) if self.samba_np else None)
        return WindowsClient(uri, user=self.user, password=self._asked(uri), listening=listening)

    def _ipp(self, uri: str) -> Client:
        return Client(uri, user=self.user, password=self.password, ask=ask, verify=not self.insecure)

    def _asked(self, uri: str) -> str:
        """The password; somebody who names a user and sits at a terminal is asked for it."""
        known = self.password
        if known or not self.user or not sys.stdin.isatty():
            return known
        return getpass.getpass(f"Password of {self.user} for {parse(uri).host} (empty: Kerberos): ")

    def at(self, uri: str) -> Connection:
        """The same for another server."""
        return replace(self, server=uri)

    def hint(self) -> str:
        """What to add to a command that shall reach the same server; empty for the default one."""
        if self.server == DEFAULT_SERVER:
            return ""
        user = f" --user {shlex.quote(self.user)}" if self.user and is_windows(self.server) else ""
        return f" --server {shlex.quote(self.server)}{user}"


LOCAL: Final = Connection()


def ask(user: str, host: str) -> str | None:
    """The password that somebody types; None where nobody could."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    try:
        return getpass.getpass(f"Password of {user} at {host}: ", sys.stderr)
    except EOFError:
        return None


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a command's coroutine; Ctrl-C ends it as Interrupted, when it has cleaned up, as do SIGTERM and SIGHUP."""
    ended: list[int] = []

    async def stoppable() -> T:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None

        def end(number: int) -> None:
            ended.append(number)
            task.cancel()

        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_DFL:  # nohup's and the like stay ignored
                with suppress(RuntimeError):  # signals are for the main thread
                    loop.add_signal_handler(number, end, number)
        return await work()

    try:
        return asyncio.run(stoppable())
    except KeyboardInterrupt:
        raise Interrupted from None
    except asyncio.CancelledError:
        if not ended:
            raise
        raise Interrupted(ended[0]) from None
