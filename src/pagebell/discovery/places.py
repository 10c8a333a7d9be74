"""Tells the local network where services are: LOC records (RFC 1876), of which the library knows nothing.

It has them sent as TXT records of another type, whose octets go as they are, and puts its answers beside the library's.
What askers know already it can't see, and tells them again (RFC 6762 7.1).
"""

from __future__ import annotations

import asyncio
from typing import Final

from zeroconf import Zeroconf
from zeroconf._dns import DNSText
from zeroconf._handlers.query_handler import QueryHandler
from zeroconf._protocol.incoming import DNSIncoming
from zeroconf._protocol.outgoing import DNSOutgoing

_LOC, _ANY, _IN, _UNIQUE = 29, 255, 1, 0x8000
_ANSWER: Final = 0x8400
"""Flags of an authoritative answer (RFC 6762 18)."""
_PORT: Final = 5353
_AGAIN: Final = 1.0
"""Seconds after which news is told once more (RFC 6762 8.3)."""
_LIFE: Final = 120
"""Seconds for which others may believe it (RFC 6762 10)."""


class Places(QueryHandler):
    """What answers for a network: as the library does, and of the places that were `put`."""

    def __init__(self, network: Zeroconf) -> None:
        super().__init__(network)
        self._network = network
        self._known: dict[str, tuple[str, bytes]] = {}
        """By names in lower case, as DNS compares them: the name and the record's data."""
        network.query_handler = self

    def put(self, name: str, data: bytes) -> None:
        """Tell twice where the service of that name is, if that is new; without data, take back what was told."""
        key = name.lower()
        if self._known.get(key, (name, b"")) == (name, data):
            return
        life = _LIFE if data else 0
        told = data or self._known[key][1]
        self._known.pop(key, None)
        if data:
            self._known[key] = name, data
        out = DNSOutgoing(_ANSWER)
        out.add_answer_at_time(DNSText(name, _LOC, _IN | _UNIQUE, life, told), 0)
        self._network.async_send(out)

        def again() -> None:
            if self._known.get(key) == (name, data):
                self._network.async_send(out)

        asyncio.get_running_loop().call_later(_AGAIN, again)

    def handle_assembled_query(
        self,
        packets: list[DNSIncoming],
        addr: str,
        port: int,
        transport: object,
        v6_flow_scope: tuple[()] | tuple[int, int],
    ) -> None:
        """Answer what was asked; one who asks from another port than everybody is answered alone (RFC 6762 6.7)."""
        super().handle_assembled_query(packets, addr, port, transport, v6_flow_scope)  # type: ignore[arg-type]
        questions = [q for packet in packets for q in packet.questions if q.type in (_LOC, _ANY)]
        asked = [q for q in questions if q.name.lower() in self._known]
        if not asked:
            return
        alone = port != _PORT
        out = DNSOutgoing(_ANSWER, multicast=not alone, id_=packets[0].id if alone else 0)
        for question in asked:
            name, data = self._known[question.name.lower()]
            if alone:
                out.add_question(question)
            out.add_answer_at_time(DNSText(name, _LOC, _IN | _UNIQUE * (not alone), _LIFE, data), 0)
        if alone:
            self._network.async_send(out, addr, port, v6_flow_scope, transport)  # type: ignore[arg-type]
        else:
            self._network.async_send(out)
