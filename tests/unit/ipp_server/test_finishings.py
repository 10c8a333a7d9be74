"""Finishings by number and by template (PWG 5100.1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Collection, GroupTag
from pagebell.ipp.registry import Finishings, Op
from pagebell.ipp.registry import Status as S
from pagebell.model.event import JobId
from tests.asking import job_group
from tests.unit.ipp_server.door import Door, door, first, status

IGNORED = S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
STITCHING = r.stitching(Collection.of(r.stitching_offset(635)))


class Stapling(Door):
    """A door before a device that staples."""

    async def __aenter__(self) -> Stapling:
        await super().__aenter__()
        self.device.capabilities = replace(self.device.capabilities, finishings=(3, 4, 20))
        return self

    async def printed(self, *members: Attribute) -> S:
        """What becomes of a job with such a finishings-col."""
        group = job_group(r.finishings_col(Collection.of(*members)))
        return status(await self.ask(Op.PRINT_JOB, groups=[group], data=b"x"))


def templates(attribute: list[Collection]) -> list[str]:
    return [collection.first(r.finishing_template) or "" for collection in attribute]


async def test_templates_are_told_beside_numbers() -> None:
    async with Stapling() as d:
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert told.all(r.finishings_supported) == [Finishings(3), Finishings(4), Finishings(20)]
        assert told.all(r.finishing_template_supported) == ["none", "staple", "staple-top-left"]
        assert told.all(r.finishings_col_supported) == ["finishing-template"]
        for attr in (r.finishings_col_database, r.finishings_col_ready):
            assert templates(told.all(attr)) == ["none", "staple", "staple-top-left"]
        assert templates(told.all(r.finishings_col_default)) == ["none"]


async def test_printer_that_does_nothing_to_sheets_has_the_template_none() -> None:
    async with door() as d:
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert told.all(r.finishing_template_supported) == ["none"]


async def test_job_is_told_with_its_template() -> None:
    async with Stapling() as d:
        assert await d.printed(r.finishing_template("staple")) is S.SUCCESSFUL_OK
        assert (await d.job(JobId(1))).ticket.finishings_col == ("staple",)
        told = first(await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(1)), GroupTag.JOB)
        assert templates(told.all(r.finishings_col)) == ["staple"]


@pytest.mark.parametrize("members", [(r.finishing_template("punch"),), (STITCHING,), ()])
async def test_what_the_device_can_not_do_is_told_as_ignored(members: tuple[Attribute, ...]) -> None:
    async with Stapling() as d:
        assert await d.printed(*members) is IGNORED
        assert (await d.job(JobId(1))).ticket.finishings_col is None


async def test_members_beside_the_template_are_told_as_ignored() -> None:
    """Where its staples go is the device's own affair: finishings-col-supported does not name "stitching"."""
    async with Stapling() as d:
        group = job_group(r.finishings_col(Collection.of(r.finishing_template("staple"), STITCHING)))
        answer = await d.ask(Op.PRINT_JOB, groups=[group], data=b"x")
        (returned,) = r.finishings_col.all(first(answer, GroupTag.UNSUPPORTED).attributes["finishings-col"])
        assert (status(answer), list(returned)) == (IGNORED, ["stitching"])
        assert (await d.job(JobId(1))).ticket.finishings_col == ("staple",)


async def test_template_is_a_settable_default() -> None:
    async with Stapling() as d:
        told = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert "finishings-col-default" in told.all(r.printer_settable_attributes_supported)
