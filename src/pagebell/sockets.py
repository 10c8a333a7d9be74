"""TCP options by which a peer is noticed that went away without a word: its power failed, or the network to it."""

from __future__ import annotations

import socket
from typing import Any, Final

VANISHED: Final = 120.0
"""Seconds without a sign of life after which a peer is taken for gone."""


def notice_vanished(connection: Any, after: float = VANISHED) -> None:
    """Have the system end a connection, or those that a listening socket will take, whose peer has vanished.

    A silent peer is asked for a sign of life, and so is one that acknowledges nothing; each for `after` seconds in
    all. What a system has no option for stays as it is there.
    """
    silence, pause = max(1, round(after / 2)), max(1, round(after / 8))
    options = {
        "TCP_KEEPIDLE": silence,
        "TCP_KEEPALIVE": silence,  # macOS' name for the same
        "TCP_KEEPINTVL": pause,
        "TCP_KEEPCNT": max(1, round((after - silence) / pause)),
        "TCP_USER_TIMEOUT": round(after * 1000),
    }
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in options.items():
        if option := getattr(socket, name, None):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
