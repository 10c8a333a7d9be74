"""Write what fuzzing of requests begins with: `python -m tests.fuzz.seeds`, every call in both transfer syntaxes."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from pagebell.dcerpc.ndr import Call, ContextHandle, Transfer
from pagebell.winspool.server.desk import Desk
from tests.fuzz.request_target import Hasty, handlers, record
from tests.unit.spooler.stage import Stage
from tests.winspool.filled import filled
from tests.winspool.stand import People

FOLDER = Path(__file__).parent / "corpus/requests"
LIKELY: dict[str, Any] = {
    **dict.fromkeys(("pName", "Name", "pDatatype"), None),
    **{
        "Level": 2,
        "JobId": 1,
        "AccessRequired": 0xF000C,
        "pPrinterName": "p1",
        "pBuf": b"octets",
        "pEnvironment": "Windows x64",
    },
}
"""What a client would say that wants something to happen."""
ROOM, AT_ONCE = 2048, 8
"""Octets of a buffer that is offered, and calls of an input."""


async def kinds() -> list[type[Call]]:
    """The calls in the order of the target's numbers."""
    async with Stage(clock=Hasty()) as stage:
        return [kind for kind, _ in handlers(Desk(stage.spooler, People()))]


def likely(kind: type[Call]) -> Call:
    """A request that comes further than its first check."""
    value = filled(kind)
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        known = getattr(value, field.name)
        if not field.init:
            continue
        if isinstance(known, ContextHandle):
            changes[field.name] = ContextHandle(UUID(int=1))
        elif field.name in LIKELY:
            changes[field.name] = LIKELY[field.name]
        elif isinstance(known, bytes) and hasattr(value, "cbBuf"):
            changes |= {field.name: bytes(ROOM), "cbBuf": ROOM}
    return dataclasses.replace(value, **changes)


def seeds() -> Iterator[bytes]:
    """Inputs of some calls each."""
    found = asyncio.run(kinds())
    for transfer in Transfer:
        records = [record(n, transfer, likely(kind).encode(transfer)) for n, kind in enumerate(found)]
        for start in range(0, len(records), AT_ONCE):
            yield b"".join(records[start : start + AT_ONCE])


def main() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    for number, octets in enumerate(seeds()):
        (FOLDER / f"seed-{number:03}").write_bytes(octets)


if __name__ == "__main__":
    main()
