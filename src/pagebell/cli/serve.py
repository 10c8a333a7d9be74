"""`pagebell serve`: run the print server until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from pagebell.app import Running, StartError
from pagebell.app import serve as run_server
from pagebell.config import Config, ConfigError, DnsSdTable, LogLevel, ServerTable, check, load
from pagebell.entrance import Auth
from pagebell.http.settings import TlsMode

Encryption = Literal["off", "allow", "require"]
Proof = Literal["off", "offer", "require"]


def serve(
    *,
    state: Annotated[Path | None, Parameter(help="Folder for state, documents and output.")] = None,
    config: Annotated[
        Path | None, Parameter(help="TOML file with settings; options here come first.")
    ] = None,
    ipp: Annotated[str | None, Parameter(help="HOST:PORT for IPP and the web page.")] = None,
    tls: Annotated[
        Encryption | None, Parameter(help="Encrypted connections, on the same port: off, allow or require.")
    ] = None,
    rpc: Annotated[str | None, Parameter(help="HOST:PORT for Windows clients, or off.")] = None,
    epm: Annotated[
        str | None, Parameter(help="HOST:PORT of the endpoint mapper, which tells them the port; or off.")
    ] = None,
    auth: Annotated[
        Proof | None,
        Parameter(
            help="What IPP and web clients must prove: nothing (off, offer) or who they are (require)."
        ),
    ] = None,
    dns_sd: Annotated[
        bool | None,
        Parameter(
            help="Let the local network find the printers; without a word, where others can reach them."
        ),
    ] = None,
    log_level: Annotated[LogLevel | None, Parameter(help="How much to tell on standard error.")] = None,
) -> int:
    """Run the print server.

    It prints the URIs of its printers when it is ready, and stops cleanly on SIGTERM or Ctrl-C: what is
    printing is taken up again at the next start. The first start makes a printer named PDF, which writes what
    it is sent to the folder output/ in the state folder.

    Examples:
        pagebell serve
        pagebell serve --ipp 0.0.0.0:631 --state /var/lib/pagebell --config /etc/pagebell.toml
    """
    try:
        settings = _with_rpc(_settings(load(config), state, ipp, log_level, tls), rpc, epm)
        if auth is not None:
            settings = msgspec.structs.replace(
                settings, access=msgspec.structs.replace(settings.access, auth=Auth(auth))
            )
        if dns_sd is not None:
            settings = msgspec.structs.replace(settings, dns_sd=DnsSdTable(enabled=dns_sd))
        logging.basicConfig(
            level=settings.server.log_level.upper(),
            stream=sys.stderr,
            format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        )
        logging.getLogger("smbprotocol").setLevel(logging.WARNING)  # it tells of each message
        _run(_serve(settings))
    except (ConfigError, StartError) as error:
        print(f"pagebell serve: {error}", file=sys.stderr)
        return 1
    return 0


def _settings(
    config: Config, state: Path | None, ipp: str | None, log_level: LogLevel | None, tls: Encryption | None
) -> Config:
    """The configuration with the command line's options on top. Raises ConfigError."""
    given = {"state": None if state is None else str(state), "ipp": ipp, "log_level": log_level}
    server = msgspec.structs.replace(
        config.server, **{name: value for name, value in given.items() if value is not None}
    )
    check({"server": msgspec.to_builtins(server)}, "options")
    assert isinstance(server, ServerTable)
    encryption = config.tls if tls is None else msgspec.structs.replace(config.tls, mode=TlsMode(tls))
    return msgspec.structs.replace(config, server=server, tls=encryption)


def _with_rpc(config: Config, listen: str | None, epm: str | None) -> Config:
    """The configuration with these addresses for Windows clients. Raises ConfigError."""
    given = {"listen": listen, "epm": epm}
    table = msgspec.structs.replace(
        config.rpc, **{name: value for name, value in given.items() if value is not None}
    )
    check({"rpc": msgspec.to_builtins(table, str_keys=True)}, "options")
    return msgspec.structs.replace(config, rpc=table)


def _run(main: object) -> None:
    """Run on uvloop where there is one."""
    assert asyncio.iscoroutine(main)
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        asyncio.run(main)
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main)


def _settle_memory() -> None:
    """What is there from the start stays; to look for garbage among it again and again would make clients wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


async def _serve(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with run_server(config) as running:
        _announce(running)
        _settle_memory()
        await stop.wait()
        print("Stopping.", flush=True)


def _announce(running: Running) -> None:
    """Say where everything is; the last line means that requests are taken."""
    print(f"State is kept in {running.state}")
    for printer in running.spooler.printers.list():
        print(f"Printer {printer.name}: {running.uri(printer.name)}")
    print(f"Web page: {running.page}")
    if running.certificate is not None:
        print(f"Certificate: {running.certificate}")
    if running.windows is not None:
        print(f"Windows clients: {running.windows.authority}")
        print(f"Endpoint mapper: {running.windows.mapper}")
        if running.windows.pipe:
            print(f"Pipe of smbd: {running.windows.pipe}")
    print("Ready.", flush=True)
