"""What clients tell of themselves and their users goes with their jobs (PWG 5100.7, PWG 5100.13)."""

from __future__ import annotations

from pagebell.ipp import registry as r
from pagebell.ipp.codec import Collection, Group, GroupTag
from pagebell.ipp.registry import ClientType, Op
from pagebell.model.event import JobId
from tests.unit.ipp_server.door import Door, door, first

CLIENT = Collection.of(
    r.client_name("Letters"),
    r.client_patches(""),
    r.client_string_version("3.1"),
    r.client_type(ClientType.APPLICATION),
    r.client_version(b"\x00\x03\x00\x01"),
)


async def told(d: Door) -> Group:
    return first(await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(1)), GroupTag.JOB)


async def test_program_is_told_of_the_job_as_it_told_itself() -> None:
    async with door() as d:
        await d.ask(Op.PRINT_JOB, r.client_info(CLIENT), data=b"x")
        (client,) = (await told(d)).all(r.client_info)
        assert client == CLIENT


async def test_version_that_was_not_given_is_no_value() -> None:
    async with door() as d:
        await d.ask(Op.CREATE_JOB, r.client_info(Collection.of(r.client_name("Letters"))))
        (client,) = (await told(d)).all(r.client_info)
        assert (client.first(r.client_name), client.first(r.client_version)) == ("Letters", None)


async def test_no_more_programs_are_kept_than_is_told() -> None:
    async with door() as d:
        printer = first(await d.ask(Op.GET_PRINTER_ATTRIBUTES), GroupTag.PRINTER)
        most = printer.get(r.max_client_info_supported) or 0
        names = [f"program {number}" for number in range(most + 2)]
        await d.ask(Op.CREATE_JOB, r.client_info(*(Collection.of(r.client_name(name)) for name in names)))
        assert [client.name for client in (await d.job(JobId(1))).clients] == names[:most]


async def test_user_is_told_by_uri_where_the_client_gave_one() -> None:
    async with door() as d:
        await d.ask(Op.CREATE_JOB, r.requesting_user_uri("mailto:ada@printer.test"))
        await d.ask(Op.CREATE_JOB)
        job = await told(d)
        assert job.get(r.job_originating_user_uri) == "mailto:ada@printer.test"
        assert job.get(r.job_originating_user_name) == "ada"
        other = first(await d.ask(Op.GET_JOB_ATTRIBUTES, r.job_id(2)), GroupTag.JOB)
        assert r.job_originating_user_uri.name not in other
