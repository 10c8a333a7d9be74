"""The management interface that every server has (C706 appendix Q.3, [MS-RPCE] 2.2.1.3)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

from pagebell.dcerpc.ndr import (
    DWORD,
    GUID,
    WORD,
    Call,
    Interface,
    Struct,
    array,
    count_of,
    ptr,
    size_is,
    unsent,
    varying_blob,
)
from pagebell.dcerpc.service import Caller, Service

MGMT = Interface("mgmt", uuid.UUID("afa8bd80-7d8a-11c9-bef4-08002b102989"), (1, 0))

OK = 0
ACCESS_DENIED = 5
UNKNOWN_AUTHN_SERVICE = 0x6D3
STATISTICS = 4
"""Calls received and sent, packets received and sent; all reported as zero."""


class rpc_if_id_t(Struct):
    """An interface and its version. C706 appendix N"""

    uuid: GUID
    vers_major: WORD
    vers_minor: WORD


class rpc_if_id_vector_t(Struct):
    """Interfaces. C706 appendix N"""

    count: DWORD = count_of("if_id")
    if_id: array[ptr[rpc_if_id_t]] = ()


class rpc__mgmt_inq_if_ids(Call, interface=MGMT, opnum=0):
    """Which interfaces are served. C706 Q.3"""

    class Reply(Struct):
        """The interfaces."""

        if_id_vector: rpc_if_id_vector_t | None = None
        status: DWORD = OK


class rpc__mgmt_inq_stats(Call, interface=MGMT, opnum=1):
    """Statistics since the server's start. C706 Q.3"""

    count: DWORD

    class Reply(Struct):
        """As many as were asked for and exist."""

        count: DWORD = count_of("statistics")
        statistics: array[DWORD] = ()
        status: DWORD = OK


class rpc__mgmt_is_server_listening(Call, interface=MGMT, opnum=2):
    """Whether calls are taken. C706 Q.3"""

    class Reply(Struct):
        """They are, since this was one."""

        status: DWORD = OK
        result: DWORD = 1


class rpc__mgmt_stop_server_listening(Call, interface=MGMT, opnum=3):
    """Ask the server to stop. C706 Q.3"""

    class Reply(Struct):
        """Never granted."""

        status: DWORD = ACCESS_DENIED


class rpc__mgmt_inq_princ_name(Call, interface=MGMT, opnum=4):
    """The server's principal name for an authentication service. C706 Q.3"""

    authn_proto: DWORD
    princ_name_size: DWORD

    class Reply(Struct):
        """The name, terminated, in an array of the size that was asked for."""

        princ_name_size: unsent = 0
        princ_name: Annotated[varying_blob, size_is("princ_name_size")] = b"\0"
        status: DWORD = OK


def management(
    services: Callable[[], Sequence[Service]], principals: Mapping[int, str] | None = None
) -> Service:
    """Return the management service of a server; `principals` has its name for each authentication type.

    Longer than most functions here: five handlers of a line or two.
    """
    service = Service(MGMT, authenticated=False)
    names = principals or {}

    @service.implements(rpc__mgmt_inq_if_ids)
    async def inq_if_ids(caller: Caller, call: rpc__mgmt_inq_if_ids) -> rpc__mgmt_inq_if_ids.Reply:
        found = tuple(
            rpc_if_id_t(uuid=i.uuid, vers_major=i.version[0], vers_minor=i.version[1])
            for i in (one.interface for one in services())
        )
        return rpc__mgmt_inq_if_ids.Reply(if_id_vector=rpc_if_id_vector_t(if_id=found))

    @service.implements(rpc__mgmt_inq_stats)
    async def inq_stats(caller: Caller, call: rpc__mgmt_inq_stats) -> rpc__mgmt_inq_stats.Reply:
        return rpc__mgmt_inq_stats.Reply(statistics=(0,) * min(call.count, STATISTICS))

    @service.implements(rpc__mgmt_is_server_listening)
    async def is_server_listening(
        caller: Caller, call: rpc__mgmt_is_server_listening
    ) -> rpc__mgmt_is_server_listening.Reply:
        return rpc__mgmt_is_server_listening.Reply()

    @service.implements(rpc__mgmt_stop_server_listening)
    async def stop_server_listening(
        caller: Caller, call: rpc__mgmt_stop_server_listening
    ) -> rpc__mgmt_stop_server_listening.Reply:
        return rpc__mgmt_stop_server_listening.Reply()

    @service.implements(rpc__mgmt_inq_princ_name)
    async def inq_princ_name(
        caller: Caller, call: rpc__mgmt_inq_princ_name
    ) -> rpc__mgmt_inq_princ_name.Reply:
        name = names.get(call.authn_proto)
        octets = b"\0" if name is None else name.encode() + b"\0"
        size = call.princ_name_size
        if name is None or len(octets) > size:
            octets = b"\0"[:size]
            return rpc__mgmt_inq_princ_name.Reply(
                princ_name_size=size, princ_name=octets, status=UNKNOWN_AUTHN_SERVICE
            )
        return rpc__mgmt_inq_princ_name.Reply(princ_name_size=size, princ_name=octets)

    return service
