"""What a job asks for is honoured, or returned as what is not (RFC 8011 4.1.7, PWG 5100.7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Collection, GroupTag, IntRange, Tag, Value
from pagebell.ipp.registry import Op
from pagebell.ipp.registry import Status as S
from pagebell.model.event import JobId
from tests.unit.ipp_server.door import door, first, status
from tests.unit.ipp_server.plays import (
    IGNORED,
    OK,
    UNSUPPORTED,
    job_group,
)


@pytest.mark.parametrize("attribute", [r.job_password(b"secret"), r.document_password(b"secret")])
async def test_what_is_for_one_persons_eyes_is_not_printed_for_all(attribute: Attribute) -> None:
    async with door() as d:
        answer = await d.ask(Op.PRINT_JOB, attribute, data=b"x")
        assert status(answer) is UNSUPPORTED
        assert attribute.name in first(answer, GroupTag.UNSUPPORTED).attributes


async def test_mandatory_attribute_that_can_not_be_honoured_refuses_the_job() -> None:
    async with door() as d:
        groups = job_group(r.sides("two-sided-long-edge"))
        assert status(await d.ask(Op.PRINT_JOB, groups=groups, data=b"x")) is IGNORED
        answer = await d.ask(Op.PRINT_JOB, r.job_mandatory_attributes("sides"), groups=groups, data=b"x")
        assert status(answer) is UNSUPPORTED


SIZE = r.media_size(Collection.of(r.x_dimension(21000), r.y_dimension(29700)))
STRANGE = Attribute("media-perfume", r.media_type("rose").values)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ((SIZE,), OK),
        ((r.media_size(Collection.of(r.x_dimension(21010), r.y_dimension(29690))),), OK),
        ((r.media_size_name("iso_a4_210x297mm"),), OK),
        ((r.media_size(Collection.of(r.x_dimension(100), r.y_dimension(100))),), IGNORED),
        ((SIZE, STRANGE), IGNORED),
        ((SIZE, r.media_color("pink")), IGNORED),
        ((SIZE, r.media_top_margin(0)), IGNORED),
        ((SIZE, r.media_type("papyrus")), IGNORED),
    ],
)
async def test_media_col_is_honoured_by_its_members(members: tuple[Attribute, ...], expected: S) -> None:
    async with door() as d:
        group = job_group(r.media_col(Collection.of(*members)))
        assert status(await d.ask(Op.VALIDATE_JOB, groups=group)) is expected
        strict = await d.ask(Op.VALIDATE_JOB, r.ipp_attribute_fidelity(True), groups=group)
        assert status(strict) is (OK if expected is OK else UNSUPPORTED)


async def test_member_that_nobody_knows_is_returned_alone() -> None:
    async with door() as d:
        group = job_group(r.media_col(Collection.of(SIZE, STRANGE)))
        answer = await d.ask(Op.PRINT_JOB, groups=group, data=b"x")
        (returned,) = r.media_col.all(first(answer, GroupTag.UNSUPPORTED).attributes["media-col"])
        assert list(returned) == ["media-perfume"]
        media = (await d.job(JobId(1))).ticket.media_col
        assert media is not None
        assert media.size is not None


def override(*members: Attribute) -> Attribute:
    """Other wishes for pages 2 and 3."""
    return r.overrides(Collection.of(Attribute("pages", (Value(Tag.RANGE, IntRange(2, 3)),)), *members))


OVER = override(r.sides("one-sided"), r.media("iso_a4_210x297mm"))
EMPTY = r.overrides(Collection.of(r.sides("one-sided")))
COPIES = override(r.copies(2))


SIZED = override(r.media_col(Collection.of(r.media_size_name("iso_a4_210x297mm"))))
TRAY = override(r.media_col(Collection.of(r.media_source("auto"))))


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [(OVER, OK), (SIZED, OK), (TRAY, IGNORED), (EMPTY, IGNORED), (COPIES, IGNORED)],
)
async def test_overrides_are_kept_where_they_can_be_honoured(overrides: Attribute, expected: S) -> None:
    async with door() as d:
        members = ("media", "media-col", "orientation-requested", "sides")
        d.device.capabilities = replace(
            d.device.capabilities, overrides=members, override_formats=("application/pdf",)
        )
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert told.all(r.overrides_supported) == ["pages", "document-numbers", "document-number", *members]
        answer = await d.ask(Op.CREATE_JOB, groups=job_group(overrides))
        assert status(answer) is expected
        number = first(answer, GroupTag.JOB).get(r.job_id) or 0
        asked = r.requested_attributes("overrides")
        answer = await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(number), asked)
        assert ("overrides" in first(answer, GroupTag.JOB)) is (expected is OK)


async def test_overrides_are_unknown_to_a_device_that_has_none() -> None:
    async with door() as d:
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert "overrides-supported" not in told
        answer = await d.ask(Op.PRINT_JOB, groups=job_group(OVER), data=b"x")
        assert first(answer, GroupTag.UNSUPPORTED).attributes["overrides"] == r.overrides.unsupported()


@pytest.mark.parametrize(("format", "expected"), [("application/pdf", OK), ("text/plain", IGNORED)])
async def test_overrides_are_for_formats_whose_pages_can_be_changed(format: str, expected: S) -> None:
    async with door() as d:
        d.device.capabilities = replace(
            d.device.capabilities, overrides=("sides", "media"), override_formats=("application/pdf",)
        )
        answer = await d.ask(Op.VALIDATE_JOB, r.document_format(format), groups=job_group(OVER))
        assert status(answer) is expected
