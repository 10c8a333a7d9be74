"""The IPP door of the spooler: requests become use cases, jobs and printers become attributes."""

from pagebell.ipp.server.service import Service

__all__ = ["Service"]
