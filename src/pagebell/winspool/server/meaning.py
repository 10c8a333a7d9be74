"""What an event means in Windows: flags of change, and members that have another value now. Pure tables.

[MS-RPRN] 2.2.3.3, 2.2.3.6 and 2.2.3.8 have Windows' side of it; the log's events are RFC 3995's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

from pagebell.model.event import Event, EventKind
from pagebell.winspool.changes import NO_CHANGE, NotifyType
from pagebell.winspool.changes import ChangeFlag as F
from pagebell.winspool.changes import JobField as J
from pagebell.winspool.changes import PrinterField as P
from pagebell.winspool.changes import ServerField as S

Members = frozenset[tuple[int, int]]
"""Members by type and field."""
NONE: Members = frozenset()


def _of_job(*fields: J) -> Members:
    return frozenset((int(NotifyType.JOB), int(field)) for field in fields)


def _of_printer(*fields: P) -> Members:
    return frozenset((int(NotifyType.PRINTER), int(field)) for field in fields)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is different after an event."""

    flags: F = NO_CHANGE
    members: Members = NONE
    """Of its job, of its printer, of the server."""
    moves: bool = False
    """All jobs of its printer may have another place now (JOB_NOTIFY_FIELD_POSITION)."""

    def __or__(self, other: Meaning) -> Meaning:
        return Meaning(self.flags | other.flags, self.members | other.members, self.moves or other.moves)


_COUNTERS = _of_printer(P.TOTAL_PAGES, P.PAGES_PRINTED, P.TOTAL_BYTES, P.BYTES_PRINTED)
_STATE = Meaning(F.SET_PRINTER, _of_printer(P.STATUS))
_OF_KINDS: dict[EventKind, Meaning] = {
    EventKind.PRINTER_CREATED: Meaning(F.ADD_PRINTER | F.ADD_PORT, _of_printer(*P)),
    EventKind.PRINTER_DELETED: Meaning(F.DELETE_PRINTER | F.DELETE_PORT, _of_printer(P.STATUS)),
    EventKind.PRINTER_STATE_CHANGED: _STATE,
    EventKind.PRINTER_STOPPED: _STATE,
    EventKind.PRINTER_RESTARTED: _STATE,
    EventKind.PRINTER_SHUTDOWN: _STATE,
    EventKind.PRINTER_CONFIG_CHANGED: Meaning(F.SET_PRINTER),
    EventKind.PRINTER_MEDIA_CHANGED: Meaning(F.SET_PRINTER, _of_printer(P.DEVMODE)),
    EventKind.PRINTER_FINISHINGS_CHANGED: Meaning(F.SET_PRINTER, _of_printer(P.DEVMODE)),
    EventKind.PRINTER_QUEUE_ORDER_CHANGED: Meaning(F.SET_JOB, _of_job(J.POSITION), moves=True),
    EventKind.JOB_CREATED: Meaning(F.ADD_JOB, _of_job(*J) | _of_printer(P.CJOBS)),
    EventKind.JOB_STATE_CHANGED: Meaning(F.SET_JOB),
    EventKind.JOB_STOPPED: Meaning(F.SET_JOB),
    EventKind.JOB_CONFIG_CHANGED: Meaning(F.SET_JOB),
    EventKind.JOB_PROGRESS: Meaning(F.SET_JOB, _of_job(J.PAGES_PRINTED, J.BYTES_PRINTED, J.TIME) | _COUNTERS),
    EventKind.JOB_COMPLETED: Meaning(
        F.SET_JOB | F.DELETE_JOB,
        _of_job(J.STATUS, J.PAGES_PRINTED, J.BYTES_PRINTED, J.TIME) | _of_printer(P.CJOBS) | _COUNTERS,
        moves=True,
    ),
}
"""What each kind of event means whatever it says; a job that is finished is listed no longer, and so deleted."""

_OF_JOBS_NAMES: dict[str, Meaning] = {
    "state": Meaning(members=_of_job(J.STATUS, J.TIME, J.POSITION)),
    "reasons": Meaning(members=_of_job(J.STATUS)),
    "message": Meaning(members=_of_job(J.STATUS_STRING)),
    "impressions": Meaning(members=_of_job(J.TOTAL_PAGES)),
    "impressions_completed": Meaning(members=_of_job(J.PAGES_PRINTED, J.BYTES_PRINTED) | _COUNTERS),
    "priority": Meaning(members=_of_job(J.PRIORITY, J.POSITION), moves=True),
    "name": Meaning(members=_of_job(J.DOCUMENT)),
    "ticket": Meaning(members=_of_job(J.DEVMODE, J.START_TIME, J.UNTIL_TIME)),
    "documents": Meaning(F.WRITE_JOB, _of_job(J.TOTAL_BYTES, J.TOTAL_PAGES)),
    "owner": Meaning(members=_of_job(J.USER_NAME, J.NOTIFY_NAME)),
    "printer": Meaning(F.ADD_JOB, _of_job(*J)),
}
PUBLISHED = "published"
_OF_PRINTERS_NAMES: dict[str, Meaning] = {
    "left": Meaning(F.DELETE_JOB, _of_printer(P.CJOBS)),
    "info": Meaning(members=_of_printer(P.COMMENT)),
    "location": Meaning(members=_of_printer(P.LOCATION)),
    "device": Meaning(F.CONFIGURE_PORT, _of_printer(P.PORT_NAME, P.AVERAGE_PPM)),
    "defaults": Meaning(members=_of_printer(P.DEVMODE)),
    "default": Meaning(members=_of_printer(P.ATTRIBUTES)),
    "accepting": Meaning(members=_of_printer(P.STATUS, P.ATTRIBUTES)),
    "driver": Meaning(F.SET_PRINTER_DRIVER, _of_printer(P.DRIVER_NAME)),
    "driver-data": Meaning(F.SET_PRINTER_DRIVER),
    "branch-office-printing": Meaning(members=_of_printer(P.BRANCH_OFFICE_PRINTING)),
    "alias": Meaning(members=_of_printer(P.PRINTER_NAME)),
    "access": Meaning(members=_of_printer(P.SECURITY_DESCRIPTOR)),
    "descriptor": Meaning(members=_of_printer(P.SECURITY_DESCRIPTOR)),
    "separator": Meaning(members=_of_printer(P.SEPFILE)),
    "parameters": Meaning(members=_of_printer(P.PARAMETERS)),
    "datatype": Meaning(members=_of_printer(P.DATATYPE)),
    "priority": Meaning(members=_of_printer(P.PRIORITY)),
    "default_priority": Meaning(members=_of_printer(P.DEFAULT_PRIORITY)),
    "start": Meaning(members=_of_printer(P.START_TIME)),
    "until": Meaning(members=_of_printer(P.UNTIL_TIME)),
    "attributes": Meaning(members=_of_printer(P.ATTRIBUTES)),
    "devmode": Meaning(members=_of_printer(P.DEVMODE)),
    PUBLISHED: Meaning(members=_of_printer(P.ATTRIBUTES, P.OBJECT_GUID)),
}
FORM_ADDED, FORM_SET, FORM_DELETED = "form-added", "form-set", "form-deleted"
DRIVER_ADDED, DRIVER_DELETED = "driver-added", "driver-deleted"
PROCESSOR_ADDED, PROCESSOR_DELETED = "print-processor-added", "print-processor-deleted"
SERVER_DATA, ISOLATION_GROUPS = "server-data", "print-driver-isolation-groups"
_OF_SYSTEMS_NAMES: dict[str, Meaning] = {
    FORM_ADDED: Meaning(F.ADD_FORM),
    FORM_SET: Meaning(F.SET_FORM),
    FORM_DELETED: Meaning(F.DELETE_FORM),
    DRIVER_ADDED: Meaning(F.ADD_PRINTER_DRIVER),
    DRIVER_DELETED: Meaning(F.DELETE_PRINTER_DRIVER),
    PROCESSOR_ADDED: Meaning(F.ADD_PRINT_PROCESSOR),
    PROCESSOR_DELETED: Meaning(F.DELETE_PRINT_PROCESSOR),
    SERVER_DATA: Meaning(F.SERVER),
    ISOLATION_GROUPS: Meaning(
        members=frozenset({(int(NotifyType.SERVER), int(S.PRINT_DRIVER_ISOLATION_GROUP))})
    ),
}
"""What the names in `Event.changed` mean: fields of the model's, and of `profile.Profile`."""
_NOT_REACHED = ("timed-out", "connecting-to-device", "offline")
"""printer-state-reasons of a printer whose device can't be reached (RFC 8011 5.4.12)."""


def _names(kind: EventKind) -> dict[str, Meaning]:
    if kind.value.startswith("job-"):
        return _OF_JOBS_NAMES
    return _OF_PRINTERS_NAMES if kind.value.startswith("printer-") else _OF_SYSTEMS_NAMES


def meaning(event: Event) -> Meaning:
    """What is different after an event."""
    found = _OF_KINDS.get(event.kind, Meaning())
    names = _names(event.kind)
    for name in event.changed:
        found |= names.get(name, Meaning())
    if event.printer_status is not None and _is_not_reached(event.printer_status.reasons):
        found |= Meaning(F.FAILED_CONNECTION_PRINTER)
    return found


def _is_not_reached(reasons: Iterable[str]) -> bool:
    return any(reason.startswith(_NOT_REACHED) for reason in reasons)


@cache
def _possible(kind: EventKind) -> Meaning:
    """All that an event of a kind can mean."""
    found = _OF_KINDS.get(kind, Meaning())
    for one in _names(kind).values():
        found |= one
    if kind in (EventKind.PRINTER_STATE_CHANGED, EventKind.PRINTER_STOPPED):
        found |= Meaning(F.FAILED_CONNECTION_PRINTER)
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants to hear of."""

    flags: F
    members: Members

    def hears(self, told: Meaning) -> bool:
        """Whether something in it is for this client."""
        return bool(self.flags & told.flags) or not self.members.isdisjoint(told.members)

    @property
    def kinds(self) -> frozenset[EventKind]:
        """The events that can be for it."""
        return frozenset(kind for kind in EventKind if self.hears(_possible(kind)))


def fields_of(members: Collection[tuple[int, int]], type_: NotifyType) -> list[int]:
    """The fields of one type, in order."""
    return sorted(field for kind, field in members if kind == type_)
