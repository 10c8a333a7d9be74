"""Asks an endpoint mapper where an interface is."""

from __future__ import annotations

from pagebell.dcerpc.client import connect
from pagebell.dcerpc.endpoint_mapper import EPT, NOT_REGISTERED, PORT, ept_map, twr_t
from pagebell.dcerpc.limits import DEFAULT, Limits
from pagebell.dcerpc.ndr import Interface
from pagebell.dcerpc.negotiation import NDR
from pagebell.dcerpc.service import syntax
from pagebell.dcerpc.towers import TowerError, encode_tower, port_of


class NotRegistered(LookupError):
    """The endpoint mapper does not know the interface."""


async def find_port(host: str, interface: Interface, *, port: int = PORT, limits: Limits = DEFAULT) -> int:
    """Return the TCP port of an interface; raise `NotRegistered` when there is none."""
    wanted = twr_t(tower_octet_string=encode_tower(syntax(interface), NDR, "0.0.0.0", 0))
    async with connect(host, port, EPT, limits=limits) as client:
        reply = await client.call(ept_map(map_tower=wanted))
    for tower in reply.ITowers:
        try:
            if tower is not None and (found := port_of(tower.tower_octet_string)):
                return found
        except TowerError:
            continue
    raise NotRegistered(f"{interface.name} ({reply.status or NOT_REGISTERED:#x})")
