"""Share printing behind smbd: it writes the document to a file of its own, and hands it over when that is closed.

smbd passes every client's calls on, so that the file's name may be anybody's idea: only files are taken that lie in
a folder of smbd's, are named as it names them, and belong to the caller.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pagebell.spooler.intake import Intake
from pagebell.winspool.werror import Win32, Win32Error

_PREFIX: Final = "smbprn."
_CHUNK: Final = 2**20


@dataclass(slots=True)
class SpoolFile:
    """A document that somebody else is writing; it is open as long as that lasts."""

    path: Path
    descriptor: int

    @classmethod
    def open(cls, name: str, folders: Iterable[str], uid: int) -> SpoolFile:
        """The file that a caller of this Unix user names. Raises Win32Error."""
        path = Path(name)
        if path.parent not in map(Path, folders) or not path.name.startswith(_PREFIX):
            raise Win32Error(Win32.ACCESS_DENIED)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            raise Win32Error(Win32.ACCESS_DENIED) from None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != uid or status.st_nlink != 1:
            os.close(descriptor)
            raise Win32Error(Win32.ACCESS_DENIED)
        return cls(path, descriptor)

    async def pour(self, intake: Intake) -> int:
        """Give the document to the spooler; returns its octets. Raises what `Intake.write` raises."""
        taken = 0
        while chunk := await asyncio.to_thread(os.pread, self.descriptor, _CHUNK, taken):
            await intake.write(chunk)
            taken += len(chunk)
        return taken

    def remove(self) -> None:
        """It is not needed any more."""
        os.close(self.descriptor)
        with suppress(OSError):
            self.path.unlink()
