"""Choosing, turning, placing and copying pages of PDF documents, in a process of its own."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import sys
import uuid
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pagebell.converters.imposition import ONE_SIDED
from pagebell.model.document import Document, Ticket
from pagebell.model.errors import DocumentDamaged, NoRoom
from pagebell.model.printer import Capabilities, media_size

log = logging.getLogger(__name__)

PDF = "application/pdf"
UNCOLLATED = "separate-documents-uncollated-copies"
UP = (1, 2, 4)
"""Pages that can be put on one side."""
_CHUNK = 2**18
_HOPELESS = "The document can't be prepared in reasonable time and memory; it may be damaged."
_KEPT_ENVIRONMENT = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TMPDIR")


@dataclass(frozen=True, slots=True)
class PagesConverted:
    """`ports.Conversion`: a file."""

    document: Document
    left_out: int
    path: Path

    async def read(self) -> AsyncIterator[bytes]:
        """Its octets, in chunks."""
        file = await asyncio.to_thread(self.path.open, "rb")
        try:
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
        finally:
            file.close()

    async def remove(self) -> None:
        """The file goes."""
        await asyncio.to_thread(self.path.unlink, missing_ok=True)


OVERRIDES = ("media", "media-col", "orientation-requested", "sides")
"""What may be another for some pages (PWG 5100.6)."""


@lru_cache(maxsize=256)
def _widened(capabilities: Capabilities) -> Capabilities:
    if PDF not in capabilities.formats:
        return capabilities
    ranges = (*capabilities.page_ranges, *(() if PDF in capabilities.page_ranges else (PDF,)))
    return replace(
        capabilities,
        page_ranges=ranges,
        overrides=capabilities.overrides or OVERRIDES,
        override_formats=capabilities.override_formats if capabilities.overrides else (PDF,),
        number_up=tuple(sorted({*capabilities.number_up, *UP})),
        number_up_formats=capabilities.number_up_formats or (PDF,),
    )


class PageConverter:
    """`ports.Converter`. Results are files in `folder`, which is its own and empty at start.

    `timeout` is in seconds a document, `memory` in octets a process.
    """

    def __init__(
        self,
        folder: Path,
        *,
        timeout: float = 60.0,
        memory: int = 1 << 30,
        command: Sequence[str] | None = None,
    ) -> None:
        self._folder = folder
        self._timeout = timeout
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in folder.iterdir():
            leftover.unlink()
        module = ["-I", "-m", "pagebell.converters.pages_worker"]
        self._command = command or [sys.executable, *module, str(memory), str(int(timeout) + 1)]

    def widen(self, capabilities: Capabilities) -> Capabilities:
        """Page ranges, several pages a side, and wishes for single pages, of PDF."""
        return _widened(capabilities)

    def takes(self, format: str) -> bool:
        """PDF alone."""
        return format == PDF

    async def convert(
        self, path: Path, document: Document, ticket: Ticket, device: Capabilities, leave_out: int = 0
    ) -> PagesConverted | None:
        """Raises DocumentDamaged, NoRoom."""
        if document.format != PDF or (self.settled(ticket, device) == ticket and not leave_out):
            return None
        asked = request(ticket, device, document.number, leave_out)
        target = self._folder / f"{uuid.uuid4().hex}.pdf"
        with ExitStack() as unfinished:
            unfinished.callback(_forget, target)
            answer = await self._run({"source": os.fspath(path), "target": os.fspath(target), **asked})
            pages, left_out = int(answer["pages"]), int(answer["left_out"])
            result = await asyncio.to_thread(_result, target, document, pages, left_out)
            unfinished.pop_all()
        return result

    def settled(self, ticket: Ticket, device: Capabilities) -> Ticket:
        """Without what the device does not know itself: page ranges, pages a side, copies, wishes for single pages.

        Where a page is to be printed on both sides, the device is to do so; other pages have blank backs then.
        """
        kept = ticket
        if ticket.page_ranges and PDF not in device.page_ranges:
            kept = replace(kept, page_ranges=None)
        if (ticket.number_up or 1) not in device.number_up:
            kept = replace(kept, number_up=None)
        if (ticket.copies or 1) > 1 and not device.collates:
            kept = replace(kept, copies=None)
        if ticket.overrides and not device.overrides:
            kept = replace(kept, overrides=None, sides=device_sides(ticket) or kept.sides)
        if not device.paper and any(getattr(ticket, field) is not None for field in _OF_PAPER):
            kept = replace(kept, **dict.fromkeys(_OF_PAPER))
        return kept if ticket.page_set is None else replace(kept, page_set=None, sides=ONE_SIDED)

    async def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment, cwd="/"
        )
        try:
            async with asyncio.timeout(self._timeout):
                said, _ = await process.communicate(json.dumps(request).encode())
            answer: dict[str, Any] = json.loads(said)
        except (TimeoutError, ValueError):
            log.warning("%s: its pages could not be chosen in time and memory", request["source"])
            raise DocumentDamaged(_HOPELESS) from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if "full" in answer:
            raise NoRoom("there is no room to prepare the document for its printer")
        if "damaged" in answer:
            raise DocumentDamaged(str(answer["damaged"]))
        return answer


_OF_PAPER = ("media", "media_col", "orientation_requested", "sides")
"""What a document itself says that is kept as it is."""
_TURNS = {4: 270, 5: 90, 6: 180}
"""Degrees clockwise by orientation-requested: landscape, reverse-landscape, reverse-portrait (RFC 8011 5.2.10)."""
_POINTS = 72 / 2540
"""Points in a hundredth of a millimetre."""


def device_sides(ticket: Ticket) -> str | None:
    """On which sides the device must print so that every page is on those that are asked for; None: as it likes."""
    asked = [ticket.sides, *(override.ticket.sides for override in ticket.overrides or ())]
    named = [sides for sides in asked if sides is not None]
    return next((sides for sides in named if sides != ONE_SIDED), named[0] if named else None)


def request(ticket: Ticket, device: Capabilities, number: int, leave_out: int = 0) -> dict[str, Any]:
    """What the worker is to do with a job's n-th document, as `pages_worker` has it."""
    up = ticket.number_up or 1
    overrides = ticket.overrides if ticket.overrides and not device.overrides else ()
    whole = overrides or leave_out or ticket.page_set is not None or not device.collates
    sides = device_sides(ticket) or ONE_SIDED if whole else ONE_SIDED
    job = replace(ticket, media=None, media_col=None, orientation_requested=None) if device.paper else ticket
    makes_copies = not device.collates or leave_out > 0
    return {
        "ranges": None if PDF in device.page_ranges else ticket.page_ranges,
        "up": 1 if up in device.number_up else up,
        "copies": (ticket.copies or 1) if makes_copies else 1,
        "collated": ticket.multiple_document_handling != UNCOLLATED,
        "leave_out": leave_out,
        "page_set": None if ticket.page_set is None else ticket.page_set.value,
        "device": sides,
        "says_sides": not device.paper and ticket.sides is not None,
        "wish": {"sides": job.sides or sides, "size": None, "turn": 0} | _wish(replace(job, sides=None)),
        "overrides": [
            {"pages": override.pages or ((1, 2**31 - 1),), **_wish(override.ticket)}
            for override in overrides
            if not override.documents or any(first <= number <= last for first, last in override.documents)
        ],
    }


def _wish(ticket: Ticket) -> dict[str, Any]:
    """What is asked for, of what the worker can do."""
    wish: dict[str, Any] = {}
    if ticket.sides is not None:
        wish["sides"] = ticket.sides
    size = media_size(ticket.media) if ticket.media is not None else None
    size = ticket.media_col.size if ticket.media_col is not None and ticket.media_col.size else size
    if size is not None:
        wish["size"] = (size.x * _POINTS, size.y * _POINTS)
    if ticket.orientation_requested is not None:
        wish["turn"] = _TURNS.get(ticket.orientation_requested, 0)
    return wish


def _forget(target: Path) -> None:
    with suppress(OSError):
        target.unlink(missing_ok=True)


def _result(target: Path, document: Document, pages: int, left_out: int) -> PagesConverted:
    digest = hashlib.sha256()
    octets = 0
    with target.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            octets += len(chunk)
    new = replace(document, octets=octets, digest=digest.hexdigest(), impressions=pages)
    return PagesConverted(new, left_out, target)
