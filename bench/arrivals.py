"""When octets reached their readers, as the kernel saw it (Linux' SO_TIMESTAMPNS).

Readers look after it is over: they do not take the processor from the server, as readers elsewhere would not.
"""

from __future__ import annotations

import os
import socket
import stat
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from struct import Struct
from typing import Final

_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = Struct("@qq")
_CONTROL: Final = 64
_NAP: Final = 0.05
"""Seconds between two looks,"""
_SHORT_NAP: Final = 0.0005
"""and where there are few readers, who cost nothing."""
_FEW: Final = 10
PATIENCE: Final = 120.0
"""Seconds for all to be told."""


def ask_for_stamps(reader: socket.socket) -> None:
    """Have the kernel note when octets come."""
    reader.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def received(reader: socket.socket, *, peek: bool = False) -> tuple[bytes, float]:
    """What has come, and when; `peek` leaves it there.

    The time is now where none was noted, as just after the first socket has asked for it.
    """
    data, control, _, _ = reader.recvmsg(2**16, _CONTROL, socket.MSG_DONTWAIT | socket.MSG_PEEK * peek)
    if not control:
        return data, time.time()
    whole, nanoseconds = _TIMESPEC.unpack(control[0][2])
    return data, whole + nanoseconds / 1e9


def gathered(count: int, look: Callable[[], Iterable[float]]) -> list[float]:
    """Look now and then, until there are so many times."""
    found: list[float] = []
    deadline = time.monotonic() + PATIENCE
    while len(found) < count:
        if time.monotonic() > deadline:
            raise SystemExit(f"{len(found)} of {count} readers were told in {PATIENCE:g} s")
        time.sleep(_NAP if count > _FEW else _SHORT_NAP)
        found += look()
    return found


class Connections:
    """This process's connections, whoever reads them; what comes is read by them later."""

    def __init__(self) -> None:
        self._readers = [
            socket.socket(fileno=os.dup(descriptor))
            for descriptor in map(int, os.listdir("/proc/self/fd"))
            if _is_connection(descriptor)
        ]
        for reader in self._readers:
            ask_for_stamps(reader)

    def first_arrivals(self, count: int) -> list[float]:
        """When so many of them had octets to be read, while nobody reads."""
        silent = self._readers

        def look() -> list[float]:
            nonlocal silent
            heard, quiet = [], []
            for reader in silent:
                try:
                    heard.append(received(reader, peek=True)[1])
                except BlockingIOError:
                    quiet.append(reader)
            silent = quiet
            return heard

        return gathered(count, look)

    def close(self) -> None:
        """Forget them; they stay open."""
        for reader in self._readers:
            reader.close()


def _is_connection(descriptor: int) -> bool:
    with suppress(OSError):
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            with socket.socket(fileno=os.dup(descriptor)) as one:
                return one.family == socket.AF_INET and bool(one.getpeername())
    return False
