"""What things are called."""

from __future__ import annotations

from typing import NewType

PrinterName = NewType("PrinterName", str)
NO_PRINTER = PrinterName("")
"""Stands in an event that befell the server itself: no printer has this name."""
PrinterId = NewType("PrinterId", int)
"""Which printer it is, whatever others have had its name: IPP's printer-id, from 1 to 65535 (PWG 5100.22 7.7.2).

It is the printer's for as long as that lives, and no other's while a subscription or an event remembers it.
"""
NO_ID = PrinterId(0)
"""No printer has this one."""
JobId = NewType("JobId", int)
"""Unique in the server, never used again."""
ResourceId = NewType("ResourceId", int)
"""As a job's."""
