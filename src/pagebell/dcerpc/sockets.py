"""TCP options that request and response traffic needs."""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import Any

from pagebell.sockets import notice_vanished

_QUICK_ACK = getattr(socket, "TCP_QUICKACK", None) if sys.platform == "linux" else None


def prepare(connection: Any) -> None:
    """Send small PDUs at once, acknowledge at once, and notice a peer that vanished, also while a call is parked."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    notice_vanished(connection)
    quick_ack(connection)


def quick_ack(connection: Any) -> None:
    """Arm TCP_QUICKACK again: Linux disarms it, and a peer with Nagle on (Samba) waits 40 ms a fragment."""
    if _QUICK_ACK is not None and connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)
