"""Sending a document: [MS-PRSOD] 2.5.3.7.1 on the client's side, and again when the spooler died over it (2.7.1.1)."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from pagebell.dcerpc.ndr import ContextHandle
from pagebell.ipp import registry as r
from pagebell.ipp.errors import BadAnswer, ClientError
from pagebell.ipp.upload import Upload
from pagebell.ipp.values import Attribute
from pagebell.model.document import NO_WISHES, Ticket
from pagebell.winspool import devmode
from pagebell.winspool.client.describe import job_state
from pagebell.winspool.client.errors import NoSuchJob
from pagebell.winspool.client.queries import job_info
from pagebell.winspool.client.session import Session
from pagebell.winspool.constants import JobControl, JobStatus
from pagebell.winspool.idl import rprn
from pagebell.winspool.idl.containers import DOC_INFO_CONTAINER
from pagebell.winspool.idl.types import DOC_INFO_1

_PIECE: Final = 1 << 16
"""Octets of one RpcWritePrinter."""
_TICKET: Final = {
    r.copies.name: "copies",
    r.media.name: "media",
    r.sides.name: "sides",
    r.orientation_requested.name: "orientation_requested",
    r.print_color_mode.name: "print_color_mode",
    r.print_quality.name: "print_quality",
}
"""Options that a DEVMODE has a place for, and their names in a ticket."""
_HELD: Final = "job-hold-until"


@dataclass(slots=True)
class Order:
    """A document that is to be printed, and how far it has come."""

    upload: Upload
    title: str
    ticket: Ticket = NO_WISHES
    hold: bool = False
    ignored: tuple[str, ...] = ()
    number: int = 0
    """The job's, once it has begun."""
    ended: bool = False
    """All of it was sent, and RpcEndDocPrinter called: the answer may be lost, the job not."""

    @property
    def devmode(self) -> bytes | None:
        """The ticket in Windows' words; None for no wishes."""
        if self.ticket == NO_WISHES:
            return None
        return devmode.wishes(self.ticket)


def order_of(upload: Upload, title: str, options: Sequence[Attribute]) -> Order:
    """An order with options as IPP names them; those that Windows has no place for are told as ignored."""
    ticket, ignored, hold = NO_WISHES, [], False
    for option in options:
        value: Any = option.values[0].data if option.values else None
        if option.name == _HELD:
            hold = value != "no-hold"
        elif option.name in _TICKET:
            ticket = replace(ticket, **{_TICKET[option.name]: value})
        else:
            ignored.append(option.name)
    return Order(upload, title, ticket, hold, tuple(ignored))


async def send(session: Session, printer: ContextHandle, order: Order) -> None:
    """Make the job and send its document; a job that was begun and can't be ended is given up. Raises ClientError."""
    document = DOC_INFO_1(pDocName=order.title, pDatatype="RAW")
    order.ended = False
    reply = await session.demand(
        rprn.RpcStartDocPrinter, hPrinter=printer, pDocInfoContainer=DOC_INFO_CONTAINER(DocInfo=document)
    )
    order.number = reply.pJobId
    try:
        if order.hold:
            await command(session, printer, order.number, JobControl.PAUSE)
        await session.demand(rprn.RpcStartPagePrinter, hPrinter=printer)
        async for piece in order.upload.pieces():
            for start in range(0, len(piece), _PIECE):
                await _write(session, printer, piece[start : start + _PIECE])
        await session.demand(rprn.RpcEndPagePrinter, hPrinter=printer)
        order.ended = True
        await session.demand(rprn.RpcEndDocPrinter, hPrinter=printer)
    except ClientError:
        with contextlib.suppress(ClientError):
            await session.call(rprn.RpcAbortPrinter, hPrinter=printer)
        raise


async def _write(session: Session, printer: ContextHandle, piece: bytes) -> None:
    while piece:
        reply = await session.demand(rprn.RpcWritePrinter, hPrinter=printer, pBuf=piece)
        if not 0 < reply.pcWritten <= len(piece):
            raise BadAnswer(session.address.uri, f"it took {reply.pcWritten} of {len(piece)} octets, it says")
        piece = piece[reply.pcWritten :]


async def arrived(session: Session, printer: ContextHandle, order: Order) -> bool:
    """Whether a document whose last answer was lost is there after all."""
    if not order.ended:
        return False
    try:
        info = await job_info(session, printer, order.number)
    except NoSuchJob:
        return False
    there = not info.Status & (JobStatus.SPOOLING | JobStatus.DELETED | JobStatus.DELETING)
    return there and bool(job_state(info.Status))


async def command(session: Session, printer: ContextHandle, number: int, what: JobControl) -> None:
    """Tell a job what to do. Raises ClientError."""
    await session.demand(
        rprn.RpcSetJob,
        f"{session.address.uri}, job {number}",
        hPrinter=printer,
        JobId=number,
        Command=int(what),
    )
