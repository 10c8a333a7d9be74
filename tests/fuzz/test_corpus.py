"""What fuzzing has found worth keeping, and every octet of it cut off once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pagebell.dcerpc.endpoint_mapper import EPT
from pagebell.dcerpc.mgmt import MGMT
from pagebell.dcerpc.ndr import Call, NdrError, Transfer
from pagebell.winspool.idl.pan import IRPCASYNCNOTIFY, IRPCREMOTEOBJECT
from pagebell.winspool.idl.par import IREMOTEWINSPOOL
from pagebell.winspool.idl.rprn import WINSPOOL
from tests.fuzz import rpc_targets, targets
from tests.fuzz.request_target import records
from tests.fuzz.seeds import kinds

INTERFACES = (WINSPOOL, IREMOTEWINSPOOL, IRPCASYNCNOTIFY, IRPCREMOTEOBJECT, EPT, MGMT)
ANSWERED_BY_CLIENTS = {
    *("RpcReplyOpenPrinter", "RpcRouterReplyPrinter", "RpcReplyClosePrinter", "RpcRouterReplyPrinterEx"),
}

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(CORPUS.glob("*/*"))


@pytest.fixture(scope="module", autouse=True)
def fronts() -> Iterator[None]:
    """The loops of the HTTP target are closed in the end."""
    yield
    while targets._fronts:
        _, front = targets._fronts.popitem()
        front.loop.close()
        import logging

        logging.getLogger().removeHandler(front.errors)


@pytest.mark.parametrize("name", sorted({path.parent.name for path in FILES}))
def test_corpus_holds(name: str) -> None:
    found = [path for path in FILES if path.parent.name == name]
    assert len(found) >= 20
    for path in found:
        targets.TARGETS[name](path.read_bytes())


def test_every_declared_request_is_reached() -> None:
    """A call that is new needs `python -m tests.fuzz.seeds`; one that clients answer has no handler here."""
    reached: set[tuple[type[Call], Transfer]] = set()
    known = asyncio.run(kinds())
    for path in CORPUS.glob("requests/*"):
        for index, transfer, stub in records(path.read_bytes()):
            with contextlib.suppress(NdrError):
                known[index % len(known)].decode(stub, transfer)
                reached.add((known[index % len(known)], transfer))
    assert reached == {(kind, transfer) for kind in known for transfer in Transfer}
    declared = {call for interface in INTERFACES for call in interface.calls.values()}
    assert {call.__name__ for call in declared - set(known)} == ANSWERED_BY_CLIENTS


def test_every_declared_request_and_reply_is_decoded_from_any_octets() -> None:
    assert set(rpc_targets.CALLS) == {call for interface in INTERFACES for call in interface.calls.values()}
