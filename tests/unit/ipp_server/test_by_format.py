"""What a printer can do depends on what is sent to it (RFC 8011 4.2.5.1, "document-format")."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import GroupTag
from pagebell.ipp.registry import Op
from pagebell.ipp.registry import Status as S
from pagebell.model.event import JobId
from tests.asking import job_group
from tests.unit.ipp_server.door import Door, first, status

PDF, POSTSCRIPT, JPEG = "application/pdf", "application/postscript", "image/jpeg"
IGNORED = S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES


class Both(Door):
    """A door before a device that puts pages of PDFs together, and takes PostScript as it is."""

    async def __aenter__(self) -> Both:
        await super().__aenter__()
        self.device.capabilities = replace(
            self.device.capabilities,
            formats=(PDF, POSTSCRIPT, JPEG, "application/octet-stream"),
            number_up=(1, 2),
            number_up_formats=(PDF,),
            page_ranges=(PDF,),
        )
        return self


@pytest.mark.parametrize(
    ("format", "ranges"),
    [
        (PDF, True),
        (PDF.upper(), True),
        (POSTSCRIPT, False),
        (JPEG, False),
        ("application/octet-stream", True),
        (None, True),
    ],
)
async def test_printer_tells_what_it_can_do_to_a_format(format: str | None, ranges: bool) -> None:
    async with Both() as d:
        asked = () if format is None else (r.document_format(format),)
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES, *asked), GroupTag.PRINTER)
        assert told.get(r.page_ranges_supported) is ranges
        assert told.all(r.number_up_supported) == [1]  # of PDF and PostScript alike, see `_told`


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        (PDF, S.SUCCESSFUL_OK),
        (POSTSCRIPT, IGNORED),
        ("application/octet-stream", S.SUCCESSFUL_OK),  # `lp` says no more, and it may be a PDF
        (None, S.SUCCESSFUL_OK),
    ],
)
async def test_job_may_have_what_can_be_done_to_its_format(format: str | None, expected: S) -> None:
    async with Both() as d:
        group = job_group(r.number_up(2))
        asked = () if format is None else (r.document_format(format),)
        for operation in (Op.VALIDATE_JOB, Op.PRINT_JOB, Op.CREATE_JOB):
            answer = await d.ask(operation, *asked, groups=[group], data=b"x")
            assert status(answer) is expected
        assert ((await d.job(JobId(1))).ticket.number_up == 2) is (expected is S.SUCCESSFUL_OK)
