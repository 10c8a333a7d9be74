"""What things are called."""

from __future__ import annotations

from typing import NewType

PrinterName = NewType("PrinterName", str)
NO_PRINTER = PrinterName("")
"""Stands in an event that befell the server itself: no printer has this name."""
JobId = NewType("JobId", int)
"""Unique in the server, never used again."""
ResourceId = NewType("ResourceId", int)
"""As a job's."""
