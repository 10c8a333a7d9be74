"""The endpoint mapper: tells clients at which port an interface is (C706 appendix O, [MS-RPCE] 2.2.1.2)."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

from pagebell.dcerpc.mgmt import rpc_if_id_t
from pagebell.dcerpc.ndr import (
    DWORD,
    GUID,
    Call,
    ContextHandle,
    Interface,
    Struct,
    blob,
    char_array,
    context_handle,
    count_of,
    ptr,
    size_is,
    unsent,
    varying_array,
)
from pagebell.dcerpc.negotiation import NDR, TRANSFERS
from pagebell.dcerpc.pdu import Syntax
from pagebell.dcerpc.service import Caller, Service
from pagebell.dcerpc.towers import CO_FLOOR, TCP_FLOOR, TowerError, decode_tower, encode_tower

EPT = Interface("epmapper", uuid.UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), (3, 0), "135")
PORT = 135
OK = 0
NOT_REGISTERED = 0x16C9A0D6
CANT_PERFORM = 0x16C9A0D8
MOST_ENTRIES = 500
"""The most entries or towers of one answer, as in Windows."""
ALL, BY_INTERFACE, BY_OBJECT, BY_BOTH = 0, 1, 2, 3
_ALL_VERSIONS, _COMPATIBLE, _EXACT, _MAJOR, _UP_TO = 1, 2, 3, 4, 5
NIL = uuid.UUID(int=0)


class twr_t(Struct):
    """A tower's octets. C706 appendix L"""

    tower_length: DWORD = count_of("tower_octet_string")
    tower_octet_string: blob = b""


class ept_entry_t(Struct):
    """An object, a tower, and a text. C706 appendix O"""

    object: GUID = NIL
    tower: ptr[twr_t] = None
    annotation: Annotated[str, char_array(64)] = ""


class ept_lookup(Call, interface=EPT, opnum=2):
    """List what is registered. C706 O"""

    inquiry_type: DWORD
    object: ptr[GUID] = None
    interface_id: ptr[rpc_if_id_t] = None
    vers_option: DWORD = _ALL_VERSIONS
    entry_handle: context_handle = ContextHandle()
    max_ents: DWORD = MOST_ENTRIES

    class Reply(Struct):
        """A page of entries, and the handle by which the next is asked for."""

        entry_handle: context_handle = ContextHandle()
        num_ents: DWORD = count_of("entries")
        max_ents: unsent = 0
        entries: Annotated[varying_array[ept_entry_t], size_is("max_ents")] = ()
        status: DWORD = OK


class ept_map(Call, interface=EPT, opnum=3):
    """Find the towers of an interface. C706 O"""

    object: ptr[GUID] = None
    map_tower: ptr[twr_t] = None
    entry_handle: context_handle = ContextHandle()
    max_towers: DWORD = 4

    class Reply(Struct):
        """The towers; their array has the size that the request names."""

        entry_handle: context_handle = ContextHandle()
        num_towers: DWORD = count_of("ITowers")
        max_towers: unsent = 0
        ITowers: Annotated[varying_array[ptr[twr_t]], size_is("max_towers")] = ()
        status: DWORD = OK


class ept_lookup_handle_free(Call, interface=EPT, opnum=4):
    """Give a list up before its end. C706 O"""

    entry_handle: context_handle

    class Reply(Struct):
        """The null handle."""

        entry_handle: context_handle = ContextHandle()
        status: DWORD = OK


@dataclass(frozen=True, slots=True)
class Registration:
    """An interface at a port; `host` is for interfaces that are not where the client asked."""

    interface: Syntax
    port: int
    object: uuid.UUID = NIL
    annotation: str = ""
    host: str = ""

    def tower(self, caller: Caller, transfer: Syntax = NDR) -> bytes:
        """Return the tower that a caller is told."""
        return encode_tower(self.interface, transfer, self.host or caller.local, self.port)


@dataclass(slots=True)
class _Rest:
    """What a lookup has not told yet."""

    entries: list[ept_entry_t]


@dataclass(slots=True)
class EndpointMapper:
    """What is registered, and the service that tells it."""

    registrations: list[Registration] = field(default_factory=list)

    def register(self, registrations: Iterable[Registration]) -> None:
        """Make interfaces known."""
        self.registrations.extend(registrations)

    def service(self) -> Service:
        """Return the service; give it to a server that listens on port 135."""
        service = Service(EPT, authenticated=False)
        service.implements(ept_lookup)(self._lookup)
        service.implements(ept_map)(self._map)
        service.implements(ept_lookup_handle_free)(self._free)
        return service

    async def _map(self, caller: Caller, call: ept_map) -> ept_map.Reply:
        try:
            towers = self._towers(caller, call)
        except TowerError:
            towers = []
        shown = tuple(twr_t(tower_octet_string=t) for t in towers[: min(call.max_towers, MOST_ENTRIES)])
        return ept_map.Reply(
            max_towers=call.max_towers, ITowers=shown, status=OK if shown else NOT_REGISTERED
        )

    def _towers(self, caller: Caller, call: ept_map) -> list[bytes]:
        """Return the towers like the one that was sent: same interface, transfer syntax and protocols."""
        if call.map_tower is None:
            raise TowerError("no tower")
        floors = decode_tower(call.map_tower.tower_octet_string)
        if len(floors) < 4 or (floors[2].protocol, floors[3].protocol) != (CO_FLOOR, TCP_FLOOR):
            return []
        interface, transfer = floors[0].syntax, floors[1].syntax
        if not any((t.uuid, t.major) == (transfer.uuid, transfer.major) for t in TRANSFERS):
            return []
        return [
            r.tower(caller, transfer)
            for r in self.registrations
            if _fits(r.interface, interface, _COMPATIBLE) and _is_object(r, call.object)
        ]

    async def _lookup(self, caller: Caller, call: ept_lookup) -> ept_lookup.Reply:
        if call.entry_handle:
            rest = caller.handles.close(call.entry_handle, _Rest)
        elif call.inquiry_type > BY_BOTH:
            return ept_lookup.Reply(max_ents=call.max_ents, status=CANT_PERFORM)
        else:
            rest = _Rest([_entry(r, caller) for r in self.registrations if _asked(r, call)])
        shown = min(call.max_ents, MOST_ENTRIES)
        page, left = rest.entries[:shown], rest.entries[shown:]
        handle = caller.handles.open(_Rest(left)) if left and page else ContextHandle()
        return ept_lookup.Reply(
            entry_handle=handle,
            max_ents=call.max_ents,
            entries=tuple(page),
            status=OK if page else NOT_REGISTERED,
        )

    async def _free(self, caller: Caller, call: ept_lookup_handle_free) -> ept_lookup_handle_free.Reply:
        if call.entry_handle:
            caller.handles.close(call.entry_handle, _Rest)
        return ept_lookup_handle_free.Reply()


def _entry(registration: Registration, caller: Caller) -> ept_entry_t:
    tower = twr_t(tower_octet_string=registration.tower(caller))
    return ept_entry_t(object=registration.object, tower=tower, annotation=registration.annotation[:63])


def _is_object(registration: Registration, asked: uuid.UUID | None) -> bool:
    """Tell whether a registration serves an object; one without an object serves all."""
    return registration.object in (NIL, asked or NIL)


def _asked(registration: Registration, call: ept_lookup) -> bool:
    """Tell whether a lookup wants a registration."""
    if call.inquiry_type in (BY_OBJECT, BY_BOTH) and registration.object != (call.object or NIL):
        return False
    if call.inquiry_type in (BY_INTERFACE, BY_BOTH):
        wanted = call.interface_id
        if wanted is None:
            return False
        asked = Syntax(wanted.uuid, wanted.vers_major, wanted.vers_minor)
        return _fits(registration.interface, asked, call.vers_option)
    return True


def _fits(have: Syntax, asked: Syntax, option: int) -> bool:
    """Compare interfaces by a version option (C706 O, rpc_c_vers_*)."""
    if have.uuid != asked.uuid:
        return False
    major, minor = have.major - asked.major, have.minor - asked.minor
    rules = {
        _ALL_VERSIONS: True,
        _COMPATIBLE: not major and minor >= 0,
        _EXACT: not major and not minor,
        _MAJOR: not major,
        _UP_TO: major < 0 or (not major and minor <= 0),
    }
    return rules.get(option, False)
