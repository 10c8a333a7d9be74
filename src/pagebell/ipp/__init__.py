"""The Internet Printing Protocol: its octets, its vocabulary, its operations, and clients for any printer.

Codec and vocabulary are values without I/O; ``Client`` and ``SyncClient`` are loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pagebell.ipp.client import Client
    from pagebell.ipp.sync import SyncClient

__all__ = ["Client", "SyncClient"]


def __getattr__(name: str) -> object:
    if name == "Client":
        from pagebell.ipp.client import Client  # noqa: PLC0415

        return Client
    if name == "SyncClient":
        from pagebell.ipp.sync import SyncClient  # noqa: PLC0415

        return SyncClient
    raise AttributeError(name)
