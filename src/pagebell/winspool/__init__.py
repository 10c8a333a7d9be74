"""The Windows print protocols: [MS-RPRN] and [MS-PAR].

idl/       the interfaces as data, in the specifications' own names
infos      the custom-marshalled INFO structures, and buffers, which packs them
constants  werror  devmode  forms  security    numbers and small formats
server/    the door: handlers over the spooler
client/    the other side: ``Client`` and ``SyncClient``, loaded when first used
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagebell.winspool.client.client import Client
    from pagebell.winspool.client.sync import SyncClient

__all__ = ["Client", "SyncClient"]


def __getattr__(name: str) -> object:
    if name == "Client":
        from pagebell.winspool.client.client import Client  # noqa: PLC0415

        return Client
    if name == "SyncClient":
        from pagebell.winspool.client.sync import SyncClient  # noqa: PLC0415

        return SyncClient
    raise AttributeError(name)
