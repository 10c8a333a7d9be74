"""TCP options that request and response traffic needs."""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import Any

_QUICK_ACK = getattr(socket, "TCP_QUICKACK", None) if sys.platform == "linux" else None
_KEEP_ALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""A peer that vanished is noticed within two minutes, also while a call of its is parked."""


def prepare(connection: Any) -> None:
    """Send small PDUs at once, acknowledge at once, and notice a peer that vanished."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE.items():
        if option := getattr(socket, name, None):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
    quick_ack(connection)


def quick_ack(connection: Any) -> None:
    """Arm TCP_QUICKACK again: Linux disarms it, and a peer with Nagle on (Samba) waits 40 ms a fragment."""
    if _QUICK_ACK is not None and connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
