"""Making a job's documents fit for their device: counted, converted, and without what is out already."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pagebell.model.document import Document, Ticket
from pagebell.model.job import Job
from pagebell.model.lifecycle import PRINTED_TWICE
from pagebell.model.printer import Capabilities
from pagebell.spooler.ledger import Ledger
from pagebell.spooler.ports import Conversion, Converter, DocumentStore, Inspector

MAY_REPEAT: Final = "It goes on where it was suspended; pages may have come out twice."
FROM_THE_START: Final = "It could not go on where it was suspended: pages have come out twice."
UNFIT: Final = "Not all that was asked for can be done to a document of this kind."
_OF_PAGES: Final = ("number_up", "overrides", "page_ranges")
"""What only converters do to a document that is not made for it."""


@dataclass(slots=True)
class Prepared:
    """A job's documents as its device gets them, and what is left for the device to do."""

    ticket: Ticket
    conversions: dict[int, Conversion] = field(default_factory=dict)
    """By document number; those that are not here go as they are stored."""
    out: set[int] = field(default_factory=set)
    """Numbers of the documents that are out already."""
    before: int = 0
    """Pages that are out already, and that the device does not get once more."""
    remarks: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    """What the job's owner is to be told, with reasons."""

    def document(self, document: Document) -> Document:
        """As the device gets it."""
        found = self.conversions.get(document.number)
        return document if found is None else found.document

    def documents(self, job: Job) -> Sequence[Document]:
        """Those to print."""
        return [self.document(one) for one in job.printable if one.number not in self.out]

    def impressions(self, documents: Sequence[Document]) -> int | None:
        """Pages that the device is to print; None if one of the documents can't be counted."""
        counts = [
            self.document(one).impressions
            for one in documents
            if not one.canceled and one.number not in self.out
        ]
        if any(count is None for count in counts):
            return None
        return sum(count or 0 for count in counts) * (self.ticket.copies or 1)

    def read(self, document: Document, store: DocumentStore) -> AsyncIterator[bytes]:
        """Its octets. Raises Gone."""
        found = self.conversions.get(document.number)
        return store.read(document.key) if found is None else found.read()

    async def remove(self) -> None:
        """Let go of the conversions."""
        for conversion in self.conversions.values():
            await conversion.remove()


class Preparer:
    """Prepares jobs for one device."""

    def __init__(self, ledger: Ledger, inspector: Inspector, converter: Converter) -> None:
        self._ledger = ledger
        self._inspector = inspector
        self._converter = converter

    async def prepare(self, job: Job, device: Capabilities, prepared: Prepared) -> tuple[Document, ...]:
        """Fill `prepared`; returns the documents with their pages counted. Raises DocumentDamaged, NoRoom, Gone."""
        documents = tuple([await self._inspect(document) for document in job.documents])
        printable = [document for document in documents if not document.canceled]
        goes_on = job.resumed is not None and device.paper and not device.resumes
        out = (job.resumed or 0) if goes_on else 0
        mixed = not all(self._converter.takes(document.format) for document in printable)
        wanted, copies = prepared.ticket, prepared.ticket.copies
        if mixed:  # one number of copies is for all documents, and the device makes them
            wanted = replace(wanted, copies=None)
        elif out:
            device = replace(device, collates=False)
        left = await self._convert(printable, wanted, device, prepared, out, 1 if copies is None else copies)
        settled = self._converter.settled(wanted, device)
        prepared.before = out - left
        prepared.ticket = replace(settled, copies=copies) if mixed else settled
        if left:
            prepared.remarks.append((FROM_THE_START, frozenset({PRINTED_TWICE})))
        elif goes_on:
            prepared.remarks.append((MAY_REPEAT, frozenset({PRINTED_TWICE})))
        if mixed and any(getattr(settled, field) != getattr(wanted, field) for field in _OF_PAGES):
            prepared.remarks.append((UNFIT, frozenset()))
        return documents

    async def _convert(
        self,
        printable: Sequence[Document],
        ticket: Ticket,
        device: Capabilities,
        prepared: Prepared,
        out: int,
        copies: int,
    ) -> int:
        """Convert what needs it, and leave out so many pages; returns how many of these can't be left out."""
        left, stuck = out, False
        for document in printable:
            format, pages = document.format, document.impressions
            can_cut = self._converter.takes(format) and (ticket.copies is not None or copies == 1)
            if left and not stuck and not can_cut:
                stuck = pages is None or pages * copies > left
                if pages is not None and not stuck:
                    left -= pages * copies
                    prepared.out.add(document.number)
                    continue
            cut = 0 if stuck else left
            if not cut and self._converter.settled(ticket, device) == ticket:
                continue
            path = await self._ledger.documents.path(document.key)
            found = await self._converter.convert(path, document, ticket, device, cut)
            if found is None:
                continue
            prepared.conversions[document.number] = found
            left -= found.left_out
            if cut and not found.document.impressions:
                prepared.out.add(document.number)
        return left

    async def _inspect(self, document: Document) -> Document:
        if document.impressions is not None or document.canceled:
            return document
        path = await self._ledger.documents.path(document.key)
        pages = await self._inspector.impressions(path, document.format)
        return replace(document, impressions=pages)
