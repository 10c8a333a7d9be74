"""Choosing pages of PDF documents and putting several on a side, in a process of its own."""

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
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pagebell.model.document import Document, Ticket
from pagebell.model.errors import DocumentDamaged, NoRoom
from pagebell.model.printer import Capabilities

log = logging.getLogger(__name__)

PDF, POSTSCRIPT = "application/pdf", "application/postscript"
UP = (1, 2, 4)
"""Pages that can be put on one side."""
_CHUNK = 2**18
_HOPELESS = "The document can't be prepared in reasonable time and memory; it may be damaged."
_KEPT_ENVIRONMENT = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT", "TMPDIR")


@dataclass(frozen=True, slots=True)
class PagesConverted:
    """`ports.Conversion`: a file."""

    document: Document
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


@lru_cache(maxsize=256)
def _widened(capabilities: Capabilities) -> Capabilities:
    if PDF not in capabilities.formats:
        return capabilities
    ranges = (*capabilities.page_ranges, *(() if PDF in capabilities.page_ranges else (PDF,)))
    capabilities = replace(capabilities, page_ranges=ranges)
    if POSTSCRIPT in capabilities.formats:  # whose pages could not be put on one side: no claim for both
        return capabilities
    return replace(
        capabilities,
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
        """Page ranges and several pages a side, of PDF."""
        return _widened(capabilities)

    async def convert(
        self, path: Path, document: Document, ticket: Ticket, device: Capabilities
    ) -> PagesConverted | None:
        """Raises DocumentDamaged, NoRoom."""
        asked = _asked(ticket, device)
        if document.format != PDF or asked is None:
            return None
        target = self._folder / f"{uuid.uuid4().hex}.pdf"
        try:
            answer = await self._run({"source": os.fspath(path), "target": os.fspath(target), **asked})
            return await asyncio.to_thread(_result, target, document, int(answer["pages"]))
        except BaseException:
            with suppress(OSError):
                target.unlink(missing_ok=True)
            raise

    def settled(self, ticket: Ticket, device: Capabilities) -> Ticket:
        """Without page ranges and pages a side that the device does not know itself."""
        if _asked(ticket, device) is None:
            return ticket
        ranges = ticket.page_ranges if PDF in device.page_ranges else None
        up = ticket.number_up if (ticket.number_up or 1) in device.number_up else None
        return replace(ticket, page_ranges=ranges, number_up=up, page_set=None)

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


def _asked(ticket: Ticket, device: Capabilities) -> dict[str, Any] | None:
    """What there is to do, None if nothing."""
    ranges = None if PDF in device.page_ranges else ticket.page_ranges
    up = ticket.number_up or 1
    up = 1 if up in device.number_up else up
    sides = None if ticket.page_set is None else ticket.page_set.value
    return None if not ranges and up == 1 and sides is None else {"ranges": ranges, "up": up, "sides": sides}


def _result(target: Path, document: Document, pages: int) -> PagesConverted:
    digest = hashlib.sha256()
    octets = 0
    with target.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            octets += len(chunk)
    new = replace(document, octets=octets, digest=digest.hexdigest(), impressions=pages)
    return PagesConverted(new, target)
