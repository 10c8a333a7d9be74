"""The few system calls by which documents reach the disk, as one seam: tests let the n-th of them fail."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


class Disk:
    """The real disk. Every method raises OSError as the system does."""

    def create(self, path: Path) -> BinaryIO:
        """Open a new file for writing; it must not exist."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "wb", buffering=0)

    def write(self, file: BinaryIO, data: memoryview) -> None:
        """Write all of it."""
        while data:
            data = data[file.write(data) :]

    def sync(self, file: BinaryIO) -> None:
        """Return when what was written survives a power cut."""
        os.fsync(file.fileno())

    def move(self, source: Path, target: Path) -> None:
        """Rename within one file system."""
        os.replace(source, target)

    def sync_folder(self, folder: Path) -> None:
        """Return when the folder's entries survive a power cut."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove(self, path: Path) -> None:
        """Remove a file if it is there."""
        path.unlink(missing_ok=True)
