"""What is asked of a server: buffers that are offered until they are large enough. [MS-RPRN] 3.1.4.1.9"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

from pagebell.dcerpc.ndr import ContextHandle
from pagebell.ipp.errors import BadAnswer, ClientError
from pagebell.winspool import infos
from pagebell.winspool.buffers import Info, InfoError, unpack
from pagebell.winspool.client.errors import NoSuchJob, WindowsError
from pagebell.winspool.client.session import Session
from pagebell.winspool.constants import Access, PrinterEnum
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.containers import DEVMODE_CONTAINER
from pagebell.winspool.werror import Win32

T = TypeVar("T", bound=Info)
_FIRST: Final = 4096
_MOST: Final = 1 << 20
"""Octets that a server may ask us to offer: one that asks for more does not mean well."""
_TRIES: Final = 8
AT_ONCE: Final = 200
"""Jobs of one call."""
MOST_JOBS: Final = 20_000


async def _filled(
    session: Session, what: str, kind: type[T], call: type[Any], buffer: str, **fields: Any
) -> list[T]:
    """Structures of a call that fills a buffer. Raises ClientError."""
    room = _FIRST
    for _ in range(_TRIES):
        fields |= {buffer: bytes(room), "cbBuf": room}
        reply = await session.call(call, **fields)
        if reply.result == Win32.INSUFFICIENT_BUFFER:
            if not room < reply.pcbNeeded <= _MOST:
                raise BadAnswer(session.address.uri, f"{reply.pcbNeeded} octets are needed, it says")
            room = reply.pcbNeeded
            continue
        if reply.result:
            raise WindowsError(reply.result, what)
        count = getattr(reply, "pcReturned", 1)
        try:
            return unpack(kind, getattr(reply, buffer) or b"", count)
        except InfoError as error:
            raise BadAnswer(session.address.uri, str(error)) from None
    raise BadAnswer(session.address.uri, "it keeps asking for a larger buffer")


async def printer_info(session: Session, handle: ContextHandle) -> infos.PRINTER_INFO_2:
    """A printer. Raises ClientError."""
    told = await _filled(
        session,
        session.address.uri,
        infos.PRINTER_INFO_2,
        rprn.RpcGetPrinter,
        "pPrinter",
        hPrinter=handle,
        Level=2,
    )
    return told[0]


async def all_printers(session: Session) -> list[infos.PRINTER_INFO_2]:
    """The server's printers. Raises ClientError."""
    return await _filled(
        session,
        session.address.uri,
        infos.PRINTER_INFO_2,
        rprn.RpcEnumPrinters,
        "pPrinterEnum",
        Flags=PrinterEnum.NAME,
        Name=session.address.server,
        Level=2,
    )


async def job_info(session: Session, handle: ContextHandle, number: int) -> infos.JOB_INFO_2:
    """A job. Raises NoSuchJob, ClientError."""
    try:
        told = await _filled(
            session,
            session.address.uri,
            infos.JOB_INFO_2,
            rprn.RpcGetJob,
            "pJob",
            hPrinter=handle,
            JobId=number,
            Level=2,
        )
    except WindowsError as error:
        if error.code == Win32.INVALID_PARAMETER:
            raise NoSuchJob(number, session.address.uri) from None
        raise
    return told[0]


async def queued_jobs(session: Session, handle: ContextHandle) -> list[infos.JOB_INFO_2]:
    """A printer's jobs that are not finished, in the order in which they print. Raises ClientError."""
    found: list[infos.JOB_INFO_2] = []
    while len(found) < MOST_JOBS:
        some = await _filled(
            session,
            session.address.uri,
            infos.JOB_INFO_2,
            rprn.RpcEnumJobs,
            "pJob",
            hPrinter=handle,
            FirstJob=len(found),
            NoJobs=AT_ONCE,
            Level=2,
        )
        if len(some) > AT_ONCE:
            raise BadAnswer(session.address.uri, f"{len(some)} jobs for {AT_ONCE} that were asked for")
        found += some
        if len(some) < AT_ONCE:
            break
    return found


@asynccontextmanager
async def opened(
    session: Session, name: str | None = None, devmode: bytes | None = None
) -> AsyncIterator[ContextHandle]:
    """A printer, by its name as calls have it, or the one that was meant. Raises ClientError."""
    meant = name or session.address.name
    whole = meant is not None and "\\" in meant.lstrip("\\")
    reply = await session.demand(
        rprn.RpcOpenPrinterEx,
        meant or "",
        pPrinterName=meant,
        AccessRequired=Access.PRINTER_ACCESS_USE if whole else Access.SERVER_ACCESS_ENUMERATE,
        pDevModeContainer=DEVMODE_CONTAINER(pDevMode=devmode),
        pClientInfo=session.client_info,
    )
    if not reply.pHandle:
        raise BadAnswer(session.address.uri, f"{meant or 'it'} is opened, it says, and it gives no handle")
    try:
        yield reply.pHandle
    finally:
        with suppress(ClientError):
            await session.call(rprn.RpcClosePrinter, phPrinter=reply.pHandle)
