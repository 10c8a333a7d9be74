"""Resources of jobs and documents: PWG 5100.22 4.6, 7.4.1, 7.5.1, 8.2 and 8.4."""

from __future__ import annotations

import asyncio

import pytest

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Attribute, Group, GroupTag, Message
from pagebell.ipp.registry import Op, ResourceState
from pagebell.ipp.registry import Status as S
from pagebell.model.access import SYSTEM
from pagebell.model.errors import Refusal
from pagebell.model.event import JobId, PrinterName, ResourceId
from pagebell.spooler.intake import DocumentSpec, Order
from pagebell.spooler.ledger import to_end
from tests.asking import job_id
from tests.unit.ipp_server.door import ADMIN, Door, first, status
from tests.unit.ipp_server.test_by_reference import HERE, Referring
from tests.unit.ipp_server.test_resources import AS_PNG, CANCEL, GIVE, IMAGE, TAKE, told_of
from tests.unit.spooler.test_resources import PNG

IGNORED = S.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES
REFUSED = S.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED
ASKED = r.resource_ids(9, 1, 2, 1)
"""None, one that the printer has, one that it does not have, and the first of these again."""
AT = {"path": "/ipp/system", "user": ADMIN}


class Supplied(Referring):
    """Where resource 1 is the printer's and resource 2, installed as well, is not."""

    async def __aenter__(self) -> Supplied:
        await super().__aenter__()
        for number in (1, 2):
            await self.ask(Op.CREATE_RESOURCE, IMAGE, **AT)  # type: ignore[arg-type]
            one = r.resource_id(number)
            await self.ask(Op.SEND_RESOURCE_DATA, one, AS_PNG, data=PNG, **AT)  # type: ignore[arg-type]
            await self.ask(Op.INSTALL_RESOURCE, one, **AT)  # type: ignore[arg-type]
        await self.ask(GIVE, r.resource_ids(1), user=ADMIN)
        return self


async def of_job(d: Door, number: int) -> Attribute:
    answer = await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(number))
    return first(answer, GroupTag.JOB).attributes["job-resource-ids"]


async def of_document(d: Door, number: int) -> Attribute:
    asked = r.job_id(number), r.document_number(1)
    answer = await d.ask(Op.GET_DOCUMENT_ATTRIBUTES, *asked)
    return first(answer, GroupTag.DOCUMENT).attributes["document-resource-ids"]


def ignored(answer: Message) -> bool:
    """Whether the resources that the job can't have are told, and those alone."""
    return status(answer) is IGNORED and first(answer, GroupTag.UNSUPPORTED).all(r.resource_ids) == [9, 2]


@pytest.mark.parametrize("op", [Op.PRINT_JOB, Op.CREATE_JOB, Op.PRINT_URI])
async def test_job_has_those_of_its_resources_that_its_printer_has(op: Op) -> None:
    """8.2: the others are returned as unsupported, and these copied to job-resource-ids."""
    async with Supplied() as d:
        more = (r.document_uri(HERE),) if op is Op.PRINT_URI else ()
        answer = await d.ask(op, ASKED, *more, data=b"x" if op is Op.PRINT_JOB else b"")
        assert ignored(answer)
        for _ in range(2):
            assert await of_job(d, job_id(answer)) == r.job_resource_ids(1)
            await d.restart()


@pytest.mark.parametrize("op", [Op.SEND_DOCUMENT, Op.SEND_URI])
async def test_document_has_those_of_its_resources_that_its_printer_has(op: Op) -> None:
    """8.4 and 7.4.1: document-resource-ids."""
    async with Supplied() as d:
        number = await d.open()
        more = (r.document_uri(HERE),) if op is Op.SEND_URI else ()
        said = r.job_id(number), r.last_document(False), ASKED
        assert ignored(await d.ask(op, *said, *more, data=b"x" if op is Op.SEND_DOCUMENT else b""))
        assert await of_document(d, number) == r.document_resource_ids(1)
        assert await of_job(d, number) == r.job_resource_ids.no_value()


@pytest.mark.parametrize("op", [Op.PRINT_JOB, Op.CREATE_JOB, Op.VALIDATE_JOB, Op.VALIDATE_DOCUMENT])
async def test_fidelity_demands_all_of_the_resources(op: Op) -> None:
    """8.2: client-error-attributes-or-values-not-supported "depending on the requested attribute fidelity"."""
    data = b"x" if op is Op.PRINT_JOB else b""
    async with Supplied() as d:
        answer = await d.ask(op, r.ipp_attribute_fidelity(True), ASKED, data=data)
        assert status(answer) is REFUSED
        assert first(answer, GroupTag.UNSUPPORTED).all(r.resource_ids) == [9, 2]
        answer = await d.ask(op, r.ipp_attribute_fidelity(True), r.resource_ids(1), data=data)
        assert status(answer) is S.SUCCESSFUL_OK
        assert ignored(await d.ask(op, ASKED, data=data))


async def test_resources_that_the_job_must_have_are_had_or_there_is_no_job() -> None:
    """job-mandatory-attributes, PWG 5100.7."""
    async with Supplied() as d:
        must = r.job_mandatory_attributes("resource-ids")
        assert status(await d.ask(Op.CREATE_JOB, must, ASKED)) is REFUSED
        assert status(await d.ask(Op.CREATE_JOB, must, r.resource_ids(1))) is S.SUCCESSFUL_OK


async def test_what_is_no_number_is_no_resource() -> None:
    """7.1.15: (1setOf integer(1:MAX))."""
    async with Supplied() as d:
        named = Attribute("resource-ids", r.resource_name("1").values)
        assert status(await d.ask(Op.CREATE_JOB, named)) is S.CLIENT_ERROR_BAD_REQUEST
        nought = Attribute("resource-ids", r.resource_k_octets(0).values)
        assert status(await d.ask(Op.CREATE_JOB, nought)) is REFUSED


async def test_resource_that_a_job_uses_is_cancelled_when_the_job_is_over() -> None:
    """4.6: resource-use-count counts jobs, too, and 'cancel-requested' waits until it is 0."""
    async with Supplied() as d:
        number = job_id(await d.ask(Op.CREATE_JOB, r.resource_ids(1)))
        await d.ask(Op.SEND_DOCUMENT, r.job_id(number), r.last_document(True), r.resource_ids(1), data=b"x")
        assert (await told_of(d)).get(r.resource_use_count) == 2
        await d.restart()
        await d.clock.settle()
        await d.ask(TAKE, r.resource_ids(1), user=ADMIN)
        assert (await told_of(d)).get(r.resource_use_count) == 1
        await d.ask(CANCEL, r.resource_id(1), **AT)  # type: ignore[arg-type]
        assert (await told_of(d)).all(r.resource_state_reasons) == ["cancel-requested"]
        d.device.finish()
        await d.clock.settle()
        await d.spooler.tidy()
        told = await told_of(d)
        assert (told.get(r.resource_state), told.get(r.resource_use_count)) == (ResourceState.CANCELED, 0)
        assert await of_job(d, number) == r.job_resource_ids(1)


async def test_resource_that_shall_go_is_given_to_no_job() -> None:
    """6.2.1: "permanently unavailable for future use"."""
    async with Supplied() as d:
        await d.ask(CANCEL, r.resource_id(1), **AT)  # type: ignore[arg-type]
        answer = await d.ask(Op.PRINT_JOB, r.resource_ids(1), data=b"x")
        assert status(answer) is IGNORED
        assert await of_job(d, job_id(answer)) == r.job_resource_ids.no_value()


async def test_resource_that_goes_while_the_job_comes_takes_the_job_with_it() -> None:
    """A job is stored with resources that are there, or not at all."""
    async with Supplied() as d:
        order = Order(PrinterName("p1"), d.principal("ada"), resources=(ResourceId(1),))
        intake, _ = await d.spooler.jobs.open_document(order, DocumentSpec(), order.by)
        await d.ask(TAKE, r.resource_ids(1), user=ADMIN)
        await d.ask(CANCEL, r.resource_id(1), **AT)  # type: ignore[arg-type]
        await intake.write(b"x")
        with pytest.raises(Refusal, match="resource 1 is not installed"):
            await intake.commit(last=True)
        await intake.abort("It broke off.")


async def test_of_a_job_and_a_cancellation_at_once_the_second_sees_the_first() -> None:
    async with Supplied() as d:
        order = Order(PrinterName("p1"), d.principal("ada"), resources=(ResourceId(1),))
        await d.ask(TAKE, r.resource_ids(1), user=ADMIN)
        resources = d.spooler.resources
        cancelling = to_end(
            resources.cancel(ResourceId(1), SYSTEM)
        )  # it comes second, as it goes the same way
        await asyncio.gather(d.spooler.jobs.submit(order), cancelling)
        resource = resources.resource(ResourceId(1))
        assert (resource.state, resources.uses(resource.id)) == (ResourceState.INSTALLED, 1)
        assert resource.reasons == {"cancel-requested"}


async def test_copy_of_a_job_has_those_resources_that_are_still_there() -> None:
    """RFC 3998 4.1: Reprocess-Job copies the job."""
    async with Supplied() as d:
        await d.ask(GIVE, r.resource_ids(2), user=ADMIN)
        number = job_id(await d.ask(Op.PRINT_JOB, r.resource_ids(1, 2), data=b"x"))
        d.device.finish()
        await d.clock.settle()
        await d.ask(TAKE, r.resource_ids(2), user=ADMIN)
        copy = await d.ask(Op.REPROCESS_JOB, r.job_id(number))
        assert await of_job(d, JobId(job_id(copy))) == r.job_resource_ids(1)


async def test_printer_says_that_jobs_and_documents_may_have_resources() -> None:
    """9.1, and job-creation-attributes-supported of PWG 5100.7."""
    async with Supplied() as d:
        told: Group = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        assert "resource-object" in told.all(r.ipp_features_supported)
        assert "resource-ids" in told.all(r.job_creation_attributes_supported)
        assert "resource-ids" in told.all(r.document_creation_attributes_supported)
