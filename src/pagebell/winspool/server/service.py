"""The RPC services: every call of an interface that has a handler; all others are answered as out of range.

[C706] 12.6.3.9: an operation number that the interface does not have faults with nca_s_op_rng_error.
"""

from __future__ import annotations

from pagebell.dcerpc.ndr import Call, Interface, Struct
from pagebell.dcerpc.security import Level
from pagebell.dcerpc.service import Caller, Handler, Service
from pagebell.dcerpc.status import Fault, Status
from pagebell.winspool.idl import par_more, par_notify, rprn_data, rprn_ipp, rprn_notify, rprn_setup
from pagebell.winspool.idl.par import IREMOTEWINSPOOL, OBJECT
from pagebell.winspool.idl.rprn import WINSPOOL
from pagebell.winspool.server import (
    bidi,
    changing,
    contexts,
    data,
    drivers,
    forms,
    ipp_calls,
    jobs,
    notify_par,
    notify_rprn,
    packages,
    ports,
    printers,
    printing,
    properties,
)
from pagebell.winspool.server.desk import Desk

DECLARED = (rprn_data, rprn_setup, rprn_notify, rprn_ipp, par_notify, par_more)
"""Imported for the calls that they add to the interface."""
TABLES = (
    printing.calls,
    jobs.calls,
    printers.calls,
    changing.calls,
    data.calls,
    contexts.calls,
    bidi.calls,
    forms.calls,
    drivers.calls,
    ports.calls,
    notify_rprn.calls,
    notify_par.calls,
    packages.calls,
    properties.calls,
    ipp_calls.calls,
)


def rprn_service(desk: Desk, minimum: Level = Level.INTEGRITY, *, anonymous: bool = False) -> Service:
    """[MS-RPRN]; `minimum` protection is asked for, and from nobody in particular none."""
    service = Service(
        WINSPOOL, minimum=minimum, authenticated=not anonymous, annotation="Print System Remote Protocol"
    )
    _answer(service, WINSPOOL, desk)
    return service


def par_service(desk: Desk, minimum: Level = Level.PRIVACY) -> Service:
    """[MS-PAR]: packet privacy, and an object that every call must name ([MS-PAR] 2.1 and 3.1.4)."""
    service = Service(
        IREMOTEWINSPOOL, minimum=minimum, annotation="Print System Asynchronous Remote Protocol"
    )
    _answer(service, IREMOTEWINSPOOL, desk, wants_object=True)
    return service


def _answer(service: Service, interface: Interface, desk: Desk, *, wants_object: bool = False) -> None:
    for kind in interface.calls.values():
        for table in TABLES:
            handler = table.handler(kind, desk)
            if handler is not None:
                service.implements(kind)(_of_object(handler) if wants_object else handler)


def _of_object(handler: Handler[Call]) -> Handler[Call]:
    """A handler that refuses calls which do not name the object."""

    async def handle(caller: Caller, call: Call) -> Struct:
        if caller.object != OBJECT:
            raise Fault(Status.UNSUPPORTED_TYPE, executed=False)
        return await handler(caller, call)

    return handle
