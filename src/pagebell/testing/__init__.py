"""For tests, ours and yours: a clock that you turn, stores in memory, scripted and virtual printers, PDFs.

Everything here keeps the contracts of `pagebell.spooler.ports`; the same tests run against these and the real
ones. Importing this package imports nothing else until a name is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagebell.testing.clock import FakeClock as FakeClock
    from pagebell.testing.device import ScriptedDevice as ScriptedDevice
    from pagebell.testing.documents import MemoryDocumentStore as MemoryDocumentStore
    from pagebell.testing.samples import pdf as pdf
    from pagebell.testing.server import PrintServer as PrintServer
    from pagebell.testing.store import MemoryStore as MemoryStore
    from pagebell.testing.virtual import VirtualPrinter as VirtualPrinter

_HOMES = {
    "FakeClock": "clock",
    "MemoryDocumentStore": "documents",
    "MemoryStore": "store",
    "PrintServer": "server",
    "ScriptedDevice": "device",
    "VirtualPrinter": "virtual",
    "pdf": "samples",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
